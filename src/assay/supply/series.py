"""The series that a run reports, and how they are read off the state of a month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.core.array import FloatArray
from assay.supply.chip_class import SOURCES
from assay.supply.measure import LABELS
from assay.supply.plan import Plan
from assay.supply.quantiles import COLUMNS
from assay.supply.simulate import Month

Array = npt.NDArray[Any]

RATIO_LABELS = ("h100e_fp8", "h100e_bf16", "tpp", "h100e_bandwidth")
UNITS: Mapping[str, str] = {"tpp": "TPP", "hbm_bytes": "B", "chip_power_w": "W", "hbm_bytes_per_s": "B/s"}


class Reader:
    """Reads every series of a plan, month by month.

    `sold.units.<class>` and `installed.units.<class>` count chips, `sold.source.<source>` and
    `installed.source.<source>` by how they came. `owned.<label>` is what is installed in the country under a label,
    `access.<label>` adds what is used from afar, `sold.<label>` is all that was ever sold into the country, and
    `ratio.<label>` the owned stock over that of the region of reference. Nothing is ever reported without its label.
    """

    def __init__(self, plan: Plan, values: Mapping[str, Array]) -> None:
        names = plan.classes.names
        # where bandwidth stands in for serving, the two series are one: `run` repeats it
        labels = [label for label in LABELS if plan.serving or label != "h100e_serving"]
        self._labels = labels
        self._sources = [slice(min(rows), max(rows) + 1) for rows in map(plan.classes.of_source, SOURCES)]
        self._domestic, self._offshore = self._sources[2], names.index("offshore")
        self._slower = 1 - values["domestic_training_ratio"]
        self._worths = plan.worths[[list(LABELS).index(label) for label in labels]].astype(self._slower.dtype)
        self._training = labels.index("h100e_training")
        # sums by source, sold and installed; stocks under labels, sold, owned and access; ratios
        sizes = (len(SOURCES), len(SOURCES), len(labels), len(labels), len(labels), len(RATIO_LABELS))
        self._rows = [np.empty((size, len(self._slower)), self._slower.dtype) for size in sizes]
        share = values["us_share"] if plan.scenario.record.reference == "us" else np.ones_like(values["us_share"])
        self._per_reference = {label: 1 / (share * plan.reference_worths[label]) for label in RATIO_LABELS}
        self.names = (
            *(f"{state}.units.{name}" for state in ("sold", "installed") for name in names),
            *(f"{state}.source.{source}" for state in ("sold", "installed") for source in SOURCES),
            *(f"{state}.{label}" for state in ("sold", "owned", "access") for label in labels),
            *(f"ratio.{label}" for label in RATIO_LABELS),
        )

    def read(self, month: Month) -> list[Array]:
        """Return every series, shape (samples,), in the order of `names`.

        The arrays are those of the month and of the reader, filled anew each month: the caller may reorder them, and
        copies what is to be kept.
        """
        sold_by, installed_by, sold, owned, access, ratios = self._rows
        for chips, by_source in ((month.total, sold_by), (month.installed, installed_by)):
            for row, rows in zip(by_source, self._sources, strict=True):
                np.add.reduce(chips[rows], axis=0, out=row)
        self._under_labels(month.total, sold)
        self._under_labels(month.installed, owned)
        np.multiply(self._worths[:, self._offshore, np.newaxis], month.installed[self._offshore], out=access)
        access += owned
        for row, (label, scale) in zip(ratios, self._per_reference.items(), strict=True):
            np.divide(owned[self._labels.index(label)], month.world, out=row)
            row *= scale
        return [*month.total, *month.installed, *(row for rows in self._rows for row in rows)]

    def _under_labels(self, chips: Array, out: Array) -> None:
        """Write what chips amount to under each label, those abroad left out, shape (labels, samples)."""
        np.matmul(self._worths[:, : self._offshore], chips[: self._offshore], out=out)
        domestic = self._worths[self._training, self._domestic] @ chips[self._domestic]
        domestic *= self._slower
        out[self._training] -= domestic


def unit_of(name: str) -> str:
    """Return the unit of a series."""
    kind, _, rest = name.partition(".")
    if kind == "ratio":
        return "1"
    if rest.startswith(("units.", "source.")):
        return "chips"
    if rest in ("training_runs", "tokens_per_s"):
        return {"training_runs": "runs", "tokens_per_s": "tokens/s"}[rest]
    return UNITS.get(rest, "H100e")


def long_rows(months: Sequence[str], names: Sequence[str], table: FloatArray) -> list[dict[str, Any]]:
    """Return a table of quantiles, shape (months, names, quantiles.COLUMNS), as one row a month and series."""
    return [
        {"month": month, "series": name, "unit": unit_of(name), **dict(zip(COLUMNS, values, strict=True))}
        for month, block in zip(months, table.tolist(), strict=True)
        for name, values in zip(names, block, strict=True)
    ]
