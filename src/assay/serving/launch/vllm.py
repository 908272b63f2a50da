"""Launch scripts for vLLM, and the engine arguments that other programs hand on to it."""

from __future__ import annotations

import json
from typing import Final, Literal

from assay.core.errors import Unsupported, UsageError
from assay.serving.launch.argument import Argument, switches
from assay.serving.launch.flags import flags_of
from assay.serving.launch.nodes import nodes_of
from assay.serving.launch.recipe import Recipe, Role
from assay.serving.launch.script import NODE_VARIABLES, command, script, summary

FRAMEWORKS: Final = ("vllm", "vllm-ascend", "vllm-fork")
PORTS: Final = {"aggregated": 8000, "prefill": 8100, "decode": 8200}
ALL_TO_ALL: Final = {"Nvidia": "deepep", "AMD": "mori"}
"""Kernels that exchange tokens, by vendor; others bring their own and take no flag."""
RPC_PORT: Final = 13345

KvRole = Literal["kv_both", "kv_producer", "kv_consumer"]
KV_ROLES: Final[dict[str, KvRole]] = {"prefill": "kv_producer", "decode": "kv_consumer"}


def vllm(recipe: Recipe) -> str:
    """Return a bash script with one `vllm serve` for each role.

    Instances of several nodes read NODE_RANK and HEAD_ADDR; roles that hand KV caches over read NODE_ADDR.

    Raises
    ------
    UsageError
        Where the recipe is for a framework that is not vLLM.
    Unsupported
        Where the chips do not lie evenly on nodes, or vLLM takes no such arguments.
    """
    head = summary(recipe, f"vLLM {flags_of('vllm').version}")
    if recipe.disaggregated:
        head.append("Requests go to a router that knows both roles, such as llm-d's.")
    return script(recipe, head, [_section(recipe, role) for role in recipe.roles])


def engine_arguments(recipe: Recipe, role: Role, kv_role: KvRole | None) -> list[Argument]:
    """Return the arguments of an engine, apart from its model, address and place among nodes.

    Raises
    ------
    UsageError
        Where the recipe is for a framework that is not vLLM.
    Unsupported
        Where this version of vLLM takes no such arguments, or Ascend would have to hand KV caches over.
    """
    if recipe.framework not in FRAMEWORKS:
        raise UsageError(f"planned for {recipe.framework}, which is not vLLM", f"Plan for {', '.join(FRAMEWORKS)}.")
    if kv_role and recipe.framework == "vllm-ascend":
        raise Unsupported("Ascend hands KV caches over by connectors of its own", "Plan an aggregated deployment.")
    return flags_of("vllm").checked(
        [
            Argument("--tensor-parallel-size", str(role.tp)),
            *([Argument("--pipeline-parallel-size", str(role.pp))] if role.pp > 1 else []),
            *([Argument("--data-parallel-size", str(role.dp))] if role.dp > 1 else []),
            *switches(enable_expert_parallel=role.ep > 1),
            *_all_to_all(role),
            Argument("--max-num-seqs", str(role.max_num_seqs)),
            Argument("--max-num-batched-tokens", str(role.chunk_tokens)),
            Argument("--max-model-len", str(role.max_model_len)),
            Argument("--gpu-memory-utilization", f"{role.memory_fraction:.4g}"),
            *_formats(recipe, role),
            *switches(enable_prefix_caching=role.prefix_caching, no_enable_prefix_caching=not role.prefix_caching),
            *_speculation(role),
            *([_handing_over(kv_role)] if kv_role else []),
        ]
    )


def _section(recipe: Recipe, role: Role) -> str:
    arguments = engine_arguments(recipe, role, KV_ROLES.get(role.name))
    lines = []
    if role.name in KV_ROLES:
        lines.append('export VLLM_NIXL_SIDE_CHANNEL_HOST="${NODE_ADDR:?the address of this node}"')
    serve = ("vllm", "serve", recipe.model)
    port = Argument("--port", str(PORTS[role.name]))
    if role.nodes == 1:
        return "\n".join([*lines, command(serve, [*arguments, *flags_of("vllm").checked([port])])])
    everywhere, others = _placed(role)
    flags_of("vllm").checked([port, *everywhere, *others])
    workers = command((), others).removeprefix(" \\\n  ").replace(" \\\n ", "")
    lines += [
        NODE_VARIABLES,
        f'if [ "$NODE_RANK" -eq 0 ]; then place=({port.flag} {port.value}); else place=({workers}); fi',
        command(serve, [*arguments, *everywhere], last='"${place[@]}"'),
    ]
    return "\n".join(lines)


def _placed(role: Role) -> tuple[list[Argument], list[Argument]]:
    """Return what every node of an instance is told, and what all but the head are told besides."""
    nodes = nodes_of(role)
    if role.dp > 1 and nodes.local_replicas:
        return [
            Argument("--data-parallel-size-local", str(nodes.local_replicas)),
            Argument("--data-parallel-address", '"$HEAD_ADDR"', verbatim=True),
            Argument("--data-parallel-rpc-port", str(RPC_PORT)),
        ], [
            Argument("--headless"),
            Argument("--data-parallel-start-rank", f'"$((NODE_RANK * {nodes.local_replicas}))"', verbatim=True),
        ]
    return [
        Argument("--nnodes", str(nodes.count)),
        Argument("--node-rank", '"$NODE_RANK"', verbatim=True),
        Argument("--master-addr", '"$HEAD_ADDR"', verbatim=True),
    ], [Argument("--headless")]


def _all_to_all(role: Role) -> list[Argument]:
    kernels = ALL_TO_ALL.get(role.vendor)
    if not role.all_to_all or not kernels:
        return []
    tuned = "high_throughput" if role.name == "prefill" else "low_latency"
    return [Argument("--all2all-backend", f"{kernels}_{tuned}")]


def _formats(recipe: Recipe, role: Role) -> list[Argument]:
    precision = role.precision
    stored = {precision.attention, precision.dense, precision.experts, precision.shared}
    ascend = recipe.framework == "vllm-ascend" and stored != {"bf16"}
    return [
        *([Argument("--quantization", "ascend")] if ascend else []),
        *([Argument("--kv-cache-dtype", "fp8")] if role.kv_format == "fp8" else []),
    ]


def _speculation(role: Role) -> list[Argument]:
    if not role.draft_tokens:
        return []
    config = {"method": "mtp", "num_speculative_tokens": role.draft_tokens}
    return [Argument("--speculative-config", json.dumps(config))]


def _handing_over(kv_role: KvRole) -> Argument:
    return Argument("--kv-transfer-config", json.dumps({"kv_connector": "NixlConnector", "kv_role": kv_role}))
