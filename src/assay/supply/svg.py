"""The same charts as SVG, drawn from their Vega-Lite data: for those who have no renderer at hand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any
from xml.sax.saxutils import escape

from assay.supply.charts import BANDS, COLOUR

WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 190, 20, 36, 34


def fan_svg(spec: dict[str, Any]) -> str:
    """Draw a fan or a difference, as made by `charts.fan` or `charts.diff_fan`."""
    values = spec["data"]["values"]
    y = _Axis(*_extent(row[name] for row in values for name in ("p5", "p95")), HEIGHT - BOTTOM, TOP)
    step = (WIDTH - LEFT - RIGHT) / max(len(values) - 1, 1)
    xs = [LEFT + index * step for index in range(len(values))]
    parts = [_grid(y)]
    for low, high, opacity in BANDS:
        there = [(x, y.at(row[low])) for x, row in zip(xs, values, strict=True)]
        back = [(x, y.at(row[high])) for x, row in zip(xs, values, strict=True)][::-1]
        parts.append(f'<polygon points="{_points([*there, *back])}" fill="{COLOUR}" fill-opacity="{opacity}"/>')
    median = [(x, y.at(row["p50"])) for x, row in zip(xs, values, strict=True)]
    parts.append(f'<polyline points="{_points(median)}" fill="none" stroke="{COLOUR}" stroke-width="2"/>')
    for x, row in zip(xs, values, strict=True):
        if row["month"].endswith("-01"):
            parts.append(_text(x, HEIGHT - 12, row["month"][:4], "middle"))
    return _document(spec["title"], HEIGHT, parts)


def tornado_svg(spec: dict[str, Any]) -> str:
    """Draw a tornado, as made by `charts.tornado`."""
    values = spec["data"]["values"]
    median = spec["layer"][1]["data"]["values"][0]["median"]
    height = TOP + 20 * len(values) + BOTTOM
    x = _Axis(*_extent([*(row[end] for row in values for end in ("low", "high")), median]), LEFT, WIDTH - RIGHT)
    parts = []
    for index, row in enumerate(values):
        top = TOP + 20 * index
        begin, end = sorted((x.at(row["low"]), x.at(row["high"])))
        parts.append(f'<rect x="{begin:.1f}" y="{top + 3}" width="{end - begin:.1f}" height="14" fill="{COLOUR}"/>')
        parts.append(_text(LEFT - 8, top + 14, row["input"], "end"))
    parts.append(
        f'<line x1="{x.at(median):.1f}" x2="{x.at(median):.1f}" y1="{TOP}" y2="{height - BOTTOM}" stroke="#222"/>'
    )
    parts += [_text(x.at(tick), height - 12, f"{tick:.3g}", "middle") for tick in x.ticks()]
    return _document(spec["title"], height, parts)


class _Axis:
    """A linear scale from values to pixels."""

    def __init__(self, low: float, high: float, begin: float, end: float) -> None:
        self.low, self.high, self.begin, self.end = low, high if high > low else low + 1, begin, end

    def at(self, value: float) -> float:
        return self.begin + (value - self.low) / (self.high - self.low) * (self.end - self.begin)

    def ticks(self, about: int = 5) -> list[float]:
        raw = (self.high - self.low) / about
        power = 10 ** math.floor(math.log10(raw))
        step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
        first = math.ceil(self.low / step)
        return [step * index for index in range(first, math.floor(self.high / step) + 1)]


def _grid(y: _Axis) -> str:
    lines = []
    for tick in y.ticks():
        at = y.at(tick)
        lines.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
        lines.append(_text(LEFT - 8, at + 4, f"{tick:.3g}", "end"))
    return "".join(lines)


def _extent(values: Iterable[float]) -> tuple[float, float]:
    found = list(values)
    return min(0.0, *found), max(0.0, *found)


def _points(pairs: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in pairs)


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _document(title: str, height: float, parts: Iterable[str]) -> str:
    style = 'font-family="sans-serif" font-size="12"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" {style}>'
    heading = f'<title>{escape(title)}</title><text x="12" y="22" font-size="14">{escape(title)}</text>'
    return f"{head}{heading}{''.join(parts)}</svg>\n"
