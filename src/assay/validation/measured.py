"""One measured deployment, as a validation row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mode = Literal["aggregated", "decode worker", "prefill worker"]


@dataclass(frozen=True, slots=True)
class Measured:
    """A deployment that somebody measured. Counts are of one replica; lengths are the nominal ones.

    A None metric was not measured.
    """

    id: str
    source: str
    harness: str
    """Who drove the load and how: a key of harnesses.toml."""
    chip: str  # catalogue id
    model: str  # catalogue name
    framework: str  # sglang, trtllm, vllm, vllm-ascend
    version: str
    precision: str
    """What the label says of the weights: bf16, fp8, fp4, int4; empty where nothing is said."""
    mode: Mode
    input_tokens: float
    output_tokens: float
    concurrency: float
    tp: int
    dp: int
    ep: int
    pp: int
    ttft_s: float | None
    tpot_s: float | None
    measured_on: str = ""
    flags: tuple[str, ...] = ()
    """Why the row is set aside in the clean scores."""
    repaired: bool = False
    """Its labels were read otherwise than printed."""
    repeats: int = 1
    """Measurements of this configuration that were merged by their median."""
    static_scales: bool = False
    kv: str = ""
    """Format of the KV cache where the source says; empty: by the rule of the framework."""
    draft_tokens: int = 0
    accepted_tokens: float = 1.0
    metric: str = ""
    """What was measured beside TTFT and TPOT, and its value: see published.py."""
    measured_value: float = 0.0

    @property
    def world(self) -> int:
        """Chips of one pipeline stage."""
        return self.tp * self.dp
