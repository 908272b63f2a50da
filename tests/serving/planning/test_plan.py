"""A plan keeps its promises."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from assay.core.errors import Infeasible, NotInCatalogue
from assay.serving.planning.answer import plan
from assay.serving.planning.explain import explanation
from assay.serving.traffic.requests import Requests
from tests.serving.planning.questions import asked

EXPERTS = "deepseek-ai/DeepSeek-R1"


@pytest.mark.parametrize(
    "changed",
    [
        {"chips": 8},
        {"chips": 8, "kinds": ("h20", "h200")},
        {"chips": 8, "objective": "cost", "kinds": ("h20", "h200")},
        {"chips": 8, "objective": "energy"},
        {"chips": None, "concurrency": 60},
        {"chips": None, "rate_per_s": 2.0, "objective": "cost"},
        {"model": EXPERTS, "kinds": ("h200",), "chips": 16, "frameworks": ("sglang",), "cached_tokens": 1000.0},
    ],
)
def test_options_keep_the_level_and_the_chips_and_none_beats_another(changed: dict[str, Any]) -> None:
    request = asked(**changed)
    found = plan(request)
    assert found.choice in found.pareto
    for option in found.pareto:
        assert option.ttft_s.value <= request.ttft_s * (1 + 1e-9)
        assert option.tpot_s.value <= request.tpot_s
        assert option.chips == sum(pool.chips for pool in option.pools) <= (request.chips or np.inf)
        assert all(0 < pool.load <= 1 + 1e-9 for pool in option.pools)
        for interval in (option.ttft_s, option.tpot_s, option.output_tok_per_s):
            assert interval.low <= interval.value <= interval.high
    speeds, values = ([getattr(each, name) for each in found.pareto] for name in ("tpot_s", "value"))
    assert (np.diff([each.value for each in speeds]) > 0).all()
    assert (np.diff(values) > 0).all()
    assert found.choice.value == max(values)


def test_every_point_won_or_lost_for_a_reason() -> None:
    found = plan(asked(chips=8))
    winners = {
        (pool.role, pool.layout_name, pool.batch, pool.chunk_tokens) for option in found.pareto for pool in option.pools
    }
    lost = found.losers
    assert lost.ttft_missed + lost.tpot_missed + lost.dominated + len(winners) == found.evaluated
    assert lost.does_not_fit > 0
    assert found.pairs > found.evaluated


def test_more_chips_are_never_worse() -> None:
    reached = [plan(asked(chips=chips)).choice.output_tok_per_s.value for chips in (2, 3, 5, 8, 13, 16)]
    assert reached == sorted(reached)


@pytest.mark.parametrize("objective", ["cost", "energy"])
def test_more_chips_never_cost_more_a_token(objective: str) -> None:
    values = [plan(asked(chips=chips, objective=objective)).choice.value for chips in (2, 3, 5, 8)]
    assert all(after >= before * (1 - 1e-9) for before, after in itertools.pairwise(values))


def test_a_tighter_level_never_improves() -> None:
    for name, limits in {"ttft_s": (0.6, 1.0, 3.0), "tpot_s": (0.015, 0.03, 0.1)}.items():
        reached = [plan(asked(chips=8, **{name: limit})).choice.output_tok_per_s.value for limit in limits]
        assert reached == sorted(reached)


@pytest.mark.parametrize("load", [{"rate_per_s": 6.0}, {"concurrency": 200}])
def test_the_fewest_chips_carry_the_load_when_it_is_simulated(load: dict[str, Any]) -> None:
    """Tolerance: means within 10 % of the limits, throughput at most 10 % short of the load's."""
    request = asked(chips=None, finalists=3, **load)
    choice = plan(request).choice
    simulated = choice.simulated
    assert simulated is not None
    assert simulated.confirmed
    assert simulated.ttft_s <= 1.1 * request.ttft_s
    assert simulated.tpot_s <= 1.1 * request.tpot_s
    assert simulated.output_tok_per_s >= 0.9 * choice.output_tok_per_s.value
    assert simulated.requests >= 400


def test_the_formula_agrees_with_the_simulation_on_the_time_per_token() -> None:
    for changed in ({"chips": 8}, {"model": EXPERTS, "kinds": ("h200",), "chips": 16, "frameworks": ("sglang",)}):
        choice = plan(asked(**changed, finalists=1)).choice
        assert choice.simulated is not None
        assert choice.simulated.tpot_s == pytest.approx(choice.tpot_s.value, rel=0.1)


def test_prefill_on_one_kind_and_decode_on_another() -> None:
    """Ascend has the compute, H20 the bandwidth: together they beat as many chips of either."""
    question = {"output_tokens": 1000.0, "chips": 16, "frameworks": ("vllm", "vllm-ascend"), "tpot_s": 0.06}
    both = plan(asked(kinds=("ascend-910c", "h20"), **question)).choice
    assert [(pool.role, pool.kind.chip.id) for pool in both.pools] == [
        ("prefill", "ascend-910c"),
        ("decode", "h20-96gb"),
    ]
    assert [pool.deployment.engine.id for pool in both.pools] == ["vllm-ascend", "vllm"]
    for kind in ("ascend-910c", "h20"):
        assert plan(asked(kinds=(kind,), **question)).choice.value < both.value


