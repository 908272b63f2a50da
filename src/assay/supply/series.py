"""The series that a run reports, and how they are read off the state of a month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.supply.chip_class import SOURCES
from assay.supply.measure import LABELS
from assay.supply.plan import Plan
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
        labels = list(LABELS)
        self._labels = labels
        self._sources = [slice(min(rows), max(rows) + 1) for rows in map(plan.classes.of_source, SOURCES)]
        self._domestic, self._offshore = self._sources[2], names.index("offshore")
        self._slower = 1 - values["domestic_training_ratio"]
        self._worths = plan.worths.astype(self._slower.dtype)
        self._training = labels.index("h100e_training")
        share = values["us_share"] if plan.scenario.record.reference == "us" else np.ones_like(values["us_share"])
        self._per_reference = {label: 1 / (share * plan.reference_worths[label]) for label in RATIO_LABELS}
        self.names = (
            *(f"{state}.units.{name}" for name in names for state in ("sold", "installed")),
            *(f"{state}.source.{source}" for source in SOURCES for state in ("sold", "installed")),
            *(f"{state}.{label}" for label in labels for state in ("sold", "owned", "access")),
            *(f"ratio.{label}" for label in RATIO_LABELS),
        )

    def read(self, month: Month) -> Iterator[Array]:
        """Yield every series, shape (samples,), in the order of `names`. The arrays are not to be written."""
        for pair in zip(month.total, month.installed, strict=True):
            yield from pair
        for rows in self._sources:
            yield month.total[rows].sum(axis=0)
            yield month.installed[rows].sum(axis=0)
        sold, owned = self._under_labels(month.total), self._under_labels(month.installed)
        used = month.installed[self._offshore]
        for row, worth in enumerate(self._worths[:, self._offshore]):
            yield from (sold[row], owned[row], owned[row] + worth * used)
        for label, scale in self._per_reference.items():
            yield owned[self._labels.index(label)] / month.world * scale

    def _under_labels(self, chips: Array) -> Array:
        """Return what chips amount to under each label, those abroad left out, shape (labels, samples)."""
        counted = self._worths[:, : self._offshore] @ chips[: self._offshore]
        domestic = self._worths[self._training, self._domestic] @ chips[self._domestic]
        counted[self._training] -= domestic * self._slower
        return counted


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
