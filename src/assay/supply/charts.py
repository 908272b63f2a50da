"""Charts as data: Vega-Lite specifications in plain dictionaries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay.core.array import FloatArray
from assay.supply.diff import DiffResult
from assay.supply.quantiles import COLUMNS
from assay.supply.run import RunResult
from assay.supply.sensitivity import SensitivityResult
from assay.supply.series import unit_of

VEGA_LITE = "https://vega.github.io/schema/vega-lite/v6.json"
BANDS = (("p5", "p95", 0.2), ("p25", "p75", 0.35))
COLOUR = "#2f6f9f"


def fan(result: RunResult, series: str) -> dict[str, Any]:
    """Return the fan of one series: median, 50 % and 90 % bands by month."""
    return _fan(result.months, result.series(series), series, f"{series}, {result.manifest.scenario}")


def diff_fan(result: DiffResult, series: str) -> dict[str, Any]:
    """Return the fan of a difference, with the line of no difference."""
    values = result.table[:, result.names.index(series)]
    title = f"{series}: {result.b.scenario} less {result.a.scenario}"
    spec = _fan(result.months, values, series, title)
    spec["layer"].append(
        {
            "data": {"values": [{"zero": 0}]},
            "mark": "rule",
            "encoding": {"y": {"field": "zero", "type": "quantitative"}},
        }
    )
    return spec


def tornado(result: SensitivityResult, most: int = 15) -> dict[str, Any]:
    """Return the tornado: the output with each input at its 5th and 95th percentile, the largest swing on top."""
    values = [{"input": it.name, "low": it.low, "high": it.high} for it in result.influences[:most]]
    return {
        "$schema": VEGA_LITE,
        "title": f"{result.series} in {result.month}, each input from its 5th to its 95th percentile",
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "bar", "color": COLOUR},
                "encoding": {
                    "y": {"field": "input", "type": "nominal", "sort": None, "title": None},
                    "x": {
                        "field": "low",
                        "type": "quantitative",
                        "title": unit_of(result.series),
                        "scale": {"zero": False},
                    },
                    "x2": {"field": "high"},
                },
            },
            {
                "data": {"values": [{"median": result.median}]},
                "mark": "rule",
                "encoding": {"x": {"field": "median", "type": "quantitative"}},
            },
        ],
    }


def _fan(months: Sequence[str], table: FloatArray, series: str, title: str) -> dict[str, Any]:
    values = [
        {"month": month, **{name: value for name, value in zip(COLUMNS, row, strict=True) if value == value}}
        for month, row in zip(months, table.tolist(), strict=True)
    ]
    x = {"field": "month", "type": "temporal", "title": None}
    bands = [
        {
            "mark": {"type": "area", "color": COLOUR, "opacity": opacity},
            "encoding": {
                "x": x,
                "y": {"field": low, "type": "quantitative", "title": unit_of(series)},
                "y2": {"field": high},
            },
        }
        for low, high, opacity in BANDS
    ]
    line = {
        "mark": {"type": "line", "color": COLOUR},
        "encoding": {"x": x, "y": {"field": "p50", "type": "quantitative"}},
    }
    return {"$schema": VEGA_LITE, "title": title, "data": {"values": values}, "layer": [*bands, line]}
