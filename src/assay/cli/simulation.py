"""How simulations are printed and written to files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from json import dump
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from assay.cli import output
from assay.core.errors import UsageError
from assay.core.quantity import format_si

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from assay.serving.results.distribution import Statistics
    from assay.serving.results.run import Run
    from assay.serving.simulation.answer import Simulation

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""When a simulated time of 0 is said to be in the formats that want a date."""


def emit(found: list[Simulation], rates: tuple[float, ...], *, json: bool, csv: bool) -> None:
    """Print simulations on stdout: one JSON object, a line a request, or a table."""
    from assay.serving.results.over_time import over_time
    from assay.serving.results.records import COLUMNS, rows

    if json and len(found) == 1:
        limits = [pool.limits for pool in found[0].pools]
        output.emit_json(found[0].as_dict() | {"over_time": over_time(found[0].served, limits).as_dict()})
    elif json:
        runs = [{"rate_per_s": rate} | each.as_dict() for rate, each in zip(rates, found, strict=True)]
        output.emit_json({"schema": runs[0]["schema"], "runs": runs})
    elif csv:
        print(",".join(("rate_per_s", *COLUMNS)))  # noqa: T201
        for rate, each in zip(rates or (None,), found, strict=True):
            for row in rows(each.served):
                print(",".join("" if cell is None else str(cell) for cell in (rate, *row)))  # noqa: T201
    else:
        out = output.console()
        for rate, each in zip(rates or (None,), found, strict=True):
            _print(each, rate, out)


def write_files(
    found: list[Simulation],
    rates: tuple[float, ...],
    *,
    records: Path | None,
    vllm_bench: Path | None,
    aiperf: Path | None,
    timeline: Path | None,
    chart: Path | None,
) -> None:
    """Write what was asked for. Raises UsageError where a file is of no known kind, or holds one run of several."""
    if len(found) > 1 and any((records, vllm_bench, aiperf, timeline)):
        raise UsageError("one file cannot hold several runs", "Give one --rate, or only --chart.")
    one = found[0]
    limits = [pool.limits for pool in one.pools]
    if records is not None:
        from assay.serving.results.records import write_csv, write_jsonl

        kind = {".jsonl": write_jsonl, ".csv": write_csv}.get(records.suffix)
        if kind is None:
            raise UsageError(f"{records.name}: requests are written as .jsonl or .csv")
        _write(records, lambda file: kind(one.served, file))
    if vllm_bench is not None:
        from assay.serving.results.vllm_bench import vllm_bench as as_vllm

        found_ = as_vllm(one.served, limits, one.summary, _run(one, rates), detailed=True)
        _write(vllm_bench, lambda file: dump(found_, file))
    if aiperf is not None:
        from assay.serving.results.aiperf import aiperf as as_aiperf
        from assay.serving.results.aiperf_records import write_aiperf_records

        _write(
            aiperf / "profile_export_aiperf.json",
            lambda file: dump(as_aiperf(one.served, one.summary, _run(one, rates)), file, indent=1),
        )
        _write(
            aiperf / "profile_export.jsonl",
            lambda file: write_aiperf_records(one.served, limits, _run(one, rates), file),
        )
    if timeline is not None:
        from assay.serving.results.timeline import write_timeline

        _write(timeline, lambda file: write_timeline(one.served, limits, file))
    if chart is not None:
        _write_chart(found, rates, chart)


def _write_chart(found: list[Simulation], rates: tuple[float, ...], path: Path) -> None:
    from assay.serving.results import charts, render
    from assay.serving.results.over_time import over_time

    if len(found) > 1:
        spec = charts.latency_against_load([(rate, each.summary) for rate, each in zip(rates, found, strict=True)])
    else:
        spec = charts.state_over_time(over_time(found[0].served, [pool.limits for pool in found[0].pools]))
    match path.suffix:
        case ".json":
            _write(path, lambda file: dump(spec, file))
        case ".svg":
            picture = render.svg(spec)
            _write(path, lambda file: file.write(picture))
        case ".png":
            try:
                path.write_bytes(render.png(spec))
            except OSError as error:
                raise UsageError(f"cannot write {path}: {error.strerror}") from None
        case _:
            raise UsageError(f"{path.name}: a chart is .json (Vega-Lite), .svg or .png")


