"""A timing profile for llm-d's inference simulator, which answers like a server of the predicted speed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from assay.core.errors import UsageError
from assay.serving.launch.manifest import Node, document
from assay.serving.launch.recipe import Role

WIDEST_DEVIATION: Final = 0.3
"""Of a mean: the simulator refuses more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Predicted times of one instance.

    With `prefill_s_per_token` the first token comes after `prefill_overhead_s` and the time of each prompt token;
    without it after `ttft_s`, whatever the prompt. KV transfer times are those of a disaggregated deployment.
    """

    ttft_s: float
    tpot_s: float
    ttft_deviation_s: float = 0.0
    tpot_deviation_s: float = 0.0
    prefill_overhead_s: float = 0.0
    prefill_s_per_token: float | None = None
    kv_transfer_s: float = 0.0
    kv_transfer_s_per_token: float = 0.0
    load_factor: float = 1.0

    def __post_init__(self) -> None:
        """Refuse times that cannot be. Raises UsageError."""
        if not (self.ttft_s > 0 and self.tpot_s > 0):
            raise UsageError("a time to a token is not above zero", "Give TTFT and TPOT in seconds.")
        others = (self.ttft_deviation_s, self.tpot_deviation_s, self.prefill_overhead_s, self.prefill_s_per_token or 0)
        if min(*others, self.kv_transfer_s, self.kv_transfer_s_per_token) < 0:
            raise UsageError("a time is below zero", "Give times in seconds.")
        if self.load_factor < 1:
            raise UsageError(f"the load factor is {self.load_factor}", "It is at least 1: the slowdown when full.")


def simulator_profile(model: str, role: Role, timing: Timing, port: int = 8000) -> str:
    """Return the configuration of a simulator that takes the place of one instance.

    Deviations are cut to 30 % of their mean, which is all the simulator accepts. All attention replicas of the
    instance are one simulated server.
    """
    config: dict[str, Node] = {
        "port": port,
        "model": model,
        "mode": "random",
        "max-num-seqs": role.max_num_seqs * role.dp,
        "max-model-len": role.max_model_len,
        "inter-token-latency": _duration(timing.tpot_s),
        "inter-token-latency-std-dev": _deviation(timing.tpot_deviation_s, timing.tpot_s),
        "time-factor-under-load": timing.load_factor,
        **(_constant(timing) if timing.prefill_s_per_token is None else _per_token(timing, timing.prefill_s_per_token)),
    }
    head = (
        f"# One {role.name} instance: {role.chips} x {role.chip}. For llm-d-inference-sim before 0.13, with --config."
    )
    return f"{head}\n{document(config)}"


def _constant(timing: Timing) -> dict[str, Node]:
    return {
        "latency-calculator": "constant",
        "time-to-first-token": _duration(timing.ttft_s),
        "time-to-first-token-std-dev": _deviation(timing.ttft_deviation_s, timing.ttft_s),
        "kv-cache-transfer-latency": _duration(timing.kv_transfer_s),
    }


def _per_token(timing: Timing, prefill_s_per_token: float) -> dict[str, Node]:
    return {
        "latency-calculator": "per-token",
        "prefill-overhead": _duration(timing.prefill_overhead_s),
        "prefill-time-per-token": _duration(prefill_s_per_token),
        "prefill-time-std-dev": _deviation(timing.ttft_deviation_s, timing.ttft_s),
        "kv-cache-transfer-time-per-token": _duration(timing.kv_transfer_s_per_token),
    }


def _deviation(deviation_s: float, mean_s: float) -> str:
    return f"{int(min(deviation_s, WIDEST_DEVIATION * mean_s) * 1e6)}us"  # downwards, to stay within the limit


def _duration(time_s: float) -> str:
    """Return a duration as Go reads it. Times of a prompt token are far below a microsecond on fast instances."""
    return f"{round(time_s * 1e9)}ns" if time_s < 1e-4 else f"{round(time_s * 1e6)}us"
