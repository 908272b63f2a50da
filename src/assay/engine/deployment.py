"""A deployment: which model, on which chips, laid out how, in which formats, under which framework."""

from __future__ import annotations

from dataclasses import dataclass

from assay.catalogue.engine import Engine
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