def _write(path: Path, content: Callable[[TextIO], object]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            content(file)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None


def _run(one: Simulation, rates: tuple[float, ...]) -> Run:
    from assay.serving.results.run import Run

    return Run(
        model=one.model,
        started=EPOCH,
        request_rate_per_s=rates[0] if rates else None,
        concurrency=one.request.concurrency,
    )


def _print(one: Simulation, rate: float | None, out: Console) -> None:
    summed = one.summary
    pools = " + ".join(_pool(one, index) for index in range(len(one.pools)))
    load = f"{rate:g} requests/s" if rate else f"{summed.requests_per_s:.3g} requests/s"
    if one.request.concurrency:
        load = f"concurrency {one.request.concurrency}"
    out.print(f"[bold]{one.model}[/] on {pools}: {summed.requests:,} requests, {load}", soft_wrap=True)
    out.print(_latencies(one))
    for fact in _facts(one):
        out.print(fact, highlight=False, soft_wrap=True)


def _facts(one: Simulation) -> Iterator[str]:
    """Yield what stands below the latencies, a line each."""
    summed = one.summary
    yield (
        f"{summed.output_tok_per_s:,.0f} output tok/s, {summed.output_tok_per_s_per_chip:,.1f} a chip "
        f"({one.chips} chips), {format_si(summed.duration_s, 's')} simulated"
    )
    if summed.good_share is not None and summed.goodput_requests_per_s is not None:
        yield f"good: {summed.good_share:.1%} of the requests, {summed.goodput_requests_per_s:.3g} a second"
    for use in summed.pools:
        yield (
            f"{use.name}: busy {use.busy_share:.0%}, batch {use.mean_batch:.1f} (most {use.max_batch}), "
            f"queue {use.mean_queue:.1f} (most {use.max_queue}), KV cache at most {use.peak_kv_share:.0%}"
        )
    if summed.prefix_hit_share:
        yield f"prefix cache: {summed.prefix_hit_share:.1%} of the prompt tokens"
    if summed.preempted_requests:
        yield f"preempted: {summed.preempted_requests:,} requests"
    if one.usd_per_million_output_tokens:
        yield f"{one.usd_per_million_output_tokens.value:.2f} $/Mtok of output"
    if one.joule_per_output_token:
        yield f"{one.joule_per_output_token.value:.2f} J/tok of output"
    ttft, tpot = (f"{_band(each.low)} to {_band(each.high)}" for each in (one.ttft_s, one.tpot_s))
    yield f"80 % interval of the means: TTFT {ttft} ms, TPOT {tpot} ms"


def _pool(one: Simulation, index: int) -> str:
    deployment, pool = one.deployments[index], one.pools[index]
    layout = deployment.layout
    axes = (("TP", layout.tp), ("DP", layout.dp), ("EP", layout.ep), ("PP", layout.pp))
    split = " ".join(f"{name}{int(size)}" for name, size in axes if int(size) > 1) or "TP1"
    return f"{pool.replicas} x {deployment.silicon.id} {deployment.engine.id} {split}"


def _latencies(one: Simulation) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("ms")
    for head in ("mean", "p50", "p90", "p95", "p99", "most"):
        table.add_column(head, justify="right")
    summed = one.summary
    for name, each in (
        ("TTFT", summed.ttft_s),
        ("TPOT", summed.tpot_s),
        ("ITL", summed.itl_s),
        ("E2EL", summed.e2el_s),
    ):
        table.add_row(name, *(_ms(value) for value in _columns(each)))
    return table


def _columns(each: Statistics) -> tuple[float, ...]:
    return (each.mean, each.p50, each.p90, each.p95, each.p99, each.max)


def _ms(seconds: float) -> str:
    return "-" if seconds != seconds else f"{seconds * 1e3:,.1f}"


def _band(seconds: float) -> str:
    return f"{seconds * 1e3:,.3g}"
