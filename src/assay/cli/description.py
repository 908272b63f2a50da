"""How models look in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.markup import escape
from rich.table import Table

from assay.catalogue.display import readable
from assay.cli.output import console
from assay.core.quantity import format_si
from assay.llm.description import CONTEXT_TOKENS, PARTS, Description, shape
from assay.llm.precision import Precision


def print_description(description: Description) -> None:
    """Print a model: its sizes, bytes, blocks, the operators of one decode step, and what was assumed."""
    model, out = description.model, console()
    architecture = model.architecture
    out.print(f"[bold]{escape(model.id)}[/] ({escape(architecture.model_type)}), read from {escape(model.origin)}")
    out.print(_pairs(_sizes(description)))
    out.print("\n[bold]blocks[/]")
    for block in architecture.blocks:
        parts = [_part(part) for part in (block.mixer, block.ffn) if part is not None]
        out.print(f"  {block.count} x {' + '.join(parts)}", soft_wrap=True, markup=False)
    out.print(f"\n[bold]one decode step[/], one sequence of {CONTEXT_TOKENS:,} tokens on one chip")
    out.print(_operators(description))
    if architecture.assumptions:
        out.print("\n[bold]assumed[/]")
    for assumption in architecture.assumptions:
        out.print(f"  {assumption}", soft_wrap=True, markup=False)


def print_models(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print the models of the catalogue, one a line."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, justify in (("id", "left"), ("Hugging Face id", "left"), ("total", "right"), ("active", "right")):
        table.add_column(heading, justify="right" if justify == "right" else "left", no_wrap=True)
    for row in rows:
        sizes = (readable(key, row[key]) for key in ("total_parameters", "active_parameters"))
        table.add_row(row["id"], row["hf_id"], *sizes)
    console().print(table)


def _sizes(description: Description) -> dict[str, str]:
    parameters, record = description.parameters, description.model.record
    native: Precision = description.model.architecture.native
    formats = ", ".join(f"{part} {getattr(native, part)}" for part in PARTS)
    parts = ", ".join(f"{part} {format_si(size, 'B')}" for part, size in description.weight_bytes_by_part.items())
    counts = {name: count for name, count in asdict(parameters).items() if count}
    shown = {f"parameters, {name}": readable("parameters", count) for name, count in counts.items()}
    if record is not None and record.total_parameters is not None:
        published = (record.total_parameters, record.active_parameters)
        shown["published"] = ", ".join(readable("parameters", size) for size in published) + " (total, active)"
    return shown | {
        "formats": formats,
        "weights": f"{format_si(description.weight_bytes, 'B', 4)} ({parts})",
        "KV cache": f"{description.kv_bytes_per_token:,.0f} B a token",
        "state": f"{format_si(description.state_bytes_per_sequence, 'B')} a sequence (windows, linear attention)",
        "context": f"{description.model.architecture.max_context:,} tokens",
    }


def _pairs(pairs: Mapping[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True, style="dim")
    table.add_column()
    for key, value in pairs.items():
        table.add_row(key, escape(value))
    return table


def _operators(description: Description) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("role", no_wrap=True)
    table.add_column("launches", justify="right")
    table.add_column("operator", no_wrap=True)
    table.add_column("shape")
    for operator in description.operators:
        dimensions = " ".join(f"{key}={_short(value)}" for key, value in shape(operator).items() if value is not False)
        table.add_row(operator.role, f"{float(operator.count):g}", type(operator).__name__, dimensions)
    return table


def _part(part: object) -> str:
    values = {key: value for key, value in asdict(part).items() if value not in (None, False, 0, "none")}  # type: ignore[call-overload]
    return f"{type(part).__name__}({', '.join(f'{key}={_short(value)}' for key, value in values.items())})"


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
