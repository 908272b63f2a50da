"""Service levels by name."""

from __future__ import annotations

import pytest

from assay.core.errors import NotInCatalogue
from assay.serving.planning.slo import named_level, named_levels


def test_limits_of_the_rules() -> None:
    interactive = named_level("mlperf:deepseek-r1:interactive")
    assert (interactive.ttft_s, interactive.tpot_s) == pytest.approx((1.5, 0.015))
    conversational = named_level("MLPerf:Llama2-70B:conversational")
    assert (conversational.ttft_s, conversational.tpot_s) == pytest.approx((2.0, 0.2))
    assert len(named_levels()) == 11


def test_interactive_is_tighter() -> None:
    for name, level in named_levels().items():
        if name.endswith(":interactive"):
            plain = named_levels().get(name.replace("interactive", "server"))
            assert plain is None or (level.ttft_s < plain.ttft_s and level.tpot_s < plain.tpot_s)


def test_an_unknown_name_is_told_the_nearest() -> None:
    with pytest.raises(NotInCatalogue) as error:
        named_level("mlperf:deepseek:interactive")
    assert "mlperf:deepseek-r1:interactive" in error.value.hint
