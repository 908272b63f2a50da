"""A DynamoGraphDeployment: what NVIDIA Dynamo's operator starts on Kubernetes."""

from __future__ import annotations

from typing import Final

from assay.core.errors import Unsupported
from assay.serving.launch.argument import Argument
from assay.serving.launch.flags import flags_of
from assay.serving.launch.manifest import Node, document, label
from assay.serving.launch.nodes import nodes_of
from assay.serving.launch.recipe import Recipe, Role
from assay.serving.launch.script import weights
from assay.serving.launch.sglang import server_arguments
from assay.serving.launch.vllm import engine_arguments

WORKERS: Final = {
    "vllm": {"aggregated": "VllmDecodeWorker", "prefill": "VllmPrefillWorker", "decode": "VllmDecodeWorker"},
    "sglang": {"aggregated": "decode", "prefill": "prefill", "decode": "decode"},
}
"""Names of the services, as Dynamo's own deployments of each engine call them."""
BOOTSTRAP_PORT: Final = "30001"


def dynamo(recipe: Recipe) -> str:
    """Return a manifest with the frontend and one worker service for each role.

    Raises
    ------
    Unsupported
        For frameworks other than vLLM and SGLang, chips that are not Nvidia's, and instances that do not lie evenly
        on nodes.
    """
    if recipe.framework not in WORKERS:
        raise Unsupported(
            f"no Dynamo deployment of {recipe.framework}: its workers take their settings from a file",
            f"Plan for {' or '.join(WORKERS)}.",
        )
    image = f"nvcr.io/nvidia/ai-dynamo/{recipe.framework}-runtime:{flags_of('dynamo').version}"
    services: dict[str, Node] = {
        "Frontend": {
            "componentType": "frontend",
            "replicas": 1,
            "extraPodSpec": {"mainContainer": {"image": image}},
        }
    }
    for role in recipe.roles:
        services[WORKERS[recipe.framework][role.name]] = _worker(recipe, role, image)
    head = [
        f"# {recipe.model} by Dynamo {flags_of('dynamo').version} with {recipe.framework}",
        f"# Weights as planned: {weights(recipe.roles[0].precision)}.",
    ]
    deployment = {
        "apiVersion": "nvidia.com/v1alpha1",
        "kind": "DynamoGraphDeployment",
        "metadata": {"name": label(recipe.model)},
        "spec": {"backendFramework": recipe.framework, "services": services},
    }
    return "\n".join([*head, document(deployment)])


def _worker(recipe: Recipe, role: Role, image: str) -> Node:
    if role.vendor != "Nvidia":
        raise Unsupported(f"Dynamo's operator places no chips of {role.vendor}", "Emit for the framework itself.")
    nodes = nodes_of(role)
    model = "--model" if recipe.framework == "vllm" else "--model-path"
    arguments = [Argument(model, recipe.model), *_arguments(recipe, role)]
    worker: dict[str, Node] = {"envFromSecret": "hf-token-secret", "componentType": "worker"}
    if role.name != "aggregated":
        worker["subComponentType"] = role.name
    worker["replicas"] = role.replicas
    if nodes.count > 1:
        worker["multinode"] = {"nodeCount": nodes.count}  # the operator adds ranks and addresses
    worker["resources"] = {"limits": {"gpu": str(nodes.chips_each)}}
    worker["extraPodSpec"] = {
        "mainContainer": {
            "image": image,
            "workingDir": f"/workspace/examples/backends/{recipe.framework}",
            "command": ["python3", "-m", f"dynamo.{recipe.framework}"],
            "args": [word for argument in arguments for word in argument.words],
        }
    }
    return worker


def _arguments(recipe: Recipe, role: Role) -> list[Argument]:
    if recipe.framework == "sglang":
        apart = role.name != "aggregated"
        bootstrap = [Argument("--disaggregation-bootstrap-port", BOOTSTRAP_PORT)] if apart else []
        own = [*bootstrap, Argument("--host", "0.0.0.0")]  # noqa: S104  the address inside the pod
        return [*server_arguments(recipe, role), *flags_of("sglang").checked(own)]
    if role.name == "aggregated":
        return engine_arguments(recipe, role, None)
    mode = flags_of("dynamo").checked([Argument("--disaggregation-mode", role.name)])
    return [*mode, *engine_arguments(recipe, role, "kv_both")]
