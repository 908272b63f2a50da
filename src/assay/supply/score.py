"""Hindcasts: each question answered with what was known on its day, then compared with what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from statistics import fmean
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.supply.month import last_day
from assay.supply.plan import plan
from assay.supply.proper import crps, inside, log_score, skill
from assay.supply.question import Answers, Question, by_cut, questions, resolved
from assay.supply.scenario import Scenario

SCHEMA = "assay.supply-score/1"
LEVELS = (0.5, 0.8, 0.9)
BASELINES = ("last_period", "plan", "analyst")
Mapper = Callable[..., Iterable[Any]]


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """What to score: the facts of a scenario, sampled anew for every cut."""

    scenario: Scenario
    samples: int = 10_000
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Demand:
    """One thing demanded of an answer, and whether it holds."""

    text: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Scored:
    """One question, its answer and its scores; a score that does not apply is None."""

    id: str
    text: str
    cut: str
    outcome: float | None
    p5: float
    p10: float
    p50: float
    p90: float
    p95: float
    demands: tuple[Demand, ...]
    holds: tuple[bool, ...]  # whether the intervals of LEVELS hold the outcome; empty without one
    crps: float | None
    log_score: float | None
    baselines: dict[str, float]  # absolute error of each baseline there is
    remark: str

    @property
    def passed(self) -> bool:
        """Whether everything demanded holds."""
        return all(demand.holds for demand in self.demands)


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """All questions with their scores, and the summary over the numeric ones."""

    input_hashes: dict[str, str]
    seed: int
    samples: int
    scored: tuple[Scored, ...]
    coverage: dict[str, float]
    skill: dict[str, float]
    unscored: dict[str, str]

    def rows(self) -> list[dict[str, Any]]:
        """Return one row a question."""
        return [
            {
                "id": it.id,
                "cut": it.cut,
                "text": it.text,
                "outcome": it.outcome,
                **{name: getattr(it, name) for name in ("p5", "p10", "p50", "p90", "p95", "crps", "log_score")},
                **{f"error_of_{name}": it.baselines.get(name) for name in BASELINES},
                "passed": it.passed,
                "failed": "; ".join(demand.text for demand in it.demands if not demand.holds),
                "remark": it.remark,
            }
            for it in self.scored
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON carries it."""
        return {
            "schema": SCHEMA,
            "version": version("assay"),
            "seed": self.seed,
            "samples": self.samples,
            "input_hashes": self.input_hashes,
            "coverage": self.coverage,
            "skill": self.skill,
            "questions": self.rows(),
            "unscored": self.unscored,
            "caveat": "The outcomes were known when the model was written: calibration, not proof.",
        }


def score(request: ScoreRequest, mapper: Mapper = map, progress: Callable[[], None] = lambda: None) -> ScoreResult:
    """Answer every resolved question as of its cut and score the answers.

    Parameters
    ----------
    request
        Scenario, samples, seed.
    mapper
        `map`, or that of an executor: the result is the same bytes.
    progress
        Called after each cut.
    """
    groups = by_cut(resolved())
    jobs = [(request, cut, asked) for cut, asked in groups.items()]
    scored: list[Scored] = []
    hashes: dict[str, str] = {}
    for cut, (hashed, found) in zip(groups, mapper(_of_cut, jobs), strict=True):
        hashes[cut] = hashed
        scored += found
        progress()
    numeric = [it for it in scored if it.holds]
    coverage = {f"{level:.0%}": fmean(it.holds[index] for it in numeric) for index, level in enumerate(LEVELS)}
    gained = {name: _skill(numeric, name) for name in BASELINES}
    return ScoreResult(
        hashes, request.seed, request.samples, tuple(scored), coverage, gained, dict(questions().unscored)
    )


def _of_cut(job: tuple[ScoreRequest, str, list[Question]]) -> tuple[str, list[Scored]]:
    request, cut, asked = job
    answers = Answers(plan(request.scenario, last_day(cut)), request.samples, request.seed, asked)
    return answers.plan.hash(), [scored_answer(question, answers.answer(question)) for question in asked]


def scored_answer(question: Question, answer: npt.NDArray[Any]) -> Scored:
    """Return the scores of one answer, shape (samples,)."""
    outcome = question.outcome
    p5, p10, p50, p90, p95 = (float(value) for value in np.quantile(answer, (0.05, 0.1, 0.5, 0.9, 0.95)))
    points = {name: getattr(question, name) for name in BASELINES}
    return Scored(
        id=question.id,
        text=question.text,
        cut=question.cut,
        outcome=outcome,
        p5=p5,
        p10=p10,
        p50=p50,
        p90=p90,
        p95=p95,
        demands=tuple(_demands(question, answer)),
        holds=() if outcome is None else tuple(inside(answer, outcome, level) for level in LEVELS),
        crps=None if outcome is None else crps(answer, outcome),
        log_score=None if outcome is None or not question.below else log_score(answer, question.below.value, outcome),
        baselines={} if outcome is None else {name: abs(at - outcome) for name, at in points.items() if at is not None},
        remark=question.remark,
    )


def _demands(question: Question, answer: npt.NDArray[Any]) -> Iterator[Demand]:
    median = float(np.median(answer))
    outcome = question.outcome
    if outcome is not None and question.median_within is not None:
        text = f"median within {question.median_within:.0%} of the outcome"
        yield Demand(text, abs(median - outcome) <= question.median_within * outcome)
    if outcome is not None and question.median_off_by is not None:
        text = f"median within {question.median_off_by:g} of the outcome"
        yield Demand(text, abs(median - outcome) <= question.median_off_by)
    if outcome is not None and question.inside_80:
        yield Demand("80 % interval holds the outcome", inside(answer, outcome, 0.8))
    if outcome is not None and question.crps_below is not None:
        yield Demand(f"CRPS below {question.crps_below:g}", crps(answer, outcome) < question.crps_below)
    if question.median_below is not None:
        yield Demand(f"median below {question.median_below:g}", median < question.median_below)
    if question.p5_above is not None:
        yield Demand(
            f"5th percentile above {question.p5_above:g}", float(np.quantile(answer, 0.05)) > question.p5_above
        )
    if question.p95_below is not None:
        yield Demand(
            f"95th percentile at most {question.p95_below:g}", float(np.quantile(answer, 0.95)) <= question.p95_below
        )
    if question.below is not None:
        chance = float(np.mean(answer < question.below.value))
        bound = question.below
        limits = f"at least {bound.at_least:g}" if bound.at_least else f"at most {bound.at_most:g}"
        yield Demand(f"P(below {bound.value:g}) = {chance:.2f}, {limits}", bound.at_least <= chance <= bound.at_most)


def _skill(numeric: Sequence[Scored], baseline: str) -> float:
    rows = [it for it in numeric if baseline in it.baselines]
    scores = [it.crps or 0.0 for it in rows]
    errors = [it.baselines[baseline] for it in rows]
    scales = [max(abs(it.outcome or 0.0), it.baselines[baseline], it.crps or 0.0, 1e-9) for it in rows]
    return skill(scores, errors, scales)