def test_drafts_are_used_where_they_help() -> None:
    question = {"model": EXPERTS, "kinds": ("h200",), "chips": 16, "frameworks": ("sglang",), "tpot_s": 0.02}
    off = plan(asked(**question)).choice
    helped = plan(asked(**question, draft_tokens=1, accepted_tokens=1.8)).choice
    useless = plan(asked(**question, draft_tokens=1, accepted_tokens=1.0)).choice
    assert helped.pools[-1].deployment.speculation.draft_tokens == 1
    assert helped.value > off.value
    assert useless.pools[-1].deployment.speculation.draft_tokens == 0
    assert useless.value == off.value


def test_a_conversion_is_chosen_only_where_it_is_allowed_and_said() -> None:
    native = plan(asked(kinds=("h200",))).choice
    either = plan(asked(kinds=("h200",), quantisations=("native", "fp8"))).choice
    assert native.assumed == ()
    assert any("bf16 weights served as fp8" in text for text in either.assumed)
    assert either.value > native.value


def test_a_cached_prefix_helps() -> None:
    assert plan(asked(cached_tokens=3000.0)).choice.value > plan(asked()).choice.value


def test_cached_tokens_and_lengths_of_a_trace_are_simulated() -> None:
    cached = plan(asked(cached_tokens=3000.0, finalists=1)).choice
    count = 50
    lengths = np.linspace(100, 2000, count).astype(np.int64)
    trace = Requests(np.arange(count) * 1.0, lengths, lengths // 4, np.full(count, -1))
    traced = plan(asked(input_tokens=1050.0, output_tokens=262.0, requests=trace, finalists=1)).choice
    for choice in (cached, traced):
        assert choice.simulated is not None
        assert choice.simulated.tpot_s == pytest.approx(choice.tpot_s.value, rel=0.25)


def test_every_instance_holds_the_longest_request() -> None:
    """A trace of short requests with one of 32K tokens: one H20 holds the weights and a short one, not the longest."""
    lengths = np.full(100, 500, np.int64)
    short = Requests(np.arange(100) * 1.0, lengths, lengths // 5, np.full(100, -1))
    lengths = np.where(np.arange(100) == 0, 32_000, 500)
    long = Requests(np.arange(100) * 1.0, lengths, lengths // 5, np.full(100, -1))
    question = {"input_tokens": 815.0, "output_tokens": 163.0, "kinds": ("h20",), "chips": 1}
    assert plan(asked(**question, requests=short)).choice.chips == 1
    with pytest.raises(Infeasible, match="one sequence misses"):
        plan(asked(**question, requests=long, model=EXPERTS))


def test_the_reasons_add_up() -> None:
    for changed in ({"chips": 8}, {"chips": 4, "kinds": ("h200",)}):
        tree = explanation(plan(asked(**changed)))
        for name in ("TTFT", "TPOT"):
            branch = next(child for child in tree.children if child.name == name)
            assert sum(child.value or 0.0 for child in branch.children) == pytest.approx(branch.value, rel=0.02)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"model": EXPERTS, "chips": 2}, r"does not fit on 2 chips of h20-96gb: weights take .* misses .*B"),
        ({"tpot_s": 1e-4}, r"TPOT .* ms at best, \d+% over 100 µs \(h20-96gb vllm .*; bound by (bandwidth|latency)"),
        ({"ttft_s": 0.05}, r"TTFT .* ms at best, \d+% over 50 ms \(h20-96gb vllm .*; bound by compute\)"),
        ({"chips": 2, "rate_per_s": 500.0}, r"the load takes \d+ chips at least, \d+ more than the 2 at hand"),
        ({"input_tokens": 9e5}, "exceed the context"),
        ({"tp": 7, "chips": 8}, "tp=7 does not divide"),
        ({"frameworks": ("mindie",)}, "none of the frameworks"),
        ({"kinds": ("a100-sxm-80gb",), "quantisations": ("nvfp4",)}, "does not run nvfp4"),
    ],
)
def test_what_cannot_be_says_why_and_by_how_much(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(Infeasible, match=says):
        plan(asked(**changed))


def test_a_miss_of_one_pool_is_not_told_where_two_come_nearer() -> None:
    """The nearest miss is the least one: a level a little easier than it says is met."""
    with pytest.raises(Infeasible) as refusal:
        plan(asked(tpot_s=0.009))
    reached_ms = float(refusal.value.message.split("TPOT ")[1].split(" ms")[0])
    assert plan(asked(tpot_s=reached_ms * 1.01e-3)).choice.tpot_s.value <= reached_ms * 1.01e-3


def test_unknown_names_are_told() -> None:
    for changed in ({"kinds": ("h21",)}, {"frameworks": ("vlm",)}, {"model": "nobody-knows"}):
        with pytest.raises(NotInCatalogue):
            plan(asked(**changed))
