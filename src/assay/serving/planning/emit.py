"""Write a planned deployment down for the programs that run it."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor
from types import MappingProxyType
from typing import Final, Literal

from assay.core.errors import Unsupported
from assay.engine.memory import PEAK_OUTPUT, memory_use
from assay.serving.launch.emitters import EMITTERS
from assay.serving.launch.recipe import Recipe, Role
from assay.serving.launch.simulator import Timing, simulator_profile
from assay.serving.planning.option import Option, PlannedPool
from assay.serving.planning.plan import Plan
from assay.serving.planning.request import PlanRequest

Target = Literal["vllm", "sglang", "dynamo", "llm-d", "inference-sim"]
VLLM: Final = ("vllm", "vllm-ascend", "vllm-fork")
FRAMEWORKS: Final[Mapping[Target, tuple[str, ...]]] = MappingProxyType(
    {"vllm": VLLM, "sglang": ("sglang",), "dynamo": ("vllm", "sglang"), "llm-d": VLLM, "inference-sim": ()}
)
"""What each target launches; none: any."""
MOST_SEQUENCES: Final = 1024
PORT: Final = 8000


def emit(plan: Plan, target: Target) -> str:
    """Return what launches the choice of a plan: a script, manifests, or profiles for a simulated server.

    Raises UsageError and Unsupported where the program does not run such a deployment.
    """
    recipe = recipe_of(plan.model, plan.choice, plan.request)
    if target == "inference-sim":
        timing = timing_of(plan.choice)
        profiles = (
            simulator_profile(recipe.model, role, timing, PORT + index) for index, role in enumerate(recipe.roles)
        )
        return "---\n".join(profiles)
    return EMITTERS[target](recipe)


def recipe_of(model: str, option: Option, request: PlanRequest) -> Recipe:
    """Return the recipe of an option.

    Schedulers may run as many sequences as the plan's batch, so that the TPOT is kept; a prefill pool as many as its
    memory holds, since the chunk size limits it. The longest sequence is that of the model, or what the cache of one
    attention rank holds.

    Raises
    ------
    Unsupported
        Pools under two frameworks, which no launcher covers.
    """
    frameworks = {pool.deployment.engine.id for pool in option.pools}
    if len(frameworks) > 1:
        raise Unsupported(
            f"no launcher covers pools under two frameworks: {', '.join(sorted(frameworks))}",
            "Plan with one --framework that runs on both kinds of chip.",
        )
    longest = min(_longest(pool, request) for pool in option.pools)
    return Recipe(model, frameworks.pop(), tuple(_role(pool, request, longest) for pool in option.pools))


def timing_of(option: Option) -> Timing:
    """Return the predicted means of an option; it is simulated at the load of the plan, so no load slows it further."""
    return Timing(ttft_s=option.ttft_s.value, tpot_s=option.tpot_s.value, kv_transfer_s=option.transfer_s)


def _role(pool: PlannedPool, request: PlanRequest, longest: int) -> Role:
    deployment, layout = pool.deployment, pool.deployment.layout
    held = min(floor(_sequences(pool, request)), MOST_SEQUENCES)
    return Role(
        name=pool.role,
        chip=pool.kind.chip.name,
        vendor=pool.kind.chip.vendor,
        chips_per_node=pool.kind.chips_per_node,
        replicas=pool.instances,
        tp=int(layout.tp),
        pp=int(layout.pp),
        dp=int(layout.dp),
        ep=int(layout.ep),
        all_to_all=bool(layout.all_to_all),
        max_num_seqs=held if pool.role == "prefill" else pool.batch,
        chunk_tokens=pool.chunk_tokens,
        max_model_len=longest,
        memory_fraction=deployment.engine.number("memory_fraction"),
        precision=deployment.precision,
        draft_tokens=deployment.speculation.draft_tokens,
    )


def _sequences(pool: PlannedPool, request: PlanRequest) -> float:
    output = 0.0 if pool.role == "prefill" else request.output_tokens
    return float(memory_use(pool.deployment, request.input_tokens, output).sequences)


def _longest(pool: PlannedPool, request: PlanRequest) -> int:
    held = 0.0 if pool.role == "prefill" else PEAK_OUTPUT * request.output_tokens
    tokens = _sequences(pool, request) * (request.input_tokens + held)
    return min(pool.deployment.architecture.max_context, floor(tokens))
