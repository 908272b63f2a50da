"""A picture of the rules: TPP against performance density, the controlled regions, and chips as points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from assay.export.condition import COMPARISONS, leaves
from assay.export.item import Item
from assay.export.law import law
from assay.export.rulebook import rulebook

TPP_AXIS = (500.0, 200_000.0)
DENSITY_AXIS = (0.5, 100.0)
COLOURS: Mapping[str, str] = {"a": "#c0392b", "b": "#e67e22"}


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of TPP and density that a paragraph takes."""

    paragraph: str
    tpp: tuple[float, float]
    density: tuple[float, float]


def regions(on: date) -> Iterator[Region]:
    """Yield the rectangles of the paragraphs that TPP and density bound on a date, cut at the ends of the axes."""
    bounds = {"tpp": TPP_AXIS, "performance_density": DENSITY_AXIS}
    for version in rulebook(on).enforced["classification"]:
        tests = [leaf for leaf in leaves(version.when) if leaf.op in COMPARISONS]
        if not tests or any(leaf.fact not in bounds for leaf in tests):
            continue
        box = dict(bounds)
        for leaf in tests:
            low, high = box[leaf.fact]
            raised = leaf.op in ("at_least", "more_than")
            box[leaf.fact] = (max(low, leaf.value), high) if raised else (low, min(high, leaf.value))
        yield Region(version.rule, box["tpp"], box["performance_density"])


def vega_lite(items: Iterable[Item], on: date) -> dict[str, Any]:
    """Return the picture as a Vega-Lite 5 specification; chips without TPP or density are left out.

    Note 2 is not drawn: a chip that is not for data centres and below a TPP of 4,800 is outside, wherever it lies.
    """
    controlled = [
        {
            "paragraph": region.paragraph,
            "tpp": region.tpp[0],
            "tpp_end": region.tpp[1],
            "density": region.density[0],
            "density_end": region.density[1],
        }
        for region in regions(on)
    ]
    chips = [
        {"chip": item.name, "tpp": item.tpp, "density": item.density, "datacentre": item.datacentre}
        for item in items
        if item.tpp and item.density
    ]
    x = {"type": "quantitative", "scale": {"type": "log", "domain": list(TPP_AXIS)}, "title": "TPP"}
    y = {"type": "quantitative", "scale": {"type": "log", "domain": list(DENSITY_AXIS)}, "title": "TPP per mm2"}
    colour = {
        "field": "paragraph",
        "type": "nominal",
        "title": "3A090",
        "scale": {
            "domain": [region["paragraph"] for region in controlled],
            "range": [COLOURS[str(region["paragraph"])[6]] for region in controlled],
        },
    }
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": f"ECCN 3A090 on {on}. {law().notice}",
        "width": 640,
        "height": 440,
        "layer": [
            {
                "data": {"values": controlled},
                "mark": {"type": "rect", "opacity": 0.25},
                "encoding": {
                    "x": {"field": "tpp", **x},
                    "x2": {"field": "tpp_end"},
                    "y": {"field": "density", **y},
                    "y2": {"field": "density_end"},
                    "color": colour,
                },
            },
            {
                "data": {"values": chips},
                "mark": {"type": "point", "filled": True, "color": "#2c3e50"},
                "encoding": {
                    "x": {"field": "tpp", **x},
                    "y": {"field": "density", **y},
                    "tooltip": [{"field": "chip"}, {"field": "tpp"}, {"field": "density"}],
                },
            },
            {
                "data": {"values": chips},
                "mark": {"type": "text", "dx": 6, "align": "left", "fontSize": 9},
                "encoding": {"x": {"field": "tpp", **x}, "y": {"field": "density", **y}, "text": {"field": "chip"}},
            },
        ],
    }
