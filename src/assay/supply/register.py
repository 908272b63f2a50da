"""A dated, hashed forecast of the open questions: written before the answers are known, so that they can be scored."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.supply.question import Answers, questions
from assay.supply.run import RunRequest, manifest, manifest_dict

SCHEMA = "assay.supply-register/1"
LEVELS = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Register:
    """The forecast as JSON carries it; its hash covers everything else in it."""

    content: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return the content with its SHA-256."""
        return {**self.content, "sha256": digest(self.content)}


def digest(content: dict[str, Any]) -> str:
    """Return the SHA-256 of a register without its hash: canonical JSON, keys sorted."""
    bare = {key: value for key, value in content.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(bare, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def register(request: RunRequest) -> Register:
    """Answer every open question as of a day.

    Parameters
    ----------
    request
        Scenario, as-of date, samples and seed; the manifest lets anybody repeat it.
    """
    plan = request.plan()
    still_open = [question for question in questions().question if question.is_open]
    answers = Answers(plan, request.samples, request.seed, still_open)
    forecasts = []
    for question in still_open:
        answer = answers.answer(question)
        ends = np.quantile(answer, LEVELS).tolist()
        forecasts.append(
            {
                "id": question.id,
                "text": question.text,
                "measure": question.measure,
                "classes": question.classes,
                "first": question.first,
                "last": question.last,
                "resolves": question.resolves,
                "backtest": question.rows,
                "quantiles": {f"p{100 * level:g}": end for level, end in zip(LEVELS, ends, strict=True)},
                "probability_of_none": float(np.mean(answer <= 0)),
            }
        )
    return Register({"schema": SCHEMA, **manifest_dict(manifest(request, plan)), "forecasts": forecasts})
