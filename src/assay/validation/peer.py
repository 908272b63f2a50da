"""The same rows predicted by AIConfigurator 0.12.0, which measured those very chips.

data/aiconfigurator.csv is written by scripts/peer_predictions.py in an environment of the peer's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from assay.catalogue.door import Record, read_csv
from assay.validation.predict import Predicted
from assay.validation.score import Scored

DATA: Final = Path(__file__).parent / "data" / "aiconfigurator.csv"
PEER, OURS = "AIConfigurator", "Assay"


class PeerRow(Record):
    """One prediction of the peer."""

    id: str
    ttft_s: float
    tpot_s: float


def peer_predictions(path: Path = DATA) -> Mapping[str, PeerRow]:
    """Return what AIConfigurator predicts, by the id of the row."""
    return {row.id: row for row in read_csv(path, PeerRow)}


def side_by_side(rows: Iterable[Predicted], peer: Mapping[str, PeerRow]) -> Iterator[Scored]:
    """Yield both predictions of each clean row that both predict and whose labels were read as printed.

    Repaired labels are left out: the peer would be scored on a deployment that it was not told of.
    """
    for each in rows:
        row = each.row
        theirs = peer.get(row.id)
        if theirs is None or each.set_aside or row.repaired:
            continue
        metrics = (
            ("tpot_s", row.tpot_s, each.tpot_s, theirs.tpot_s),
            ("ttft_s", row.ttft_s, each.ttft_s, theirs.ttft_s),
        )
        for metric, measured, ours, other in metrics:
            if measured and other > 0 and (metric == "tpot_s" or row.concurrency <= each.capacity):
                for who, value in ((OURS, ours), (PEER, other)):
                    by = {"tool": who, "chip": row.chip, "framework": row.framework, "model": row.model}
                    yield Scored(row.id, metric, by, measured, value, value, value)
