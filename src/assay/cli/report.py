"""How a comparison looks in a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from assay.cli.explanation import tree
from assay.cli.output import bar
from assay.comparison.report import Report, Row
from assay.core.interval import Interval
from assay.core.quantity import format_si

BAR = 6  # columns of the bar
MARKS = {"measured": "", "sibling": "'", "new generation": '"', "other vendor": "*"}
LEGEND = {
    "'": "a sibling of measured chips",
    '"': "a generation that was not measured",
    "*": "another vendor than the measured chips: widest interval",
}


def print_report(report: Report, out: Console) -> None:
    """Print the comparison: a table of what works, best first, then the notes, then what does not work and why."""
    request = report.request
    out.print(
        f"[bold]{report.model}[/], {request.input_tokens:g} tokens in, {request.output_tokens:g} out, "
        f"mean TTFT <= {format_si(request.ttft_s, 's')}, mean TPOT <= {format_si(request.tpot_s, 's')}"
    )
    feasible = sorted((row for row in report.rows if row.feasible), key=_throughput, reverse=True)
    if feasible:
        out.print(_table(feasible))
        out.print(_notes(report, feasible), style="dim", highlight=False)
    for row in report.rows:
        if not row.feasible:
            out.print(f"[bold]{row.chip}[/]: {row.reason}", highlight=False)


def print_explanations(report: Report, out: Console) -> None:
    """Print the tree of reasons of every feasible chip."""
    for row in report.rows:
        if row.explanation is not None:
            out.print(tree(row.explanation), highlight=False)


def _table(rows: list[Row]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", collapse_padding=True)
    table.add_column("chip", no_wrap=True)
    table.add_column("deployment", no_wrap=True)
    for head in ("TTFT\nms", "TPOT\nms", "tok/s\n/chip", "80 %\n"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for head in ("$/\nMtok", "J/\ntok"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("bound by", no_wrap=True)
    best = max(_throughput(row) for row in rows)
    for row in rows:
        table.add_row(
            row.chip + MARKS[row.transfer or "measured"],
            _deployment(row),
            _milliseconds(row.ttft_s),
            _milliseconds(row.tpot_s),
            f"[bold]{_throughput(row):,.0f}[/]",
            _range(row.output_tok_per_s_per_chip),
            f"[cyan]{bar(_throughput(row) / best, BAR):{BAR}}[/]",
            f"{row.usd_per_million_output_tokens.value:.2f}" if row.usd_per_million_output_tokens else "-",
            f"{row.joule_per_output_token.value:.1f}" if row.joule_per_output_token else "-",
            row.bound_by or "",
        )
    return table


def _deployment(row: Row) -> str:
    """Such as 'sglang TP4 DP4 EP16 @96': framework, layout, concurrent requests of the instance."""
    if row.choice is None:
        return ""
    layout = row.choice.deployment.layout
    axes = (("TP", layout.tp), ("DP", layout.dp), ("EP", layout.ep), ("PP", layout.pp))
    parts = [f"{name}{int(size)}" for name, size in axes if int(size) > 1]
    return " ".join((row.choice.deployment.engine.id, *(parts or ["TP1"]), f"@{row.choice.concurrency}"))


def _notes(report: Report, rows: list[Row]) -> str:
    """Explain marks, prices and assumptions; chips that share one are named together."""
    lines = ["@: concurrent requests of an instance. $/Mtok: all cost on the output tokens."]
    used = {MARKS[row.transfer or "measured"] for row in rows}
    lines += [f"{mark} {text}." for mark, text in LEGEND.items() if mark in used]
    lines += _shared("price", {row.chip: (row.price_basis,) for row in rows if row.price_basis})
    exports = {row.chip: (row.export_status,) for row in rows if row.export_status}
    lines += _shared(f"export to {report.request.to}", exports)
    lines += _shared("assumed", {row.chip: row.assumed for row in rows})
    lines += [f"Assumed of the model: {text}." for text in report.assumptions]
    return "\n".join(lines)


def _shared(label: str, said: Mapping[str, tuple[str, ...]]) -> list[str]:
    chips: dict[str, list[str]] = {}
    for chip, texts in said.items():
        for text in texts:
            chips.setdefault(text, []).append(chip)
    return [f"{', '.join(names)}: {label}: {text}." for text, names in chips.items()]


def _throughput(row: Row) -> float:
    return row.output_tok_per_s_per_chip.value if row.output_tok_per_s_per_chip else 0.0


def _milliseconds(interval: Interval | None) -> str:
    return f"{interval.value * 1e3:,.3g}" if interval else "-"


def _range(interval: Interval | None) -> str:
    return f"{interval.low:,.0f}-{interval.high:,.0f}" if interval else "-"
