"""The answers of `assay supply` as tables for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from assay.cli import output

if TYPE_CHECKING:
    from assay.core.array import FloatArray
    from assay.supply.diff import DiffResult
    from assay.supply.diversion.evaluate import Evaluation
    from assay.supply.plan import KnownInput
    from assay.supply.run import Manifest, RunResult
    from assay.supply.score import ScoreResult
    from assay.supply.sensitivity import SensitivityResult

SHOWN = (
    "owned.h100e_fp8",
    "owned.h100e_bf16",
    "owned.tpp",
    "owned.h100e_bandwidth",
    "owned.h100e_serving",
    "owned.h100e_training",
    "access.h100e_fp8",
    "sold.h100e_fp8",
    "ratio.h100e_fp8",
    "ratio.h100e_bandwidth",
    "installed.source.licensed",
    "installed.source.diverted",
    "installed.source.domestic",
    "installed.source.offshore",
)


def print_run(result: RunResult) -> None:
    """Print the main series at the end of each year, and when thresholds are crossed."""
    _print_fan(f"{result.manifest.scenario}: p50 (p5 to p95)", result.months, result.names, result.table)
    for it in result.crossings:
        when = f"{it.p50 or 'not within the horizon'} ({it.p5 or '-'} to {it.p95 or '-'})"
        output.console().print(f"{it.series} reaches {it.value:.4g}: {when}, in {it.share:.0%} of samples")
    _print_manifest(result.manifest)


def print_diff(result: DiffResult) -> None:
    """Print the difference of the main series at the end of each year."""
    title = f"{result.b.scenario} less {result.a.scenario}: p50 (p5 to p95)"
    _print_fan(title, result.months, result.names, result.table)
    _print_manifest(result.b)


def print_sensitivity(result: SensitivityResult) -> None:
    """Print the inputs, the largest swing first."""
    output.console().print(f"{result.series} in {result.month}; {result.median:.4g} with every input at its median")
    print_table([{key: _short(value) for key, value in row.items()} for row in result.rows()[:20]])
    _print_manifest(result.manifest)


def print_score(result: ScoreResult) -> None:
    """Print every question with its answer, then coverage and skill."""
    rows = [
        {
            "id": it.id,
            "cut": it.cut,
            "question": it.text,
            "p5": _short(it.p5),
            "p50": _short(it.p50),
            "p95": _short(it.p95),
            "outcome": "" if it.outcome is None else _short(it.outcome),
            "passed": "yes" if it.passed else "NO",
        }
        for it in result.scored
    ]
    print_table(rows)
    out = output.console()
    for it in result.scored:
        failed = "; ".join(demand.text for demand in it.demands if not demand.holds)
        if failed or (it.remark and not all(it.holds)):
            out.print(f"{it.id}: {failed or 'outside the interval'}. {it.remark}")
    out.print("coverage  " + "  ".join(f"{level}: {share:.0%}" for level, share in result.coverage.items()))
    out.print("skill against  " + "  ".join(f"{name}: {value:+.2f}" for name, value in result.skill.items()))
    out.print("The outcomes were known when the model was written: calibration, not proof.")


def print_inputs(inputs: Mapping[str, KnownInput]) -> None:
    """Print every input with its interval and basis."""
    from assay.supply.run import input_table

    rows = [{**row, "sources": " ".join(row["sources"])} for row in input_table(inputs)]
    print_table([{key: _short(value) for key, value in row.items() if key != "shape"} for row in rows])


def print_leads(rows: Sequence[Mapping[str, Any]], notice: str) -> None:
    """Print leads, the most suspicious first, under their notice."""
    kept = ("id", "value_usd", "probability", "reasons")
    print_table([{key: _short(row[key]) for key in kept} for row in rows])
    output.console().print(notice)


def print_evaluation(result: Evaluation) -> None:
    """Print the quality of the leads by number of alerts, and the cases left out."""
    from assay.supply.diversion.lead import NOTICE

    print_table([{key: _short(value) for key, value in it.as_dict().items()} for it in result.by_alerts])
    print_table([{"case": it.id, "status": it.status, "rank among lawful": f"{it.rank:.3f}"} for it in result.left_out])
    output.console().print(NOTICE)


def print_table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows under the keys of the first."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in rows[0] if rows else ():
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(str(_short(value)) for value in row.values()))
    output.console().print(table)


def _print_fan(title: str, months: Sequence[str], names: Sequence[str], values: FloatArray) -> None:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    table.add_column("series", no_wrap=True)
    ends = [index for index, month in enumerate(months) if month.endswith("-12")] or [len(months) - 1]
    ends = ends[-7::3] if len(ends) >= 7 else ends[-4:]
    for index in ends:
        table.add_column(months[index], justify="right", no_wrap=True)
    for name in (name for name in SHOWN if name in names):
        row = values[:, names.index(name)]
        table.add_row(name, *(f"{_big(row[at, 2])} ({_big(row[at, 0])} to {_big(row[at, 4])})" for at in ends))
    output.console().print(table)


def _big(value: float) -> str:
    """Return a count with three digits: 1.23M."""
    for size, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{suffix}"
    return f"{value:.3g}"


def _print_manifest(it: Manifest) -> None:
    out = output.console()
    out.print(
        f"as of {it.as_of}, seed {it.seed}, {it.samples:,} samples, assay {it.version}, inputs {it.input_hash[:16]}"
    )
    out.print(f"h100e_serving is a {it.serving}" if it.serving.startswith("stand-in") else f"serving: {it.serving}")


def _short(value: object) -> object:
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1e4 else f"{value:.4g}"
    return value
