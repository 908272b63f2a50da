"""What `assay plan` answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assay.serving.planning.losers import Losers
from assay.serving.planning.option import Option
from assay.serving.planning.request import PlanRequest

SCHEMA = "assay.plan/1"


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer to a PlanRequest."""

    request: PlanRequest
    model: str
    choice: Option
    """One of `pareto`."""
    pareto: tuple[Option, ...]
    """Fastest per user first, each worth more than all before it."""
    evaluated: int
    """Operating points: layout, batch, chunk size, format, speculation, framework, chip."""
    pairs: int
    """Pairs of pools, times the numbers of instances tried."""
    losers: Losers
    assumptions: tuple[str, ...]
    """What had to be assumed of the model."""
    provenance: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as JSON carries it."""
        request = self.request
        return {
            "schema": SCHEMA,
            "model": self.model,
            "workload": {
                "input_tokens": request.input_tokens,
                "output_tokens": request.output_tokens,
                "cached_tokens": request.cached_tokens,
            },
            "slo": {"ttft_s": request.ttft_s, "tpot_s": request.tpot_s},
            "chips": request.chips,
            "rate_per_s": request.rate_per_s,
            "concurrency": request.concurrency,
            "objective": request.goal,
            "evaluated": self.evaluated,
            "pairs": self.pairs,
            "choice": self.choice.as_dict(),
            "pareto": [option.as_dict() for option in self.pareto],
            "losers": self.losers.as_dict(),
            "assumptions": list(self.assumptions),
            "provenance": dict(self.provenance),
        }
