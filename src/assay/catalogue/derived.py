"""Figures that follow from others: total processing performance (TPP) and performance density (PD)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from assay.core.source import Fact

BIT_LENGTH: Mapping[str, int] = {
    "fp64": 64,
    "fp64_tensor": 64,
    "fp32": 32,
    "bf16": 16,
    "fp16": 16,
    "fp8": 8,
    "fp6": 6,
    "fp4": 4,
    "int8": 8,
}
"""Bit length of each format that counts. TF32 is left out, by choice: it keeps 19 bits of a 32-bit word, and some chips
run it at the rate of BF16, so that counting 32 would double the TPP of a Trainium."""

TOLERANCE = 1e-3
"""Relative difference up to which a stated value recomputes: datasheets print the 989.4 TFLOPS of an H100 as 989."""

End = Literal["value", "low", "high"]


def tpp(peak_flop_per_s: Mapping[str, float]) -> float | None:
    """Return the total processing performance of dense peaks: max over formats of peak [T/s] x bit length.

    A multiply-accumulate counts as two operations, as vendors count it, so TPP = 2 x MacTOPS x bit length.

    Parameters
    ----------
    peak_flop_per_s
        Dense peaks by format, flop/s (int8: op/s).

    Returns
    -------
    float or None
        None where no format of 16 bits or fewer is stated: vector peaks alone would only bound it from below.

    Notes
    -----
    Definition: Export Administration Regulations, ECCN 3A090, technical note (15 CFR 774, supplement 1).
    """
    products = {fmt: peak / 1e12 * BIT_LENGTH[fmt] for fmt, peak in peak_flop_per_s.items() if fmt in BIT_LENGTH}
    if not any(BIT_LENGTH[fmt] <= 16 for fmt in products):
        return None
    return max(products.values())


def performance_density(tpp: float, die_area_mm2: float) -> float:
    """Return TPP per mm2: the area of all logic dies on a non-planar process, without the memory stacks."""
    return tpp / die_area_mm2


def derived_facts(facts: Mapping[str, Fact]) -> dict[str, Fact]:
    """Return what `tpp` and `performance_density` must be, from the other facts of a chip; ranges follow from theirs.

    Where the file states a peak for classification beside the one for speed (a datasheet that adds vector units to the
    matrix units, an announced clock that shipping parts do not reach), TPP is computed from the former.
    """
    found: dict[str, Fact] = {}
    peaks = _table(facts, "peak_flop_per_s") | _table(facts, "classification_flop_per_s")
    ends = {end: tpp({fmt: _end(fact, end) for fmt, fact in peaks.items()}) for end in ("value", "low", "high")}
    if (value := ends["value"]) is None:
        return found
    sources = tuple(dict.fromkeys(id for fact in peaks.values() for id in fact.sources))
    found["tpp"] = _derived(value, ends["low"], ends["high"], sources)
    if area := facts.get("die_area_mm2"):
        total = facts.get("tpp", found["tpp"])
        found["performance_density"] = _derived(
            performance_density(total.value, area.value),
            performance_density(_end(total, "low"), _end(area, "high")),
            performance_density(_end(total, "high"), _end(area, "low")),
            tuple(dict.fromkeys(total.sources + area.sources)),
        )
    return found


def agrees(stated: float, computed: float) -> bool:
    """Return whether a stated value recomputes, within TOLERANCE."""
    return abs(stated - computed) <= TOLERANCE * abs(computed)


def _table(facts: Mapping[str, Fact], name: str) -> dict[str, Fact]:
    return {key.removeprefix(f"{name}."): fact for key, fact in facts.items() if key.startswith(f"{name}.")}


def _end(fact: Fact, end: End) -> float:
    bound = {"value": fact.value, "low": fact.low, "high": fact.high}[end]
    return fact.value if bound is None else bound


def _derived(value: float, low: float | None, high: float | None, sources: tuple[str, ...]) -> Fact:
    certain = low == high
    return Fact(value, sources, "derived", None if certain else low, None if certain else high)
