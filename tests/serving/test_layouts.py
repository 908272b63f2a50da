"""Every layout that is tried can be run, and a forbidden one says why."""

from __future__ import annotations

import numpy as np
import pytest

from assay.core.errors import Infeasible
from assay.serving.layouts import Bounds, Fixed, layout_at, layouts, obstacle
from tests.engine.deployments import DENSE, EXPERTS, LATENT, architecture

NODE = Bounds(chips_per_domain=8, max_chips=64)


@pytest.mark.parametrize("model", [DENSE, EXPERTS, LATENT, "openai/gpt-oss-120b", "moonshotai/Kimi-K3"])
def test_layouts_are_consistent(model: str) -> None:
    found = layouts(architecture(model), NODE)
    chips = np.asarray(found.chips)
    assert chips.max() <= 64
    assert np.all(np.asarray(found.tp) <= 8)
    assert np.all(np.asarray(found.world) % np.asarray(found.ep) == 0)
    assert len({tuple(row) for row in np.hstack([found.tp, found.dp, found.ep, found.pp, found.all_to_all])}) == len(
        chips
    )
    assert layout_at(found, 0).chips == chips[0, 0]


def test_dense_models_do_not_replicate_attention() -> None:
    found = layouts(architecture(DENSE), NODE)
    assert np.all(np.asarray(found.dp) == 1)
    assert np.all(np.asarray(found.ep) == 1)


def test_beyond_a_domain_experts_travel() -> None:
    found = layouts(architecture(LATENT), NODE)
    large = np.asarray(found.world) > 8
    assert large.any()
    assert np.all(np.asarray(found.all_to_all)[large])


@pytest.mark.parametrize(
    ("model", "fixed", "reason"),
    [
        (LATENT, Fixed(tp=3), "tp=3 does not divide 128 heads"),
        (LATENT, Fixed(tp=16), "leaves the scale-up domain"),
        (LATENT, Fixed(dp=128), "exceed the 64"),
        (LATENT, Fixed(tp=8, dp=1, ep=4), "1 or all 8 chips"),
        (LATENT, Fixed(dp=2, pp=2), "not modelled"),
        (LATENT, Fixed(pp=62), "exceeds 61 layers"),
        (DENSE, Fixed(dp=2), "run 2 instances instead"),
        (DENSE, Fixed(ep=8), "experts"),
    ],
)
def test_what_is_impossible_says_why(model: str, fixed: Fixed, reason: str) -> None:
    with pytest.raises(Infeasible, match="no such layout") as caught:
        layouts(architecture(model), NODE, fixed)
    assert reason in caught.value.message


def test_what_is_fixed_stays() -> None:
    found = layouts(architecture(LATENT), NODE, Fixed(tp=2, ep=16))
    assert np.all(np.asarray(found.tp) == 2)
    assert np.all(np.asarray(found.ep) == 16)
    assert not obstacle(architecture(LATENT), (2, 8, 16, 1, True), NODE)
