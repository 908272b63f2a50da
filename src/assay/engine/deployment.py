"""A deployment: which model, on which chips, laid out how, in which formats, under which framework."""

from __future__ import annotations

from dataclasses import dataclass

from assay.catalogue.engine import Engine
from assay.core.errors import UsageError
from assay.kernels.coefficients import Coefficients
from assay.kernels.silicon import Silicon
from assay.kernels.software import Software
from assay.llm.architecture import Architecture
from assay.llm.layout import Layout
from assay.llm.precision import Precision


@dataclass(frozen=True, slots=True)
class Speculation:
    """Multi-token prediction: each step drafts, verifies `draft_tokens` + 1 tokens and keeps `accepted_tokens`."""

    draft_tokens: int = 0
    accepted_tokens: float = 1.0
    """Tokens a step yields on average, the certain one included: 1 to draft_tokens + 1."""

    def __post_init__(self) -> None:
        """Refuse what no step can yield. Raises UsageError."""
        if self.draft_tokens < 0 or not 1.0 <= self.accepted_tokens <= self.draft_tokens + 1:
            raise UsageError(
                f"{self.accepted_tokens:g} tokens a step cannot be kept of {self.draft_tokens} drafted and one certain",
                "A step keeps between 1 and (drafted + 1) tokens.",
            )


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment, or arrays of layouts evaluated together (see Layout)."""

    architecture: Architecture
    silicon: Silicon
    software: Software
    engine: Engine
    layout: Layout
    precision: Precision
    speculation: Speculation = Speculation()
    coefficients: Coefficients | None = None
    """Of the kernels; None: those that ship."""
