"""`assay validate serving --simulated`: simulated deployments beside what was measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from assay.engine.uncertainty import Quantity, band
from assay.validation.disaggregated import Pools, disaggregated_pools
from assay.validation.left_out import LeftOut
from assay.validation.measured import Measured
from assay.validation.predict import predict
from assay.validation.score import Score, Scored, group_by
from assay.validation.serving import CLEAN, SOURCE, ServingScore, reach
from assay.validation.silicon_sample import aggregated, sample_path
from assay.validation.simulated import POOLS, Simulated, additions, simulated, simulated_pools

GROUPINGS = (
    ("set", "mode"),
    ("set", "mode", "chip"),
    ("set", "mode", "framework", "harness"),
    ("set", "mode", "model"),
)
Row = TypeVar("Row", Measured, Pools)


def score_simulated(leave_out: LeftOut = "") -> ServingScore:
    """Return the errors of simulated TTFT and TPOT on the clean aggregated rows, and on pools that state their batches.

    Takes some minutes. TTFT is scored, as in closed form, only where the KV cache holds the concurrency.

    Raises
    ------
    Unsupported
        Where the extra `validation` is not installed.
    """
    path = sample_path()
    rows = [each for each in predict(aggregated(path).rows) if not each.set_aside]
    roomy = {each.row.id for each in rows if each.row.concurrency <= each.capacity}
    found = _by_chip([each.row for each in rows], lambda row: row.chip, simulated, leave_out)
    pools = _by_chip(disaggregated_pools(path), lambda each: each.decode.chip, simulated_pools, leave_out)
    roomy |= {each.row.id for each in pools}
    scored = [one for each in (*found, *pools) for one in _scored(each, leave_out, ttft=each.row.id in roomy)]
    groups = [group for keys in GROUPINGS for group in group_by(scored, *keys)]
    return ServingScore(Score(SOURCE, len(found) + len(pools), tuple(scored), tuple(groups), leave_out), ())


def _by_chip(
    rows: Sequence[Row],
    chip_of: Callable[[Row], str],
    simulate: Callable[[Sequence[Row], str], list[Simulated]],
    leave_out: LeftOut,
) -> list[Simulated]:
    """Simulate rows, those of a chip together and without it where it is left out."""
    if not leave_out:
        return simulate(rows, "")
    chips: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        chips[chip_of(row)].append(row)
    return [one for chip, own in chips.items() for one in simulate(own, chip)]


def _scored(each: Simulated, leave_out: LeftOut, *, ttft: bool) -> Iterator[Scored]:
    row = each.row
    added_s = additions(row.framework, row.harness, row.chip if leave_out else "").added_s(each)
    by = {
        "set": CLEAN,
        "mode": POOLS if row.harness == POOLS else row.mode,
        "chip": row.chip,
        "model": row.model,
        "framework": row.framework,
        "harness": row.harness,
    }
    values: tuple[tuple[Quantity, float | None, float], ...] = (
        ("tpot", row.tpot_s, each.tpot_s),
        ("ttft", row.ttft_s if ttft else None, each.ttft_s + added_s),
    )
    for quantity, measured, value in values:
        if measured:
            interval = band(quantity, reach(row, leave_out), value)
            yield Scored(row.id, f"{quantity}_s", by, measured, value, interval.low, interval.high)
