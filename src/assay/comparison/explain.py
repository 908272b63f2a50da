"""The tree of reasons behind a row: seconds by operator, bytes by use, dollars by item."""

from __future__ import annotations

from assay.core.tree import Branch
from assay.economics.cost import TokenCost
from assay.economics.energy import Power
from assay.economics.rate import Rate
from assay.engine.bill import step_branch
from assay.engine.bound import Bound
from assay.serving.search import Choice


def explanation(choice: Choice, limits: Bound, hourly: Rate, drawn: Power, cost: TokenCost | None) -> Branch:
    """Return the explanation of a chosen deployment. The children of TTFT, TPOT and a step add up to it."""
    state, deployment = choice.state, choice.deployment
    decode_s = float(state.decode.seconds) / deployment.speculation.accepted_tokens
    prefill_s = float(state.prefill.seconds)
    rest_s = float(state.ttft_s) - prefill_s - float(state.queue_s)
    tpot = Branch(
        "TPOT",
        float(state.tpot_s),
        "s",
        children=(
            step_branch("decode step" + _per_token(choice), decode_s, state.decode),
            Branch("interference of prefills", float(state.interference_s), "s"),
        ),
    )
    ttft = Branch(
        "TTFT",
        float(state.ttft_s),
        "s",
        children=(
            step_branch("own prefill", prefill_s, state.prefill),
            Branch("queue", float(state.queue_s), "s"),
            Branch("framework: scheduling, launches, delivery", rest_s, "s", sources=_overhead_sources(choice)),
        ),
    )
    bound = Branch(
        "decode step against the speed of light",
        note=f"bound by {limits.bound_by}",
        children=tuple(Branch(name, share, "of the step") for name, share in limits.shares.items()),
    )
    money = Branch("USD per chip-hour", *_amount(hourly), children=tuple(item.branch() for item in hourly.items))
    tokens = _tokens(cost)
    energy = Branch(
        "power",
        drawn.w.value if drawn.w else None,
        "W",
        note=drawn.reason or "",
        children=tuple(item.branch() for item in drawn.items),
    )
    chip = deployment.silicon.id
    return Branch(chip, children=(ttft, tpot, bound, _memory(choice), money, *tokens, energy))


def _memory(choice: Choice) -> Branch:
    memory = choice.memory
    return Branch(
        "memory of the fullest chip",
        float(memory.usable_bytes),
        "B",
        note="usable",
        children=(
            Branch("weights", float(memory.weights_bytes), "B"),
            Branch("left for the KV cache", float(memory.kv_bytes), "B"),
            Branch("KV cache of one sequence", float(memory.kv_bytes_per_sequence), "B"),
        ),
    )


def _tokens(cost: TokenCost | None) -> tuple[Branch, ...]:
    if cost is None:
        return ()
    named = (
        ("USD per million output tokens, all cost on them", cost.usd_per_million_output_tokens),
        ("USD per million input tokens, their share", cost.input_usd_per_million_tokens),
        ("USD per million output tokens, their share", cost.output_usd_per_million_tokens),
    )
    return tuple(Branch(name, each.value, "USD", each.low, each.high) for name, each in named)


def _amount(hourly: Rate) -> tuple[float | None, str, float | None, float | None, str]:
    found = hourly.usd_per_chip_h
    if found is None:
        return None, "USD", None, None, hourly.reason or ""
    return found.value, "USD", found.low, found.high, hourly.label


def _overhead_sources(choice: Choice) -> tuple[str, ...]:
    facts = choice.deployment.engine.facts
    keys = ("first_token_overhead_s", "prefill_launch_s", "stream_interval_steps")
    return tuple(sorted({source for key in keys for source in facts[key].sources}))


def _per_token(choice: Choice) -> str:
    accepted = choice.deployment.speculation.accepted_tokens
    return f", per token ({accepted:g} a step)" if accepted > 1 else ""
