"""Anybody's measurements of deployments from a CSV file, in the form that its header shows.

The forms are described in docs/measurements-format.md: the long one (published_table.py), the short one
(published_short.py), and the columns of silicon_sample.csv (silicon_sample.py).
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeVar

from assay.catalogue.door import Record, read_csv, read_text
from assay.core.errors import BadData, Fault
from assay.validation import published_short, published_table, silicon_sample
from assay.validation.measured import Measured
from assay.validation.published_row import PublishedRow
from assay.validation.published_short import ShortRecord
from assay.validation.published_table import TableRecord

RecordT = TypeVar("RecordT", bound=Record)

SAMPLE_COLUMNS: Final = frozenset({"id", "system", "model_path", "backend", "silicon_ttft_ms", "silicon_tpot_ms"})
"""Columns by which silicon_sample.csv is known."""
HINT: Final = "docs/measurements-format.md lists the columns of each form."


def read(path: Path) -> tuple[PublishedRow, ...]:
    """Return the rows of a CSV file of measurements, in order.

    A row that cannot be predicted is among them, with its reason.

    Raises
    ------
    BadData
        The file cannot be read, is of no known form, or has cells that its form does not allow: all faults at once,
        each with line and column.
    """
    header = _header(path)
    if header >= SAMPLE_COLUMNS:
        return tuple(_of_sample(row) for row in silicon_sample.aggregated(path).rows)
    if "batch_scope" in header or "metric" in header:
        return published_table.rows(_records(path, TableRecord, header))
    if "chip" in header and "concurrency" in header:
        return published_short.rows(_records(path, ShortRecord, header))
    raise BadData([Fault(str(path), "line 1", "the header is of no known form")], HINT)


def _header(path: Path) -> frozenset[str]:
    try:
        names = next(csv.reader(read_text(path).splitlines()), [])
    except csv.Error as error:
        raise BadData([Fault(str(path), "line 1", str(error))], HINT) from error
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise BadData([Fault(str(path), "line 1", f"column {name!r} twice") for name in twice], HINT)
    return frozenset(names)


def _records(path: Path, schema: type[RecordT], header: frozenset[str]) -> list[RecordT]:
    missing = [name for name, field in schema.model_fields.items() if field.is_required() and name not in header]
    unknown = sorted(header - set(schema.model_fields))
    faults = [Fault(str(path), "line 1", f"no column {name!r}") for name in missing]
    faults += [Fault(str(path), "line 1", f"unknown column {name!r}") for name in unknown]
    if faults:
        raise BadData(faults, HINT)
    try:
        records = read_csv(path, schema)
    except csv.Error as error:
        raise BadData([Fault(str(path), "", str(error))], HINT) from error
    ids = Counter(str(getattr(record, "id", "")) for record in records)
    twice = [Fault(str(path), "id", f"{id!r} stands {count} times") for id, count in ids.items() if id and count > 1]
    if twice:
        raise BadData(twice)
    return records


def _of_sample(row: Measured) -> PublishedRow:
    times = (("ttft_s", row.ttft_s), ("tpot_s", row.tpot_s))
    return PublishedRow(
        id=row.id,
        chip=row.chip,
        model=row.model,
        framework=row.framework,
        release=f"{row.framework} {row.version}".strip(),
        repository=row.model,
        loading="closed loop",
        measures=tuple((name, value) for name, value in times if value is not None),
        publisher=row.source,
        scored=not row.flags,
        measured=row,
    )


def unpredicted(rows: Sequence[PublishedRow]) -> Counter[str]:
    """Return how many of the scored rows cannot be predicted, by reason."""
    return Counter(row.reason for row in rows if row.scored and row.reason)
