"""Requests that the tests of planning share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from assay.serving.planning.request import PlanRequest

DENSE = "Qwen/Qwen3-32B"

SMALL = PlanRequest(
    model=DENSE,
    kinds=("h20",),
    input_tokens=4096,
    output_tokens=1024,
    ttft_s=2.0,
    tpot_s=0.05,
    chips=4,
    frameworks=("vllm",),
    finalists=0,
)
"""A quick question that is answered in closed form alone."""


def asked(**changed: Any) -> PlanRequest:
    """The quick question with changes."""
    return replace(SMALL, **changed)
