"""Tokens per second that a chip serves of a model, as a function that other rooms can be handed."""

from __future__ import annotations

from collections.abc import Callable

from assay.catalogue.chip import Chip
from assay.comparison.answer import best_choice
from assay.comparison.request import CompareRequest
from assay.core.errors import Infeasible, Unsupported
from assay.llm.model import Model


def serving_rate(request: CompareRequest) -> Callable[[Chip], float]:
    """Return output tok/s/chip of the best deployment on a chip, 0 where there is none, for the request's question.

    The chips of the request do not matter; each chip is computed once.
    """
    model = Model.load(request.model)
    known: dict[str, float] = {}

    def rate(chip: Chip) -> float:
        if chip.id not in known:
            try:
                known[chip.id] = best_choice(model, chip, request).output_tok_per_s_per_chip
            except (Infeasible, Unsupported):
                known[chip.id] = 0.0
        return known[chip.id]

    return rate
