"""`assay validate serving`: predictions of measured deployments, scored by group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from assay.core.errors import NotInCatalogue
from assay.core.tree import Branch
from assay.engine.uncertainty import Quantity, Transfer, band, transfer
from assay.validation.deployments import deployment_of, silicon_of
from assay.validation.left_out import LeftOut
from assay.validation.measured import Measured
from assay.validation.predict import Predicted, breakdown, predict
from assay.validation.published import read
from assay.validation.published_predict import predicted
from assay.validation.score import Group, Score, Scored, group_by
from assay.validation.silicon_sample import aggregated, disaggregated, raw, sample_path

SOURCE: Final = "silicon_sample.csv of PyPI aiconfigurator-core 0.12.0"
CLEAN, ASIDE, RAW = "clean", "set aside", "raw"
GROUPINGS: Final = (
    ("set", "mode"),
    ("set", "mode", "chip"),
    ("set", "mode", "framework", "harness"),
    ("set", "mode", "model"),
    ("set", "mode", "precision"),
    ("set", "mode", "layout"),
)
"""Groups that are scored; `all` is the union of clean and set aside."""
PUBLISHED_GROUPINGS: Final = (("transfer", "fault"), ("chip", "fault"), ("chip", "loading"), ("chip", "fault", "model"))
"""Groups of anybody's measurements."""


@dataclass(frozen=True, slots=True)
class ServingScore:
    """The score, and the log of the cleaning."""

    score: Score
    cleaning: tuple[tuple[str, int, str], ...]


def score_serving(leave_out: LeftOut = "") -> ServingScore:
    """Return the errors on every measured deployment of the sample: clean rows, all rows, raw rows.

    Raises
    ------
    Unsupported
        Where the extra `validation` is not installed.
    """
    path = sample_path()
    cleaned = aggregated(path)
    rows = [*cleaned.rows, *disaggregated(path)]
    scored = list(scores(predict(rows, leave_out), leave_out))
    unread = [row for row in raw(path) if possible(row)]
    scored += scores(predict(unread, leave_out), leave_out, RAW)
    groups = [group for keys in GROUPINGS for group in group_by(scored, *keys)]
    everything = [each for each in scored if each.by["set"] != RAW]
    groups += [_relabelled(group, "all") for group in group_by(everything, "mode")]
    return ServingScore(Score(SOURCE, len(rows), tuple(scored), tuple(groups), leave_out), cleaned.log)


def score_measurements(path: Path) -> ServingScore:
    """Return the errors on anybody's measurements, by chip, metric and way of loading.

    Raises
    ------
    BadData
        Where the file cannot be read; with every fault, line and key.
    """
    rows = read(path)
    scored, refused = predicted(rows)
    groups = [group for keys in PUBLISHED_GROUPINGS for group in group_by(scored, *keys)]
    reasons = Counter(reason for _id, reason in refused)
    log = tuple((f"not predicted: {reason}", count, "") for reason, count in reasons.most_common())
    return ServingScore(Score(path.name, len(rows), tuple(scored), tuple(groups)), log)


def scores(rows: Iterable[Predicted], leave_out: LeftOut = "", label: str = "") -> Iterator[Scored]:
    """Yield TPOT and TTFT of each prediction beside what was measured; TTFT only where the cache is not full."""
    for each in rows:
        row = each.row
        by = {
            "set": label or (ASIDE if each.set_aside else CLEAN),
            "mode": row.mode,
            "chip": row.chip,
            "model": row.model,
            "framework": row.framework,
            "harness": row.harness,
            "precision": row.precision,
            "layout": _layout(row),
        }
        values: tuple[tuple[Quantity, float | None, float], ...] = (
            ("tpot", row.tpot_s, each.tpot_s),
            ("ttft", row.ttft_s if row.concurrency <= each.capacity or label else None, each.ttft_s),
        )
        for quantity, measured, value in values:
            if measured:
                interval = band(quantity, reach(row, leave_out), value)
                yield Scored(row.id, f"{quantity}_s", by, measured, value, interval.low, interval.high)


def reach(row: Measured, leave_out: LeftOut) -> Transfer:
    """Return how far the row's chip is from those that were measured; without itself, it is a sibling at best."""
    found = transfer(silicon_of(row.chip))
    if leave_out == "generation" and found in ("measured", "sibling"):
        return "new generation"
    return "sibling" if leave_out and found == "measured" else found


def possible(row: Measured) -> bool:
    """Tell whether the layout that a label states can exist: tensor parallelism divides the heads."""
    architecture = deployment_of(row).architecture
    heads = [getattr(block.mixer, "heads", row.tp) for block in architecture.blocks]
    return all(count % row.tp == 0 for count in heads)


def explain(id: str, leave_out: LeftOut = "") -> Branch:
    """Return the predicted breakdown of one measured row beside its measured times. Raises NotInCatalogue."""
    path = sample_path()
    rows: Sequence[Measured] = [*aggregated(path).rows, *disaggregated(path)]
    row = next((row for row in rows if row.id == id), None)
    if row is None:
        raise NotInCatalogue("measured row", id, [row.id for row in rows])
    return breakdown(row, predict([row], leave_out)[0], leave_out)


def _layout(row: Measured) -> str:
    if row.dp > 1:
        return "attention DP"
    if row.ep > 1:
        return "EP"
    return f"TP{row.tp}" if row.tp > 1 else "1 chip"


def _relabelled(group: Group, label: str) -> Group:
    return replace(group, by={"set": label, **group.by})
