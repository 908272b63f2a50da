"""`assay supply`: how many can be had, and what does it add up to?"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from assay.core.errors import UsageError

if TYPE_CHECKING:
    from assay.supply.run import RunRequest

if TYPE_CHECKING:
    from assay.supply.measure import Serving

app = App(
    name="supply",
    help="How many chips can be had under a policy, with intervals, and what they add up to. Scenarios, not forecasts.",
    help_format="plaintext",
)
diversion = App(
    name="diversion", help="Red flags of orders: leads for review, never findings.", help_format="plaintext"
)
app.command(diversion)

Flag = Annotated[bool, Parameter(negative=())]
Several = Annotated[tuple[str, ...], Parameter(negative=())]

HEADLINE = "owned.h100e_fp8"


@app.command
def run(
    scenario: str = "status-quo",
    /,
    *,
    as_of: date | None = None,
    seed: int = 1,
    samples: int = 10_000,
    threshold: Several = (),
    flop: float = 5e26,
    days: float = 90.0,
    mfu: float = 0.35,
    model: str = "",
    input_tokens: int = 4096,
    output_tokens: int = 1024,
    ttft: str = "2s",
    tpot: str = "50ms",
    series: str = HEADLINE,
    chart: Path | None = None,
    json: Flag = False,
    csv: Flag = False,
    explain: Flag = False,
) -> None:
    """Run a scenario: stock and flow by month, with 5, 25, 50, 75 and 95 % quantiles.

    Parameters
    ----------
    scenario
        Name of a shipped scenario, path to a TOML file, or a share string.
    as_of
        Nothing published after this date is seen; default: today.
    seed
        Seed of the random numbers: the same seed gives the same bytes.
    samples
        Number of samples.
    threshold
        Ask when a series first reaches a value: owned.h100e_fp8=2e6; repeat for more.
    flop
        Size of the training run whose first month is asked for, FLOP.
    days
        Length of that run.
    mfu
        Model FLOP utilisation of that run.
    model
        Count tokens per second of this model: what each chip serves of it, by the performance model of `compare`.
    input_tokens
        Mean prompt length of that service.
    output_tokens
        Mean answer length.
    ttft
        Longest mean time to first token.
    tpot
        Longest mean time per output token.
    series
        Series of the chart.
    chart
        Write the fan of the series: Vega-Lite to a .json file, a drawing to a .svg file.
    json
        Print one JSON object (schema assay.supply/1).
    csv
        Print one line a month and series.
    explain
        Print every input with its interval, basis and sources.
    """
    from assay.cli import output
    from assay.cli.supply_tables import print_inputs, print_run
    from assay.supply.run import RunRequest, TrainingRun
    from assay.supply.run import run as answer
    from assay.supply.scenario import scenario as read

    thresholds = tuple(_threshold(text) for text in threshold)
    training = TrainingRun(flop, days, mfu)
    serving = _serving(model, input_tokens, output_tokens, ttft, tpot) if model else None
    request = RunRequest(read(scenario), as_of or _today(), samples, seed, thresholds, training, serving)
    with output.progress(request.scenario.months, "months", file=sys.stderr) as advance:
        result = answer(request, advance)
    if chart:
        from assay.supply.charts import fan
        from assay.supply.svg import fan_svg

        _draw(chart, fan(result, series), fan_svg)
    if json:
        output.emit_json(result.as_dict())
    elif csv:
        output.emit_csv(result.rows())
    else:
        print_run(result)
        if explain:
            print_inputs(result.inputs)


@app.command
def diff(
    a: str,
    b: str,
    /,
    *,
    as_of: date | None = None,
    seed: int = 1,
    samples: int = 10_000,
    series: str = HEADLINE,
    chart: Path | None = None,
    json: Flag = False,
    csv: Flag = False,
) -> None:
    """Compare two scenarios on the same random numbers: b less a, with an interval of its own.

    Parameters
    ----------
    a
        Scenario to start from.
    b
        Scenario to compare with it.
    as_of
        Nothing published after this date is seen; default: today.
    seed
        Seed of the random numbers.
    samples
        Number of samples.
    series
        Series of the chart.
    chart
        Write the fan of the difference to a .json (Vega-Lite) or .svg file.
    json
        Print one JSON object (schema assay.supply-diff/1).
    csv
        Print one line a month and series.
    """
    from assay.cli import output
    from assay.cli.supply_tables import print_diff
    from assay.supply.diff import diff as answer

    requests = [_request(text, as_of, seed, samples) for text in (a, b)]
    with output.progress(requests[0].scenario.months, "months", file=sys.stderr) as advance:
        result = answer(requests[0], requests[1], advance)
    if chart:
        from assay.supply.charts import diff_fan
        from assay.supply.svg import fan_svg

        _draw(chart, diff_fan(result, series), fan_svg)
    if json:
        output.emit_json(result.as_dict())
    elif csv:
        output.emit_csv(result.rows())
    else:
        print_diff(result)


@app.command
def sensitivity(
    scenario: str = "status-quo",
    /,
    *,
    series: str = HEADLINE,
    month: str = "2027-12",
    as_of: date | None = None,
    seed: int = 1,
    samples: int = 10_000,
    chart: Path | None = None,
    json: Flag = False,
    csv: Flag = False,
) -> None:
    """Rank the inputs by what they do to one series: tornado, rank correlation, Sobol indices, value of knowing.

    Parameters
    ----------
    scenario
        Name, path or share string.
    series
        Series asked about.
    month
        Month asked about: 2027-12.
    as_of
        Nothing published after this date is seen; default: today.
    seed
        Seed of the random numbers.
    samples
        Number of samples.
    chart
        Write the tornado to a .json (Vega-Lite) or .svg file.
    json
        Print one JSON object (schema assay.supply-sensitivity/1).
    csv
        Print one line an input.
    """
    from assay.cli import output
    from assay.cli.supply_tables import print_sensitivity
    from assay.supply.sensitivity import sensitivity as answer

    with output.progress(3, "passes", file=sys.stderr) as advance:
        result = answer(_request(scenario, as_of, seed, samples), series, month, advance)
    if chart:
        from assay.supply.charts import tornado
        from assay.supply.svg import tornado_svg

        _draw(chart, tornado(result), tornado_svg)
    if json:
        output.emit_json(result.as_dict())
    elif csv:
        output.emit_csv(result.rows())
    else:
        print_sensitivity(result)


@app.command
def score(
    scenario: str = "status-quo",
    /,
    *,
    seed: int = 1,
    samples: int = 10_000,
    jobs: int = 1,
    json: Flag = False,
    csv: Flag = False,
) -> None:
    """Score hindcasts: each question answered with what was known on its day, then compared with what happened.

    Parameters
    ----------
    scenario
        Scenario whose facts are used.
    seed
        Seed of the random numbers.
    samples
        Number of samples.
    jobs
        Processes to use; the result is the same.
    json
        Print one JSON object (schema assay.supply-score/1).
    csv
        Print one line a question.
    """
    from concurrent.futures import ProcessPoolExecutor
    from contextlib import nullcontext

    from assay.cli import output
    from assay.cli.supply_tables import print_score
    from assay.supply.question import by_cut, resolved
    from assay.supply.scenario import scenario as read
    from assay.supply.score import ScoreRequest
    from assay.supply.score import score as answer

    if jobs < 1:
        raise UsageError(f"{jobs} jobs: give 1 or more")
    request = ScoreRequest(read(scenario), samples, seed)
    with (
        ProcessPoolExecutor(jobs) if jobs > 1 else nullcontext() as pool,
        output.progress(len(by_cut(resolved())), "dates", file=sys.stderr) as advance,
    ):
        result = answer(request, pool.map if pool else map, advance)
    if json:
        output.emit_json(result.as_dict())
    elif csv:
        output.emit_csv(result.rows())
    else:
        print_score(result)


@app.command
def register(
    scenario: str = "status-quo", /, *, as_of: date | None = None, seed: int = 1, samples: int = 10_000
) -> None:
    """Print a dated, hashed forecast of the open questions as JSON: keep it, and score it when the answers are known.

    Parameters
    ----------
    scenario
        Name, path or share string.
    as_of
        Day of the forecast; default: today.
    seed
        Seed of the random numbers.
    samples
        Number of samples.
    """
    from assay.cli import output
    from assay.supply.register import register as answer

    output.emit_json(answer(_request(scenario, as_of, seed, samples)).as_dict())


@app.command
def scenarios(*, json: Flag = False) -> None:
    """List the shipped scenarios.

    Parameters
    ----------
    json
        Print one JSON object.
    """
    from assay.supply.scenario import scenario, scenario_names

    found = [scenario(name) for name in scenario_names()]
    _listed(
        "scenarios", [{"name": it.name, "title": it.record.title, "share": it.share()} for it in found], json, ["share"]
    )


@app.command
def levers(*, json: Flag = False) -> None:
    """List the levers that a scenario may turn.

    Parameters
    ----------
    json
        Print one JSON object.
    """
    from assay.supply.lever import levers as known

    def values(name: str) -> str:
        lever = known()[name]
        return ", ".join(lever.states) if lever.states else f"{lever.least:g} to {lever.most:g}, else {lever.default:g}"

    _listed("levers", [{"name": name, "values": values(name), "what": it.what} for name, it in known().items()], json)


@app.command
def inputs(scenario: str = "status-quo", /, *, as_of: date | None = None, json: Flag = False) -> None:
    """List the inputs as known on a date: 90 % interval, basis, sources.

    Parameters
    ----------
    scenario
        Name, path or share string.
    as_of
        Nothing published after this date is seen; default: today.
    json
        Print one JSON object.
    """
    from assay.supply.run import input_table

    plan = _request(scenario, as_of, 1, 10).plan()
    rows = [{**row, "sources": " ".join(row["sources"])} for row in input_table(plan.inputs)]
    _listed("inputs", rows, json, ["shape", "published"])


@diversion.command(name="cases")
def list_cases(*, json: Flag = False) -> None:
    """List the public cases, by id; only those charged count as diversion.

    Parameters
    ----------
    json
        Print one JSON object.
    """
    from assay.supply.diversion.case import cases

    rows = [case.model_dump() for case in cases()]
    shown = [{**row, "flags": " ".join(row["flags"]), "typologies": " ".join(row["typologies"])} for row in rows]
    _listed("cases", rows if json else shown, json, ["quantity", "unit", "url", "first", "last"])


@diversion.command
def generate(*, orders: int = 1000, diverted_share: float = 0.02, seed: int = 1) -> None:
    """Print synthetic orders as CSV, some of them diverted: made from the typologies, of nobody.

    Parameters
    ----------
    orders
        How many.
    diverted_share
        Share of them that is diverted.
    seed
        Seed of the random numbers.
    """
    from assay.cli import output
    from assay.supply.diversion.order import synthetic_orders

    drawn = synthetic_orders(orders, diverted_share, seed)
    output.emit_csv(
        [{"id": it.id, "value_usd": round(it.value_usd), "flags": ";".join(sorted(it.flags))} for it in drawn]
    )


@diversion.command(name="score")
def score_orders(orders: Path, /, *, prior: float = 0.02, json: Flag = False, csv: Flag = False) -> None:
    """Rank orders by their red flags. A lead for review, never a finding.

    Parameters
    ----------
    orders
        CSV file with the columns id, value_usd and flags (RF01;RF08).
    prior
        Share of orders thought to be diverted before any flag is seen.
    json
        Print one JSON object (schema assay.supply-diversion/1).
    csv
        Print one line an order.
    """
    from assay.cli import output
    from assay.supply.diversion.case import cases
    from assay.supply.diversion.lead import NOTICE, SCHEMA, leads, weights
    from assay.supply.diversion.order import read_orders

    if not 0 < prior < 1:
        raise UsageError(f"a prior of {prior:g}: give a share between 0 and 1")
    rows = [lead.as_dict() for lead in leads(read_orders(orders), weights(cases()), prior)]
    flat = [
        {**row, "reasons": " ".join(f"{code}{value:+.1f}" for code, value in row["reasons"].items())} for row in rows
    ]
    if json:
        output.emit_json({"schema": SCHEMA, "notice": NOTICE, "leads": rows})
    elif csv:
        output.emit_csv(flat)
    else:
        from assay.cli.supply_tables import print_leads

        print_leads(flat, NOTICE)


@diversion.command
def evaluate(*, orders: int = 10_000, diverted_share: float = 0.02, seed: int = 1, json: Flag = False) -> None:
    """Measure the leads: precision, recall by value, lead time, and what false alarms cost the innocent.

    Parameters
    ----------
    orders
        Synthetic orders to draw.
    diverted_share
        Share of them that is diverted.
    seed
        Seed of the random numbers.
    json
        Print one JSON object (schema assay.supply-diversion/1).
    """
    from assay.cli import output
    from assay.cli.supply_tables import print_evaluation
    from assay.supply.diversion.evaluate import evaluate as answer

    result = answer(orders, diverted_share, seed)
    if json:
        output.emit_json(result.as_dict())
    else:
        print_evaluation(result)


def _request(text: str, as_of: date | None, seed: int, samples: int) -> RunRequest:
    from assay.supply.run import RunRequest
    from assay.supply.scenario import scenario as read

    return RunRequest(read(text), as_of or _today(), samples, seed)


def _today() -> date:
    return date.today()


def _serving(model: str, input_tokens: int, output_tokens: int, ttft: str, tpot: str) -> Serving:
    """Return the performance model of the main job for one model and service level."""
    from assay.comparison import CompareRequest
    from assay.comparison.rate import serving_rate
    from assay.core.quantity import parse_seconds
    from assay.supply.measure import Serving

    question = CompareRequest(
        model=model,
        chips=("h100-sxm",),
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        ttft_s=parse_seconds(ttft),
        tpot_s=parse_seconds(tpot),
    )
    words = f"{model}, {input_tokens} tokens in, {output_tokens} out, TTFT {ttft}, TPOT {tpot}: assay compare"
    return Serving(words, serving_rate(question))


def _threshold(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UsageError(f"'{text}' is not a threshold", "Write series=value: owned.h100e_fp8=2e6.")
    return name.strip(), number


def _draw(path: Path, spec: dict[str, Any], svg: Callable[[dict[str, Any]], str]) -> None:
    import json

    if path.suffix not in (".json", ".svg"):
        raise UsageError(
            f"'{path}' is neither .json nor .svg", "Vega-Lite goes to a .json file, a drawing to a .svg file."
        )
    try:
        path.write_text(svg(spec) if path.suffix == ".svg" else json.dumps(spec, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def _listed(noun: str, rows: list[dict[str, Any]], json: bool, hidden: list[str] | None = None) -> None:
    from assay.cli import output
    from assay.cli.supply_tables import print_table

    if json:
        output.emit_json({"schema": f"assay.supply-{noun}/1", noun: rows})
    else:
        print_table([{key: value for key, value in row.items() if key not in (hidden or ())} for row in rows])
