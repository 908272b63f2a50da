"""One published measurement of a deployment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assay.engine.deployment import Speculation
from assay.llm.layout import Layout
from assay.validation.measured import Measured

Loading = Literal[
    "closed loop", "fixed batch", "all at once", "saturated", "prefill pool", "decode pool", "disaggregated"
]
"""How the load was put on the deployment.

closed loop: `batch` requests run at any time, a finished one is replaced. fixed batch: `batch` requests start
together, and the time to the end of the last one counts. all at once: `batch` requests are queued at the start, or
arrive at `arrivals_per_s`. saturated: always more requests than run. prefill pool, decode pool: chips that only do the
one, `batch` requests on each attention rank. disaggregated: a pool of each, `batch` requests in flight over both.
"""


@dataclass(frozen=True, slots=True)
class Pools:
    """Workers of a disaggregated deployment; each worker has the layout of its row."""

    prefill: int
    decode: int


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """What was run, how it was loaded, and what came out.

    Counts are of one replica of the layout; a figure per chip is the same for one replica as for many.
    """

    id: str
    chip: str  # catalogue id, or as printed where the catalogue has none
    model: str  # Hugging Face id, or as printed
    framework: str  # catalogue id, or as printed
    release: str
    """The framework as printed."""
    repository: str
    """The model as printed: names the checkpoint, not only the architecture."""
    loading: Loading
    measures: tuple[tuple[str, float], ...]
    """Metric and value, SI units; the unit is last in the name: ttft_s, tpot_s, output_tok_per_s_per_chip ..."""
    weights: str = ""
    """Format of what the checkpoint quantises, as in published.toml; empty: the checkpoint's own."""
    kv: str = ""
    """bf16 or fp8; empty: by the rule of the framework."""
    layout: Layout = Layout()
    pools: Pools | None = None
    speculation: Speculation = Speculation()
    input_tokens: float = 0.0
    output_tokens: float = 0.0
    varied: bool = False
    """Outputs stop by themselves, so lengths spread about their means."""
    context_tokens: float = 0.0
    """Tokens attended, where a decode pool states them in place of input and output."""
    cached_share: float = 0.0
    """Of the prompt: found in the prefix cache."""
    batch: float = 1.0
    arrivals_per_s: float | None = None
    serial: bool = False
    """The host prepares a step only when the one before is done: no overlap scheduling."""
    running_limit: float | None = None
    """Most requests that run at once, where a flag sets it."""
    publisher: str = ""
    confidence: str = ""
    """A, B or C, as whoever collected the row grades it."""
    scored: bool = True
    """False: context, kept to be read beside the others."""
    reason: str = ""
    """Why it cannot be predicted; empty where it can."""
    measured: Measured | None = None
    """The row of another campaign that this one was made from, which has its own rules."""
