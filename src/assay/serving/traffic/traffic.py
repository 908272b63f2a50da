"""What traffic to draw or to read, as a record of plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from assay.core.array import FloatArray
from assay.core.errors import UsageError
from assay.serving.traffic import arrivals
from assay.serving.traffic.lengths import parse_length
from assay.serving.traffic.requests import Requests
from assay.serving.traffic.select import at_rate, first
from assay.serving.traffic.sessions import Conversations, conversations
from assay.serving.traffic.trace import read_trace

Arrivals = Literal["poisson", "gamma", "constant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """A trace by path, or requests of drawn lengths, alone or in conversations.

    Raises
    ------
    UsageError
        Where the values contradict each other.
    """

    trace: str = ""
    """Path of a trace; empty: requests are drawn."""
    requests: int | None = None
    """How many; None: the whole trace, or 1,000 drawn ones."""
    input_tokens: str = "1024"
    """Prompt lengths as `parse_length` reads them; of conversations: what each turn adds."""
    output_tokens: str = "256"
    """Answer lengths."""
    rate_per_s: float | None = None
    """Mean rate of requests, or of new conversations; None: all may be sent at once, or when the trace says."""
    arrivals: Arrivals = "poisson"
    burstiness: float = 1.0
    """Shape of gamma arrivals: below 1 burstier than Poisson."""
    speed: float = 1.0
    """Times a trace is compressed: 2 sends twice as many requests a second."""
    turns: str = ""
    """Requests of a conversation; empty: requests stand alone."""
    system_prompt_tokens: int = 0
    """Shared by conversations."""
    shared_prefixes: int = 1
    """Distinct system prompts."""
    think_time_s: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values that contradict each other."""
        if self.trace and (self.rate_per_s is not None or self.turns):
            raise UsageError(
                "a trace brings its own arrivals and conversations",
                "Use a speed to compress a trace, or leave the trace out.",
            )
        if not self.trace and self.speed != 1.0:
            raise UsageError("a speed is that of a trace", "Give a rate for drawn requests.")
        if self.turns and self.rate_per_s is None:
            raise UsageError("conversations need a rate of new ones")
        if self.requests is not None and self.requests < 1:
            raise UsageError("a workload needs at least one request")

    def drawn(self) -> Requests:
        """Return the requests. The same values and the same trace give the same requests.

        Raises
        ------
        BadData
            A trace that cannot be read: the first faulty lines, and how many there are.
        UsageError
            Lengths or rates that cannot be understood.
        """
        if self.trace:
            read = read_trace(self.trace)
            read = read if self.speed == 1.0 else at_rate(read, self.speed)
            return read if self.requests is None else first(read, min(self.requests, len(read)))
        random = np.random.default_rng(self.seed)
        count = self.requests or 1000
        inputs, outputs = parse_length(self.input_tokens), parse_length(self.output_tokens)
        if self.turns and self.rate_per_s is not None:
            asked = Conversations(
                count=count,
                rate_per_s=self.rate_per_s,
                turns=parse_length(self.turns),
                new_input_tokens=inputs,
                output_tokens=outputs,
                system_prompt_tokens=self.system_prompt_tokens,
                shared_prefixes=self.shared_prefixes,
                think_time_s=self.think_time_s,
            )
            return conversations(asked, random)
        return arrivals.requests_of(self._arrivals(count, random), inputs, outputs, random)

    def _arrivals(self, count: int, random: np.random.Generator) -> FloatArray:
        if self.rate_per_s is None:
            return arrivals.at_once(count)
        match self.arrivals:
            case "poisson":
                return arrivals.poisson(self.rate_per_s, count, random)
            case "gamma":
                return arrivals.gamma(self.rate_per_s, self.burstiness, count, random)
            case "constant":
                return arrivals.constant(self.rate_per_s, count)
