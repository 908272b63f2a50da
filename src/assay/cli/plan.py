"""`assay plan`: which deployment of these chips serves this load best?"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from assay.core.errors import UsageError
from assay.core.quantity import format_si, parse_count, parse_seconds

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from assay.serving.planning.option import Option
    from assay.serving.planning.plan import Plan
    from assay.serving.search import ServiceLevel
    from assay.serving.traffic.requests import Requests

SHOWN = 12
"""Rows of the frontier in a table for people; --json and --csv have all."""
INPUT_TOKENS, OUTPUT_TOKENS = "4096", "1024"
TTFT, TPOT = "2s", "50ms"


def plan(
    *,
    model: str,
    chip: Annotated[tuple[str, ...], Parameter(negative=())],
    chips: int | None = None,
    rate: float | None = None,
    concurrency: int | None = None,
    input_tokens: str = "",
    output_tokens: str = "",
    cached_tokens: int = 0,
    trace: Path | None = None,
    slo: str = "",
    ttft: str = "",
    tpot: str = "",
    objective: Literal["throughput", "chips", "cost", "energy"] | None = None,
    framework: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    quantisation: Annotated[tuple[Literal["native", "fp8", "int8", "nvfp4"], ...], Parameter(negative=())] = (
        "native",
    ),
    tp: int | None = None,
    dp: int | None = None,
    ep: int | None = None,
    pp: int | None = None,
    draft_tokens: int = 0,
    accepted_tokens: float = 1.0,
    place: str = "US",
    price: Literal["auto", "rental", "ownership"] = "auto",
    as_of: date | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
    csv: Annotated[bool, Parameter(negative=())] = False,
    explain: Annotated[bool, Parameter(negative=())] = False,
    emit: Literal["vllm", "sglang", "dynamo", "llm-d", "inference-sim"] | None = None,
) -> None:
    """Plan a deployment: layouts, pools, batch and chunk sizes, for the chips at hand or for a load.

    Searches tensor, pipeline, expert and attention data parallelism, one pool or prefill and decode pools, also of two
    kinds of chip; prints the best one that keeps the service level, and the frontier of speed against throughput.

    Parameters
    ----------
    model
        Hugging Face id, alias, or path to a config.json.
    chip
        Catalogue id, alias, or path to a TOML file; repeat for more kinds.
    chips
        Chips at hand, of one kind or of two together; with a load, the most it may take.
    rate
        Load to carry: requests a second.
    concurrency
        Load to carry: requests under way at any time.
    input_tokens
        Mean prompt length: 4096, or 4K; default 4096.
    output_tokens
        Mean answer length; default 1024.
    cached_tokens
        Prompt tokens found in the prefix cache, of the input tokens.
    trace
        File of requests: their mean lengths, and their rate where neither chips nor a load are stated.
    slo
        Service level by name, such as mlperf:deepseek-r1:interactive, in place of the next two.
    ttft
        Longest mean time to first token: 2s, 500ms; default 2s.
    tpot
        Longest mean time per output token after the first; default 50ms.
    objective
        What is best; default: throughput of the chips at hand, the fewest chips for a load.
    framework
        Frameworks to choose from (sglang, vllm, trtllm, vllm-ascend, vllm-fork); default: all that run on the chip, or
        those that --emit can launch.
    quantisation
        Weights as the checkpoint has them (native), or converted to fp8, int8 or nvfp4; repeat for a choice.
    tp
        Tensor parallel size of attention, where it is not to be searched.
    dp
        Attention data-parallel ranks, where they are not to be searched.
    ep
        Expert parallel size, where it is not to be searched.
    pp
        Pipeline stages, where they are not to be searched.
    draft_tokens
        Tokens drafted per step by multi-token prediction, where it helps.
    accepted_tokens
        Tokens a step yields on average with drafting, the certain one included.
    place
        Country whose prices and tariffs come first (ISO 3166-1 alpha-2).
    price
        Rental, ownership, or the one that prices most of the chips (auto), so that like is compared with like.
    as_of
        Prices published after this date are not seen; default: today.
    json
        Print one JSON object (schema assay.plan/1).
    csv
        Print one line a point of the frontier.
    explain
        Print what became of the other points, and the tree of reasons of the choice.
    emit
        Print what launches the choice instead: a script, a manifest, or a profile of a simulated server.
    """
    from assay.cli import output
    from assay.cli.explanation import tree
    from assay.serving.planning.answer import plan as answer
    from assay.serving.planning.emit import FRAMEWORKS
    from assay.serving.planning.emit import emit as written
    from assay.serving.planning.explain import explanation
    from assay.serving.planning.request import PlanRequest

    requests, level = _requests(trace, input_tokens, output_tokens), _level(slo, ttft, tpot)
    if requests is not None and chips is None and rate is None and concurrency is None:
        rate = _rate(requests)
    prompt, answer_tokens = _lengths(requests, input_tokens, output_tokens)
    request = PlanRequest(
        model=model,
        kinds=chip,
        input_tokens=prompt,
        output_tokens=answer_tokens,
        ttft_s=level.ttft_s,
        tpot_s=level.tpot_s,
        cached_tokens=cached_tokens,
        chips=chips,
        rate_per_s=rate,
        concurrency=concurrency,
        objective=objective,
        frameworks=framework or (FRAMEWORKS[emit] if emit else ()),
        quantisations=quantisation,
        tp=tp,
        dp=dp,
        ep=ep,
        pp=pp,
        draft_tokens=draft_tokens,
        accepted_tokens=accepted_tokens,
        requests=requests,
        place=place.upper(),
        basis=price,
        as_of=as_of or date.today(),
    )
    found = answer(request)
    if emit:
        sys.stdout.write(written(found, emit))
    elif json:
        reasons = {"explanation": explanation(found).as_dict()} if explain else {}
        output.emit_json(found.as_dict() | reasons)
    elif csv:
        output.emit_csv([_line(option, option is found.choice) for option in found.pareto])
    else:
        out = output.console()
        _print(found, out)
        if explain:
            out.print(tree(explanation(found)), highlight=False)


def _requests(trace: Path | None, input_tokens: str, output_tokens: str) -> Requests | None:
    if trace is None:
        return None
    if input_tokens or output_tokens:
        raise UsageError("lengths are those of the trace", "Leave out --input-tokens and --output-tokens, or --trace.")
    from assay.serving.traffic.trace import read_trace

    return read_trace(trace)


def _lengths(requests: Requests | None, input_tokens: str, output_tokens: str) -> tuple[float, float]:
    if requests is not None:
        return float(requests.input_tokens.mean()), float(requests.output_tokens.mean())
    return parse_count(input_tokens or INPUT_TOKENS), parse_count(output_tokens or OUTPUT_TOKENS)


def _rate(requests: Requests) -> float:
    span_s = float(requests.arrival_s[-1] - requests.arrival_s[0])
    if span_s <= 0:
        raise UsageError("the requests of the trace come all at once", "State --chips, --rate or --concurrency.")
    return (len(requests) - 1) / span_s


def _level(slo: str, ttft: str, tpot: str) -> ServiceLevel:
    from assay.serving.planning.slo import named_level
    from assay.serving.search import ServiceLevel

    if slo and (ttft or tpot):
        raise UsageError("a service level has a name or times, not both", "Leave out --slo, or --ttft and --tpot.")
    return named_level(slo) if slo else ServiceLevel(parse_seconds(ttft or TTFT), parse_seconds(tpot or TPOT))


def _line(option: Option, chosen: bool) -> dict[str, Any]:
    """Return a point of the frontier as one line: intervals become three columns, pools their layout."""
    cells: dict[str, Any] = {"chosen": chosen}
    for key, value in option.as_dict().items():
        if key in ("pools", "assumed"):
            continue
        if key == "kinds":
            cells[key] = "; ".join(value)
            continue
        if isinstance(value, dict):
            cells |= {f"{key}_{part}": each for part, each in value.items()}
        elif key != "simulated":
            cells[key] = value
    return cells


def _name(option: Option, found: Plan) -> str:
    """Return the layout, and the kind of chip where several were asked for and one is used."""
    alone = len(found.request.kinds) > 1 and len(option.kinds) == 1
    return f"{option.layout} on {option.kinds[0]}" if alone else option.layout


def _milliseconds(time_s: float) -> str:
    return f"{time_s * 1e3:,.0f}" if time_s >= 0.1 else f"{time_s * 1e3:.3g}"


def _print(found: Plan, out: Console) -> None:
    request, choice = found.request, found.choice
    out.print(
        f"[bold]{_name(choice, found)}[/]: {choice.chips} chips, {choice.concurrency} requests under way, "
        f"{choice.requests_per_s:.3g} a second",
        highlight=False,
    )
    out.print(_table(found))
    searched = f"{found.evaluated:,} points and {found.pairs:,} pairs of pools"
    lines = [f"{len(found.pareto)} of {searched}, from the fastest to the best by {request.goal}."]
    if any(option.simulated and not option.simulated.confirmed for option in found.pareto):
        lines.append("x: a simulation refutes it.")
    lines += _simulation(choice)
    lines += [f"Assumed: {text}." for text in choice.assumed]
    lines += [f"Assumed of the model: {text}." for text in found.assumptions]
    out.print("\n".join(lines), style="dim", highlight=False)


def _table(found: Plan) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", collapse_padding=True)
    table.add_column("")
    table.add_column("deployment")
    for head in ("chips", "TTFT\nms", "TPOT\nms", "tok/s\n/user", "tok/s\n/chip", "80 %\n", "$/\nMtok", "J/\ntok"):
        table.add_column(head, justify="right", no_wrap=True)
    for option in _shown(found):
        usd, joule, chip = (
            option.usd_per_million_output_tokens,
            option.joule_per_output_token,
            option.output_tok_per_s_per_chip,
        )
        table.add_row(
            _mark(option, found.choice),
            _name(option, found),
            str(option.chips),
            _milliseconds(option.ttft_s.value),
            _milliseconds(option.tpot_s.value),
            f"{1 / option.tpot_s.value:.0f}",
            f"{chip.value:,.0f}",
            f"{chip.low:,.0f}-{chip.high:,.0f}",
            f"{usd.value:.2f}" if usd else "-",
            f"{joule.value:.1f}" if joule else "-",
        )
    return table


def _shown(found: Plan) -> list[Option]:
    """Return some points of the frontier, evenly spread, the best and the choice among them."""
    count = len(found.pareto)
    rows = {round(index * (count - 1) / (SHOWN - 1)) for index in range(SHOWN)}
    return [option for row, option in enumerate(found.pareto) if row in rows or option is found.choice]


def _simulation(choice: Option) -> list[str]:
    simulated = choice.simulated
    if simulated is None:
        return []
    verdict = "confirms it" if simulated.confirmed else "does NOT confirm it"
    means = f"mean TTFT {format_si(simulated.ttft_s, 's')}, TPOT {format_si(simulated.tpot_s, 's')}"
    highest = f"{format_si(simulated.ttft_p99_s, 's')} and {format_si(simulated.tpot_p99_s, 's')}"
    reached = f"{means}, {simulated.output_tok_per_s:,.0f} tok/s; 99 % below {highest}"
    return [f"*: the choice. A simulation of {simulated.requests:,} requests {verdict}: {reached}."]


def _mark(option: Option, choice: Option) -> str:
    if option is choice:
        return "*"
    return "x" if option.simulated and not option.simulated.confirmed else ""
