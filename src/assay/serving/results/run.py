"""What a benchmark program notes of a run besides its outcome."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The heading of an exported file."""

    model: str
    started: datetime
    """When the simulated time 0 is said to be; with a time zone."""
    request_rate_per_s: float | None = None
    """Of the generated arrivals; None: all at once, or as a trace says."""
    burstiness: float = 1.0
    """Shape of the gamma distribution of the arrivals; 1: Poisson."""
    concurrency: int | None = None
    """Most requests under way; None: no limit."""
