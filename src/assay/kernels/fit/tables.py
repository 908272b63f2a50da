"""The measured tables of aiconfigurator-core, read family by family; what is left out, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import util
from pathlib import Path
from typing import Final

import numpy as np

from assay.core.errors import UsageError
from assay.kernels.fit.rows import Column, Rows

CHIPS: Final[dict[str, str]] = {
    "a100_sxm": "a100-sxm-80gb",
    "l40s": "l40s",
    "h100_sxm": "h100-sxm",
    "h200_sxm": "h200-sxm",
    "b200_sxm": "b200-sxm",
    "b300_sxm": "b300-sxm",
    "gb200": "gb200",
    "gb300": "gb300",
    "rtx_pro_6000_server": "rtx-pro-6000-bw-server",
    "b60": "arc-pro-b60",
}
"""System of the package: chip of the catalogue. Its other systems hold no operator data."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Rows that are left out. An empty text matches everything."""

    reason: str
    chip: str = ""
    framework: str = ""
    versions: frozenset[str] = frozenset()

    def drops(self, chip: str, framework: str, version: str) -> bool:
        """Whether a file falls under the rule."""
        return (
            self.chip in ("", chip)
            and self.framework in ("", framework)
            and (not self.versions or version in self.versions)
        )


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of file of the package: systems/data/<system>/<folder>/<framework>/<version>/<file>.parquet."""

    folder: str
    file: str
    shape: tuple[str, ...]
    """Columns that describe the kernel; everything else but the times is provenance."""
    rules: tuple[Rule, ...] = ()
    newest: bool = False
    """Only the newest version of a framework on a chip: older files repeat or copy rows."""
    times: tuple[str, ...] = ("latency",)
    """Columns that add up to the time."""
    unit_s: float = 1e-3


def read(table: Table) -> tuple[Rows, ...]:
    """Return the rows of a table, one entry a file, times in seconds, repeated shapes merged by their median.

    Raises
    ------
    UsageError
        Where the measured tables are not installed.
    """
    return _read(table, data_folder())


@cache
def data_folder() -> Path:
    """Return the folder of measured tables."""
    package = util.find_spec("aiconfigurator_core")
    if package is None or not package.submodule_search_locations:
        raise UsageError(
            "the measured tables are not installed", "pip install 'assay[validation]' brings them (80 MB)."
        )
    return Path(package.submodule_search_locations[0]) / "systems" / "data"


@cache
def _read(table: Table, folder: Path) -> tuple[Rows, ...]:
    return tuple(rows for path in _files(table, folder) if len(rows := _rows(path, table)))


def _files(table: Table, folder: Path) -> Iterator[Path]:
    for system, chip in CHIPS.items():
        for framework in sorted((folder / system / table.folder).glob("*")):
            files = [
                path
                for path in framework.glob(f"*/{table.file}.parquet")
                if not any(rule.drops(chip, framework.name, path.parent.name) for rule in table.rules)
            ]
            files.sort(key=lambda path: _version_key(path.parent.name))
            yield from files[-1:] if table.newest else files


def _version_key(version: str) -> tuple[tuple[int, str], ...]:
    """Order versions by their numbers: 0.5.9 before 0.5.14, 1.3.0rc10 before 1.3.0rc20."""
    parts = version.replace("rc", ".0rc.").split(".")
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


def _rows(path: Path, table: Table) -> Rows:
    import pyarrow.parquet as parquet  # only the extra `validation` brings it

    content = parquet.read_table(path)
    latency_s = sum((content[name].to_numpy() for name in table.times), np.zeros(content.num_rows)) * table.unit_s
    absent = np.zeros(len(latency_s))  # older files lack columns whose feature did not exist: windows
    shapes: dict[str, Column] = {
        name: content[name].to_numpy(zero_copy_only=False) if name in content.column_names else absent
        for name in table.shape
    }
    framework, version = path.parent.parent.name, path.parent.name
    rows = Rows(CHIPS[path.parents[3].name], framework, version, framework, shapes, latency_s)
    return rows.where(np.isfinite(latency_s) & (latency_s > 0)).merged()
