"""How the scores of a validation look in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from assay.validation.score import Score


def print_score(score: Score, out: Console) -> None:
    """Print one line a group: rows, errors, bias, coverage and width of the 80 % interval, all in %."""
    left = f", {score.left_out} left out" if score.left_out else ""
    out.print(f"[bold]{score.source}[/]{left}: {len(score.predicted)} measured numbers of {score.rows} rows")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("group")
    table.add_column("metric", no_wrap=True)
    for head in ("n", "median\nAPE", "MAPE", "P90", "bias", "inside\n80 %", "width"):
        table.add_column(head, justify="right", no_wrap=True)
    for group in score.groups:
        numbers = (group.median_ape, group.mape, group.p90_ape)
        table.add_row(
            ", ".join(value for value in group.by.values() if value),
            group.metric,
            str(group.n),
            *(f"{100 * number:.1f}" for number in numbers),
            f"{100 * group.bias:+.1f}",
            f"{100 * group.interval80_coverage:.0f}",
            f"{100 * group.interval80_width:.0f}",
        )
    out.print(table)


def print_cleaning(cleaning: Sequence[tuple[str, int, str]], out: Console) -> None:
    """Print what each rule of the cleaning touched, and why."""
    for rule, rows, reason in cleaning:
        out.print(f"[dim]{rule}: {rows} rows; {reason}[/]", highlight=False)
