"""Coefficient files: written so that the same fit gives the same bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from assay.kernels.coefficients import DATA, CoefficientFile, Family, FamilyRecord, shipped
from assay.kernels.fit.families import FAMILIES
from assay.kernels.fit.fit import SOURCE, fit_family


def refit(folder: Path = DATA, *, advance: Callable[[], None] = lambda: None) -> tuple[Path, ...]:
    """Fit every family again and write its file. Predictions of this process see the new numbers."""
    found: dict[str, Family] = {}
    for name, family in FAMILIES.items():
        found[name] = fit_family(family)
        advance()
    written = write_shipped(folder, found)
    shipped.cache_clear()
    return written


def write_shipped(folder: Path, families: Mapping[str, Family]) -> tuple[Path, ...]:
    """Write families into the coefficient files of a folder, beside those that the files hold already."""
    names = list(dict.fromkeys(FAMILIES[name].file for name in families))
    written = []
    for name in names:
        path = folder / f"{name}.json"
        content: dict[str, Any] = {"source": SOURCE, "families": {}}
        if path.exists():
            content = json.loads(path.read_text(encoding="utf-8"))
        content["families"] |= {
            key: record(key, family) for key, family in families.items() if FAMILIES[key].file == name
        }
        CoefficientFile.model_validate(content)
        path.write_text(text(content), encoding="utf-8")
        written.append(path)
    return tuple(written)


def write_left_out(path: Path, families: Mapping[str, Family]) -> None:
    """Write families fitted without a chip or a generation into one file of their own, numbers only."""
    records = {
        name: {key: value for key, value in record(name, family).items() if key not in ("filters", "not_identified")}
        for name, family in families.items()
    }
    content = {"source": SOURCE, "families": records}
    CoefficientFile.model_validate(content)
    path.write_text(text(content), encoding="utf-8")


def record(name: str, family: Family) -> dict[str, Any]:
    """Return a family as its file holds it."""
    fit = FAMILIES[name]
    content: dict[str, Any] = {
        "what": family.what,
        "global": dict(family.overall),
        "by_generation": family.by_generation,
        "software_axis": fit.software_axis,
        "by_software": family.by_software,
        "chips": list(family.chips),
        "filters": fit.filters,
        "not_identified": list(family.not_identified),
    }
    defaults = {key: FamilyRecord.model_fields[key].default for key in ("filters",)}
    return {key: value for key, value in content.items() if value and value != defaults.get(key)}


def text(content: Mapping[str, Any]) -> str:
    """Return JSON with one line for each key of a family, and each symbol of its offsets."""
    families = []
    for name, family in content["families"].items():
        lines = []
        for key, value in family.items():
            if key in ("by_generation", "by_software") and value:
                inner = ",\n".join(
                    f"        {json.dumps(symbol)}: {_line(offsets)}" for symbol, offsets in value.items()
                )
                lines.append(f"      {json.dumps(key)}: {{\n{inner}\n      }}")
            else:
                lines.append(f"      {json.dumps(key)}: {_line(value)}")
        families.append(f"    {json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n    }")
    head = f'{{\n  "source": {json.dumps(content["source"])},\n  "families": {{\n'
    return head + ",\n".join(families) + "\n  }\n}\n"


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
