"""Kubernetes manifests of the model servers of an llm-d deployment, with vLLM."""

from __future__ import annotations

from typing import Final

from assay.core.errors import Unsupported
from assay.serving.launch.argument import Argument
from assay.serving.launch.flags import flags_of
from assay.serving.launch.manifest import Node, documents, label
from assay.serving.launch.nodes import Nodes, nodes_of
from assay.serving.launch.recipe import Recipe, Role
from assay.serving.launch.script import command, weights
from assay.serving.launch.vllm import KV_ROLES, RPC_PORT, engine_arguments

RESOURCES: Final = {"Nvidia": "nvidia.com/gpu", "AMD": "amd.com/gpu"}
IMAGES: Final = {"Nvidia": "docker.io/vllm/vllm-openai", "AMD": "docker.io/vllm/vllm-openai-rocm"}
SIDECAR: Final = "ghcr.io/llm-d/llm-d-router-disagg-sidecar:v0.8.0"
PORT: Final = 8000
PORT_BEHIND_SIDECAR: Final = 8200
"""Where the sidecar looks for the model server."""


def llm_d(recipe: Recipe) -> str:
    """Return one Deployment for each role, or a LeaderWorkerSet where its instances span nodes.

    Decode pods of a disaggregated deployment carry the routing sidecar, which fetches the KV cache from the prefill
    pod that the router chose. The router itself is installed from llm-d's guides.

    Raises
    ------
    UsageError
        Where the recipe is for a framework that is not vLLM.
    Unsupported
        For chips without a vLLM image here, and where one attention replica spans nodes.
    """
    head = [
        f"# {recipe.model} by llm-d with vLLM {flags_of('vllm').version}",
        f"# Weights as planned: {weights(recipe.roles[0].precision)}.",
    ]
    return "\n".join([*head, documents([_workload(recipe, role) for role in recipe.roles])])


def _workload(recipe: Recipe, role: Role) -> Node:
    if role.vendor not in RESOURCES:
        raise Unsupported(
            f"no llm-d manifest for chips of {role.vendor}: their image and resource are not known here",
            "Emit for the framework itself.",
        )
    nodes = nodes_of(role)
    if nodes.count > 1 and (role.dp == 1 or not nodes.local_replicas):
        raise Unsupported(
            f"an attention replica of the {role.name} role spans nodes: {role.chips_per_replica} chips",
            "Plan tp x pp within a node, or emit for vLLM.",
        )
    labels: dict[str, Node] = {"llm-d.ai/inference-serving": "true", "llm-d.ai/model": label(recipe.model)}
    if recipe.disaggregated:
        labels["llm-d.ai/role"] = role.name
    pod: Node = {"metadata": {"labels": labels}, "spec": _pod(recipe, role, nodes)}
    metadata: Node = {"name": f"{label(recipe.model)}-{role.name}", "labels": labels}
    if nodes.count == 1:
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata,
            "spec": {"replicas": role.replicas, "selector": {"matchLabels": labels}, "template": pod},
        }
    return {
        "apiVersion": "leaderworkerset.x-k8s.io/v1",
        "kind": "LeaderWorkerSet",
        "metadata": metadata,
        "spec": {
            "replicas": role.replicas,
            "leaderWorkerTemplate": {"size": nodes.count, "workerTemplate": pod},
        },
    }


def _pod(recipe: Recipe, role: Role, nodes: Nodes) -> Node:
    port = PORT_BEHIND_SIDECAR if role.name == "decode" else PORT
    chips = {RESOURCES[role.vendor]: str(nodes.chips_each)}
    server: dict[str, Node] = {
        "name": "modelserver",
        "image": f"{IMAGES[role.vendor]}:v{flags_of('vllm').version}",
        **_started(recipe, role, nodes, port),
        "env": _environment(role),
        "ports": _ports(role, port),
        "resources": {"limits": chips, "requests": chips},
        "startupProbe": _probe("/health", period_s=30, failures=120),  # an hour to load the weights
        "livenessProbe": _probe("/health", period_s=10, failures=3),
        "readinessProbe": _probe("/v1/models", period_s=5, failures=3),
        "volumeMounts": [{"name": "shm", "mountPath": "/dev/shm"}],  # noqa: S108  where NCCL shares memory
    }
    pod: dict[str, Node] = {"initContainers": [_sidecar()]} if role.name == "decode" else {}
    return {
        **pod,
        "containers": [server],
        "volumes": [{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "20Gi"}}],
    }


def _started(recipe: Recipe, role: Role, nodes: Nodes, port: int) -> dict[str, Node]:
    arguments = [
        *engine_arguments(recipe, role, KV_ROLES.get(role.name)),
        *flags_of("vllm").checked([Argument("--port", str(port))]),
    ]
    if nodes.count == 1:
        vector = [word for argument in arguments for word in argument.words]
        return {"command": ["vllm", "serve"], "args": [recipe.model, *vector]}
    placed = [  # every node serves its own replicas, so that the router sees each of them
        Argument("--data-parallel-hybrid-lb"),
        Argument("--data-parallel-size-local", str(nodes.local_replicas)),
        Argument("--data-parallel-address", '"$LWS_LEADER_ADDRESS"', verbatim=True),
        Argument("--data-parallel-rpc-port", str(RPC_PORT)),
        Argument("--data-parallel-start-rank", f'"$((LWS_WORKER_INDEX * {nodes.local_replicas}))"', verbatim=True),
    ]
    serve = command(("exec", "vllm", "serve", recipe.model), [*arguments, *flags_of("vllm").checked(placed)])
    return {"command": ["/bin/bash", "-c"], "args": [serve]}


def _environment(role: Role) -> list[Node]:
    token = {"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "llm-d-hf-token", "key": "HF_TOKEN"}}}
    if role.name not in KV_ROLES:
        return [token]
    address = {"fieldRef": {"fieldPath": "status.podIP"}}
    return [token, {"name": "VLLM_NIXL_SIDE_CHANNEL_HOST", "valueFrom": address}]


def _ports(role: Role, port: int) -> list[Node]:
    served = {"name": "modelserver", "containerPort": port}
    return [served, {"name": "nixl", "containerPort": 5600}] if role.name in KV_ROLES else [served]


def _probe(path: str, period_s: int, failures: int) -> Node:
    target = {"path": path, "port": "modelserver"}
    return {"httpGet": target, "periodSeconds": period_s, "timeoutSeconds": 5, "failureThreshold": failures}


def _sidecar() -> Node:
    return {
        "name": "routing-proxy",
        "image": SIDECAR,
        "args": [f"--port={PORT}", "--kv-connector=nixlv2", "--secure-proxy=false"],
        "ports": [{"name": "sidecar", "containerPort": PORT}],
        "restartPolicy": "Always",
        "securityContext": {"allowPrivilegeEscalation": False, "runAsNonRoot": True},
    }
