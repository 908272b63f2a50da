"""Launch scripts for SGLang, and the server arguments that other programs hand on to it."""

from __future__ import annotations

from typing import Final

from assay.core.errors import UsageError
from assay.serving.launch.argument import Argument, switches
from assay.serving.launch.flags import flags_of
from assay.serving.launch.nodes import nodes_of
from assay.serving.launch.recipe import Recipe, Role
from assay.serving.launch.script import NODE_VARIABLES, command, script, summary

PORTS: Final = {"aggregated": 30000, "prefill": 30100, "decode": 30200}
INIT_PORT: Final = 20000
DEEPEP_MODES: Final = {"aggregated": "auto", "prefill": "normal", "decode": "low_latency"}
KV_CACHE: Final = {"bf16": "bf16", "fp8": "fp8_e4m3"}


def sglang(recipe: Recipe) -> str:
    """Return a bash script with one `python -m sglang.launch_server` for each role.

    Instances of several nodes read NODE_RANK and HEAD_ADDR.

    Raises
    ------
    UsageError
        Where the recipe is for another framework.
    Unsupported
        Where the chips do not lie evenly on nodes, or SGLang takes no such arguments.
    """
    head = summary(recipe, f"SGLang {flags_of('sglang').version}")
    if recipe.disaggregated:
        head.append("Requests go to a router that knows both roles, such as SGLang's.")
    return script(recipe, head, [_section(recipe, role) for role in recipe.roles])


def server_arguments(recipe: Recipe, role: Role) -> list[Argument]:
    """Return the arguments of a server, apart from its model, address and place among nodes.

    SGLang counts differently: `--tp-size` is all ranks of a pipeline stage, which `--dp-size` divides into attention
    replicas; the limits of requests and of a chunk hold for all replicas together.

    Raises
    ------
    UsageError
        Where the recipe is for another framework.
    Unsupported
        Where this version of SGLang takes no such arguments.
    """
    if recipe.framework != "sglang":
        raise UsageError(f"planned for {recipe.framework}, which is not SGLang", "Plan for sglang.")
    return flags_of("sglang").checked(
        [
            Argument("--tp-size", str(role.tp * role.dp)),
            *([Argument("--pp-size", str(role.pp))] if role.pp > 1 else []),
            *([Argument("--dp-size", str(role.dp)), Argument("--enable-dp-attention")] if role.dp > 1 else []),
            *([Argument("--ep-size", str(role.ep))] if role.ep > 1 else []),
            *_all_to_all(role),
            Argument("--max-running-requests", str(role.max_num_seqs * role.dp)),
            Argument("--chunked-prefill-size", str(role.chunk_tokens * role.dp)),
            Argument("--context-length", str(role.max_model_len)),
            Argument("--mem-fraction-static", f"{role.memory_fraction:.4g}"),
            Argument("--kv-cache-dtype", KV_CACHE[role.kv_format]),
            *switches(disable_radix_cache=not role.prefix_caching),
            *_speculation(role),
            *_handing_over(role),
        ]
    )


def _section(recipe: Recipe, role: Role) -> str:
    nodes = nodes_of(role)
    placed = [
        Argument("--nnodes", str(nodes.count)),
        Argument("--node-rank", '"$NODE_RANK"', verbatim=True),
        Argument("--dist-init-addr", f'"$HEAD_ADDR:{INIT_PORT}"', verbatim=True),
    ]
    arguments = [
        *server_arguments(recipe, role),
        *flags_of("sglang").checked(placed if nodes.count > 1 else []),
        *flags_of("sglang").checked([Argument("--host", "0.0.0.0"), Argument("--port", str(PORTS[role.name]))]),  # noqa: S104
    ]
    launch = command(("python", "-m", "sglang.launch_server", "--model-path", recipe.model), arguments)
    return f"{NODE_VARIABLES}\n{launch}" if nodes.count > 1 else launch


def _all_to_all(role: Role) -> list[Argument]:
    if not role.all_to_all:
        return []
    return [Argument("--moe-a2a-backend", "deepep"), Argument("--deepep-mode", DEEPEP_MODES[role.name])]


def _speculation(role: Role) -> list[Argument]:
    if not role.draft_tokens:
        return []
    return [
        Argument("--speculative-algorithm", "EAGLE"),  # SGLang's name for a model's own draft layers, too
        Argument("--speculative-num-steps", str(role.draft_tokens)),
        Argument("--speculative-eagle-topk", "1"),
        Argument("--speculative-num-draft-tokens", str(role.draft_tokens + 1)),  # the verified token counts
    ]


def _handing_over(role: Role) -> list[Argument]:
    if role.name == "aggregated":
        return []
    return [Argument("--disaggregation-mode", role.name), Argument("--disaggregation-transfer-backend", "nixl")]
