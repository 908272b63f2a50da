"""The best deployment is the best, and a refusal says by how much."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from assay.catalogue.chip import chip
from assay.catalogue.engine import engine
from assay.core.errors import Infeasible
from assay.engine.memory import memory_use
from assay.llm.layout import Layout
from assay.serving.closed_loop import Workload, steady_state
from assay.serving.layouts import Bounds, Fixed, layout_at, layouts
from assay.serving.search import Choice, ServiceLevel, best_deployment
from tests.engine.deployments import DENSE, EXPERTS, LATENT, architecture, deployment, hardware

WORK = Workload(4096, 1024)
LEVEL = ServiceLevel(2.0, 0.05)


def search(model: str, on: str, framework: str, level: ServiceLevel = LEVEL, max_chips: int = 16) -> Choice:
    return best_deployment(
        architecture(model), chip(on), hardware(on), [engine(framework)], WORK, level, max_chips=max_chips
    )


@pytest.mark.parametrize(
    ("model", "on", "framework"),
    [(DENSE, "h20-96gb", "vllm"), (LATENT, "h200-sxm", "sglang"), (EXPERTS, "mi300x", "vllm")],
)
def test_no_layout_and_batch_on_a_coarse_walk_is_better(model: str, on: str, framework: str) -> None:
    """A walk through every layout one at a time, at other batches than the search's, finds nothing better."""
    choice = search(model, on, framework)
    bounds = Bounds(int(hardware(on).chips_per_domain), 16)
    every = layouts(architecture(model), bounds)
    for row, sequences in itertools.product(range(len(np.asarray(every.tp))), (1, 5, 21, 55, 120, 300)):
        case = deployment(model, on, framework, layout_at(every, row))
        if sequences > float(memory_use(case, WORK.input_tokens, WORK.output_tokens).sequences):
            continue
        state = steady_state(case, WORK, sequences * case.layout.dp)
        if float(state.ttft_s) <= LEVEL.ttft_s and float(state.tpot_s) <= LEVEL.tpot_s:
            per_chip = float(state.output_tok_per_s) / float(case.layout.chips)
            assert per_chip <= choice.output_tok_per_s_per_chip * 1.02


@pytest.mark.parametrize(("model", "on", "framework"), [(DENSE, "h20-96gb", "vllm"), (LATENT, "b200-sxm", "trtllm")])
def test_the_choice_keeps_the_service_level_and_fits(model: str, on: str, framework: str) -> None:
    choice = search(model, on, framework)
    assert float(choice.state.ttft_s) <= LEVEL.ttft_s
    assert float(choice.state.tpot_s) <= LEVEL.tpot_s
    assert choice.concurrency <= float(choice.memory.sequences) * choice.deployment.layout.dp
    assert choice.evaluated > 100


def test_a_looser_level_is_never_worse() -> None:
    tight, loose = (search(DENSE, "h200-sxm", "vllm", ServiceLevel(2.0, tpot)) for tpot in (0.02, 0.1))
    assert loose.output_tok_per_s_per_chip >= tight.output_tok_per_s_per_chip


def test_too_little_memory_says_by_how_much() -> None:
    with pytest.raises(Infeasible, match=r"does not fit on 2 chips: weights take .* GB of .* GB usable a chip"):
        search(LATENT, "h200-sxm", "sglang", max_chips=2)


def test_an_unreachable_level_says_by_how_much() -> None:
    with pytest.raises(Infeasible, match=r"TPOT .* ms at best, \d+% over 1 ms \(\d+ chips, concurrency 1\)"):
        search(DENSE, "h20-96gb", "vllm", ServiceLevel(2.0, 0.001))


def test_a_framework_that_does_not_run_there_is_refused() -> None:
    with pytest.raises(Infeasible, match="none of the frameworks"):
        best_deployment(architecture(DENSE), chip("h20"), hardware("h20-96gb"), [], WORK, LEVEL, max_chips=8)


def test_a_fixed_layout_is_kept() -> None:
    choice = best_deployment(
        architecture(LATENT),
        chip("h200"),
        hardware("h200-sxm"),
        [engine("sglang")],
        WORK,
        LEVEL,
        max_chips=16,
        fixed=Fixed(tp=8, dp=1, ep=1, pp=1),
    )
    assert choice.deployment.layout == Layout(tp=8, dp=1, ep=1, pp=1, all_to_all=False)
