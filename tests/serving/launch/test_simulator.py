"""Profiles carry the predicted times in the simulator's own terms, within what it accepts."""

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import UsageError
from assay.serving.launch.simulator import Timing, simulator_profile
from tests.serving.launch.recipes import DECODE, TP8

UNITS = {"ns": 1e-9, "us": 1e-6}


def seconds(duration: str) -> float:
    """A duration as Go reads it."""
    number, unit = re.fullmatch(r"(\d+)(ns|us)", duration).groups()  # type: ignore[union-attr]
    return int(number) * UNITS[unit]


@given(ttft_s=st.floats(1e-3, 100), tpot_s=st.floats(1e-3, 1), deviation_s=st.floats(0, 10))
def test_times_survive_and_deviations_stay_below_30_percent(ttft_s: float, tpot_s: float, deviation_s: float) -> None:
    timing = Timing(ttft_s=ttft_s, tpot_s=tpot_s, ttft_deviation_s=deviation_s, tpot_deviation_s=deviation_s)
    config = yaml.safe_load(simulator_profile("m/x", TP8, timing))
    for name, mean_s in (("time-to-first-token", ttft_s), ("inter-token-latency", tpot_s)):
        assert seconds(config[name]) == pytest.approx(mean_s, abs=1e-6)
        cut_s = seconds(config[f"{name}-std-dev"])
        assert cut_s <= 0.3 * seconds(config[name]) + 1e-6
        assert cut_s == pytest.approx(min(deviation_s, 0.3 * mean_s), abs=1.1e-6)


def test_prompts_take_their_time_where_it_is_known() -> None:
    timing = Timing(
        ttft_s=0.2, tpot_s=0.02, prefill_overhead_s=0.03, prefill_s_per_token=18.25e-6, kv_transfer_s_per_token=1.4e-6
    )
    config = yaml.safe_load(simulator_profile("m/x", DECODE, timing, port=8001))
    assert config["latency-calculator"] == "per-token"
    assert "time-to-first-token" not in config
    assert seconds(config["prefill-time-per-token"]) == pytest.approx(18.25e-6)
    assert seconds(config["kv-cache-transfer-time-per-token"]) == pytest.approx(1.4e-6)
    assert (config["port"], config["model"], config["max-num-seqs"]) == (8001, "m/x", 64 * 32)


@pytest.mark.parametrize("wrong", [{"ttft_s": 0.0}, {"tpot_s": -1.0}, {"kv_transfer_s": -1.0}, {"load_factor": 0.5}])
def test_times_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        Timing(**{"ttft_s": 0.1, "tpot_s": 0.01, **wrong})
