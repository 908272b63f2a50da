"""The tree of reasons behind a chosen deployment: seconds by operator, bytes, dollars by item, losers by cause."""

from __future__ import annotations

from collections.abc import Iterator

from assay.core.tree import Branch
from assay.engine.bill import step_branch
from assay.engine.bound import bound
from assay.engine.line import StepTime
from assay.engine.memory import memory_use
from assay.engine.step import decode_step, prefill_step
from assay.serving.closed_loop import steady_state
from assay.serving.planning.kind import Kind
from assay.serving.planning.option import Option, PlannedPool
from assay.serving.planning.plan import Plan
from assay.serving.planning.request import PlanRequest


def explanation(plan: Plan) -> Branch:
    """Return the reasons of the choice. The children of TTFT, TPOT and a step add up to it."""
    choice, request = plan.choice, plan.request
    times = _two_pools(choice, request) if choice.disaggregated else _one_pool(choice, request)
    pools = tuple(_pool(pool, request) for pool in choice.pools)
    kinds = {pool.kind.chip.id: pool.kind for pool in choice.pools}
    return Branch(choice.layout, children=(*times, *pools, *map(_money, kinds.values()), _losers(plan)))


def _one_pool(option: Option, request: PlanRequest) -> Iterator[Branch]:
    (pool,) = option.pools
    deployment = pool.deployment
    state = steady_state(deployment, request.workload, float(pool.batch * deployment.layout.dp))
    ttft_s, prefill_s, queue_s = float(state.ttft_s), float(state.prefill.seconds), float(state.queue_s)
    yield Branch(
        "TTFT",
        ttft_s,
        "s",
        children=(
            step_branch("own prefill", prefill_s, state.prefill),
            Branch("queue", queue_s, "s"),
            Branch("framework: scheduling, launches, delivery", ttft_s - prefill_s - queue_s, "s"),
        ),
    )
    interference_s = float(state.interference_s)
    decode_s = float(state.tpot_s) - interference_s
    yield Branch(
        "TPOT",
        float(state.tpot_s),
        "s",
        children=(
            step_branch("decode step, per token", decode_s, state.decode),
            Branch("interference of prefills", interference_s, "s"),
        ),
    )


def _two_pools(option: Option, request: PlanRequest) -> Iterator[Branch]:
    sender, receiver = option.pools
    step, ttft_s = _prefill(sender, request), option.ttft_s.value
    decode = _decode(receiver, request)
    delivery_s = receiver.deployment.engine.number("stream_interval_steps") * float(decode.seconds)
    number, tokens = sender.deployment.engine.number, sender.batch * _new_tokens(request)
    passes = max(-(-tokens // sender.chunk_tokens), 1)
    framework_s = number("first_token_overhead_s") + (
        number("prefill_launch_s") * sender.deployment.architecture.layers * passes
    )
    prefill_s = float(step.seconds)
    queue_s = ttft_s - prefill_s - option.transfer_s - delivery_s - framework_s
    yield Branch(
        "TTFT",
        ttft_s,
        "s",
        children=(
            step_branch(f"prefill of {sender.batch} prompts a rank", prefill_s, step),
            Branch("queue before the prefill pool", max(queue_s, 0.0), "s", note=f"at a load of {sender.load:.0%}"),
            Branch("transfer of the cache", option.transfer_s, "s"),
            Branch("first decode step", delivery_s, "s"),
            Branch("framework: scheduling and launches", framework_s, "s"),
        ),
    )
    tpot_s = option.tpot_s.value
    yield Branch("TPOT", tpot_s, "s", children=(step_branch("decode step, per token", tpot_s, decode),))


def _pool(pool: PlannedPool, request: PlanRequest) -> Branch:
    deployment = pool.deployment
    output = 0.0 if pool.role == "prefill" else request.output_tokens
    memory = memory_use(deployment, request.input_tokens, output)
    step = _prefill(pool, request) if pool.role == "prefill" else _decode(pool, request)
    limits = bound(deployment, step, capacity_bound=pool.batch + 1 > float(memory.sequences))
    return Branch(
        f"{pool.role} on {pool.kind.chip.id}",
        note=f"{pool.instances} instances, {pool.batch} a rank, bound by {limits.bound_by}",
        children=(
            *(Branch(name, share, "of the step") for name, share in limits.shares.items()),
            Branch("weights on the fullest chip", float(memory.weights_bytes), "B"),
            Branch("left for the KV cache", float(memory.kv_bytes), "B"),
            Branch("KV cache of one sequence", float(memory.kv_bytes_per_sequence), "B"),
        ),
    )


def _money(kind: Kind) -> Branch:
    hourly = kind.hourly.usd_per_chip_h
    name = f"USD per chip-hour of {kind.chip.id}"
    items = tuple(item.branch() for item in kind.hourly.items)
    if hourly is None:
        return Branch(name, note=kind.hourly.reason or "")
    return Branch(name, hourly.value, "USD", hourly.low, hourly.high, kind.hourly.label, children=items)


def _losers(plan: Plan) -> Branch:
    names = {
        "does_not_fit": "do not fit into the memory",
        "ttft_missed": "miss the TTFT",
        "tpot_missed": "miss the TPOT",
        "dominated": "are beaten by others",
    }
    counts = plan.losers.as_dict()
    return Branch(
        "points that lost",
        note=f"{plan.evaluated:,} evaluated, and {plan.pairs:,} pairs of pools",
        children=tuple(Branch(text, counts[name]) for name, text in names.items()),
    )


def _new_tokens(request: PlanRequest) -> float:
    return max(request.input_tokens - request.cached_tokens, 1.0)


def _prefill(pool: PlannedPool, request: PlanRequest) -> StepTime:
    prompts = float(pool.batch)
    return prefill_step(pool.deployment, prompts, _new_tokens(request), request.cached_tokens, coincident=True)


def _decode(pool: PlannedPool, request: PlanRequest) -> StepTime:
    return decode_step(pool.deployment, float(pool.batch), request.input_tokens + request.output_tokens / 2)
