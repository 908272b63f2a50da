"""A small sample of measured deployments, cleaned and merged: up to five for each chip, framework and model.

Facts read from silicon_sample.csv of PyPI aiconfigurator-core 0.12.0 (Apache-2.0).
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from assay.validation.measured import Measured

NUMBERS = ("input_tokens", "output_tokens", "concurrency", "ttft_s", "tpot_s")
SIZES = ("tp", "dp", "ep")


@cache
def sample() -> tuple[Measured, ...]:
    with (Path(__file__).parent / "sample.csv").open(encoding="utf-8", newline="") as file:
        return tuple(_row(cells) for cells in csv.DictReader(file))


def _row(cells: dict[str, str]) -> Measured:
    numbers = {key: float(cells.pop(key)) for key in NUMBERS}
    sizes = {key: int(cells.pop(key)) for key in SIZES}
    static = cells.pop("static_scales") == "True"
    return Measured(**cells, **numbers, **sizes, pp=1, mode="aggregated", source="sample", static_scales=static)
