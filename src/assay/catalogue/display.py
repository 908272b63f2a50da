"""Facts as people read them: the unit is taken from the end of the key."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from assay.core.quantity import format_si

DIGITS = 4


def _si(unit: str) -> Callable[[float], str]:
    return lambda value: format_si(value, unit, DIGITS)


def _binary(value: float) -> str:
    mib = value / 2**20
    return f"{mib / 1024:.4g} GiB" if mib >= 1024 else f"{mib:.4g} MiB"


def _count(value: float) -> str:
    for scale, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M")):
        if value >= scale:
            return f"{value / scale:.4g}{letter}"
    return f"{value:,.6g}"


BY_SUFFIX: Mapping[str, Callable[[float], str]] = {
    "_flop_per_s": _si("flop/s"),
    "_op_per_s": _si("op/s"),
    "_bytes_per_s": _si("B/s"),
    "_bytes": _binary,
    "_hz": _si("Hz"),
    "_w": _si("W"),
    "_s": _si("s"),
    "_mm2": lambda value: f"{value:,.6g} mm²",
}
"""How a value is written, by the end of its key; the first that fits. Memory is counted in binary, as drivers do."""


COLUMN: Mapping[str, tuple[str, float]] = {
    "_flop_per_s": ("T/s", 1e12),
    "_bytes_per_s": ("GB/s", 1e9),
    "_bytes": ("GiB", 2.0**30),
    "_w": ("W", 1.0),
    "_parameters": ("B", 1e9),
}
"""Unit and scale of a column, by the end of its key."""


def readable(key: str, value: float | None) -> str:
    """Return a value in the unit that its key names, with a prefix: readable('tdp_w', 1400) == '1.4 kW'."""
    if value is None:
        return ""
    table, _, fmt = key.rpartition(".")
    unit = (table.replace("_flop_", "_op_") if fmt == "int8" else table) or key
    for suffix, write in BY_SUFFIX.items():
        if unit.endswith(suffix):
            return write(value)
    return _count(value)


def column_unit(key: str) -> str:
    """Return the one unit that a column of `key` is printed in."""
    return _column(key)[0]


def in_column(key: str, value: float) -> str:
    """Return a value in the unit of its column, without the unit."""
    return f"{value / _column(key)[1]:,.6g}"


def _column(key: str) -> tuple[str, float]:
    name = key.rpartition(".")[0] or key
    return next((column for suffix, column in COLUMN.items() if name.endswith(suffix)), ("", 1.0))


def label(key: str) -> str:
    """Return a key as a heading, without its unit: label('memory_bandwidth_bytes_per_s') == 'memory bandwidth'."""
    table, _, member = key.rpartition(".")
    name = table or member
    stem = next((name.removesuffix(suffix) for suffix in BY_SUFFIX if name.endswith(suffix)), name)
    return f"{stem} {member if table else ''}".replace("_", " ").strip()
