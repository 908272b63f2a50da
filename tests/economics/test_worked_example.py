"""The worked example of docs/economics.md, number by number."""

import datetime

import pytest

from assay.catalogue.chip import chip
from assay.catalogue.node import node_of
from assay.core.interval import Interval
from assay.economics.cost import token_cost
from assay.economics.energy import joule_per_token, power
from assay.economics.rate import rate

AS_OF = datetime.date(2026, 11, 23)


def rounded(interval: Interval, digits: int) -> tuple[float, float, float]:
    return round(interval.value, digits), round(interval.low, digits), round(interval.high, digits)


def test_an_h20_owned_in_china() -> None:
    h20, node = chip("h20-96gb"), node_of("h20-96gb")
    owned = rate(h20, node, place="CN", as_of=AS_OF, basis="ownership")
    assert [round(item.amount.value, 3) for item in owned.items] == [0.644, 0.195, 0.084]
    assert owned.usd_per_chip_h is not None
    assert rounded(owned.usd_per_chip_h, 2) == (0.92, 0.78, 1.21)

    speed = Interval(500, 400, 625)
    cost = token_cost(owned.usd_per_chip_h, speed, input_tokens=4096, output_tokens=1024, prefill_share=0.45)
    assert rounded(cost.usd_per_million_output_tokens, 2) == (0.51, 0.39, 0.73)
    assert cost.output_usd_per_million_tokens.value == pytest.approx(0.28, abs=0.005)
    assert cost.input_usd_per_million_tokens.value == pytest.approx(0.058, abs=0.0005)

    drawn = power(h20, node, place="CN", as_of=AS_OF, utilisation=Interval(0.8, 0.7, 0.9))
    assert drawn.w is not None
    assert round(drawn.w.value) == 908
    assert rounded(joule_per_token(drawn.w, speed), 2) == (1.82, 1.36, 2.46)
