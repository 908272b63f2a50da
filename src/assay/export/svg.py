"""The same picture as SVG, without any library."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import date
from xml.sax.saxutils import escape

from assay.export.chart import COLOURS, DENSITY_AXIS, TPP_AXIS, regions
from assay.export.item import Item
from assay.export.law import law

WIDTH, HEIGHT, MARGIN = 900, 600, 60
TPP_TICKS = (1_000, 1_600, 2_400, 4_800, 21_000, 100_000)
DENSITY_TICKS = (1, 1.6, 3.2, 5.92, 10, 50)


def svg(items: Iterable[Item], on: date) -> str:
    """Return the picture of TPP against performance density on a date as an SVG document."""
    return "\n".join(_elements(items, on))


def _elements(items: Iterable[Item], on: date) -> Iterator[str]:
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">'
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
    yield _text(WIDTH / 2, 24, f"ECCN 3A090 on {on}. {law().notice}", 15, "middle")
    for region in regions(on):
        left, right = _x(region.tpp[0]), _x(region.tpp[1])
        top, bottom = _y(region.density[1]), _y(region.density[0])
        fill = COLOURS[region.paragraph[6]]
        yield (
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{bottom - top:.1f}" '
            f'fill="{fill}" fill-opacity="0.22"><title>{region.paragraph}</title></rect>'
        )
    for tick in TPP_TICKS:
        yield _text(_x(tick), HEIGHT - MARGIN + 18, f"{tick:,}", 11, "middle")
    for density in DENSITY_TICKS:
        yield _text(MARGIN - 6, _y(density) + 4, f"{density:g}", 11, "end")
    yield _text(WIDTH / 2, HEIGHT - 16, "total processing performance (TPP)", 12, "middle")
    yield _text(14, MARGIN - 14, "TPP per mm2", 12, "start")
    for item in items:
        if item.tpp and item.density and _inside(item.tpp, TPP_AXIS) and _inside(item.density, DENSITY_AXIS):
            x, y = _x(item.tpp), _y(item.density)
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="#2c3e50"/>'
            yield _text(x + 6, y + 4, item.name, 10, "start")
    yield "</svg>"


def _x(tpp: float) -> float:
    return MARGIN + (WIDTH - 2 * MARGIN) * _along(tpp, TPP_AXIS)


def _y(density: float) -> float:
    return HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * _along(density, DENSITY_AXIS)


def _along(value: float, axis: tuple[float, float]) -> float:
    """Return where a value lies on a logarithmic axis, 0 to 1."""
    return math.log(value / axis[0]) / math.log(axis[1] / axis[0])


def _inside(value: float, axis: tuple[float, float]) -> bool:
    return axis[0] <= value <= axis[1]


def _text(x: float, y: float, text: str, size: int, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}">{escape(text)}</text>'
