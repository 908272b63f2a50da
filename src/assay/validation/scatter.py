"""Predicted against measured as a picture: counts on a logarithmic grid, drawn as SVG."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from xml.sax.saxutils import escape

from assay.validation.score import Scored

CELLS_PER_DECADE: Final = 12
SIZE, MARGIN, CELL_INK = 420, 48, "#1f6f8b"


def counts(rows: Iterable[Scored]) -> dict[str, int]:
    """Return how many rows lie in each cell, keyed "measured,predicted" in cells of a twelfth of a decade."""
    found: Counter[str] = Counter()
    for row in rows:
        found[f"{_cell(row.measured)},{_cell(row.value)}"] += 1
    return dict(sorted(found.items()))


def scatter(cells: Mapping[str, int], title: str) -> str:
    """Return the picture of some counts: the diagonal is a perfect prediction, the band around it a factor of 1.25."""
    points = []
    for key, count in cells.items():
        across, up = key.split(",")
        points.append((int(across), int(up), count))
    low = min(min(x, y) for x, y, _ in points) - 1
    high = max(max(x, y) for x, y, _ in points) + 2
    return "\n".join(_elements(points, low, high, title)) + "\n"


def _elements(points: list[tuple[int, int, int]], low: int, high: int, title: str) -> Iterator[str]:
    step = (SIZE - 2 * MARGIN) / (high - low)
    most = max(count for *_, count in points)

    def x(cell: float) -> float:
        return MARGIN + step * (cell - low)

    def y(cell: float) -> float:
        return SIZE - MARGIN - step * (cell - low)

    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" font-family="sans-serif"'
    yield ' font-size="11">'
    yield f'<rect width="{SIZE}" height="{SIZE}" fill="white"/>'
    yield f'<text x="{SIZE / 2}" y="20" text-anchor="middle" font-size="13">{escape(title)}</text>'
    off = CELLS_PER_DECADE * math.log10(1.25)
    for shift, dash in ((-off, "3 3"), (0.0, "none"), (off, "3 3")):
        start, end = max(low, low - shift), min(high, high - shift)
        yield (
            f'<line x1="{x(start):.1f}" y1="{y(start + shift):.1f}" x2="{x(end):.1f}" y2="{y(end + shift):.1f}" '
            f'stroke="#999" stroke-dasharray="{dash}"/>'
        )
    for across, up, count in points:
        ink = 0.15 + 0.85 * math.log1p(count) / math.log1p(most)
        yield (
            f'<rect x="{x(across):.1f}" y="{y(up + 1):.1f}" width="{step:.1f}" height="{step:.1f}" fill="{CELL_INK}" '
            f'fill-opacity="{ink:.2f}"><title>{count} rows</title></rect>'
        )
    for cell in range(low, high + 1):
        if cell % CELLS_PER_DECADE == 0:
            label = f"{10.0 ** (cell / CELLS_PER_DECADE) * 1e3:g} ms"
            yield f'<text x="{x(cell):.1f}" y="{SIZE - MARGIN + 16}" text-anchor="middle">{label}</text>'
            yield f'<text x="{MARGIN - 4}" y="{y(cell) + 4:.1f}" text-anchor="end">{label}</text>'
    yield f'<text x="{SIZE / 2}" y="{SIZE - 12}" text-anchor="middle">measured</text>'
    yield f'<text x="14" y="{SIZE / 2}" text-anchor="middle" transform="rotate(-90 14 {SIZE / 2})">predicted</text>'
    yield "</svg>"


def _cell(seconds: float) -> int:
    return math.floor(CELLS_PER_DECADE * math.log10(seconds))
