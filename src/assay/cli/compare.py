"""`assay compare`: which chip serves this model best, for how much?"""

from __future__ import annotations

import sys
from datetime import date
from typing import Annotated, Literal

from cyclopts import Parameter

from assay.core.quantity import parse_count, parse_seconds


def compare(
    *,
    model: str,
    chip: Annotated[tuple[str, ...], Parameter(negative=())],
    input_tokens: str = "4096",
    output_tokens: str = "1024",
    ttft: str = "2s",
    tpot: str = "50ms",
    cached_tokens: int = 0,
    framework: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    max_chips: int = 64,
    tp: int | None = None,
    dp: int | None = None,
    ep: int | None = None,
    pp: int | None = None,
    draft_tokens: int = 0,
    accepted_tokens: float = 1.0,
    place: str = "US",
    price: Literal["auto", "rental", "ownership"] = "auto",
    as_of: date | None = None,
    to: str = "",
    json: Annotated[bool, Parameter(negative=())] = False,
    csv: Annotated[bool, Parameter(negative=())] = False,
    explain: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Compare chips for one model, workload and service level.

    Prints, for each chip, the deployment with the most output tokens a second and chip that keeps the service level:
    its layout, speed, cost and energy, and what binds. A chip that cannot do it says why.

    Parameters
    ----------
    model
        Hugging Face id, alias, or path to a config.json.
    chip
        Catalogue id, alias, or path to a TOML file; repeat for more. 'all' takes the whole catalogue.
    input_tokens
        Mean prompt length: 4096, or 4K.
    output_tokens
        Mean answer length.
    ttft
        Longest mean time to first token: 2s, 500ms.
    tpot
        Longest mean time per output token after the first.
    cached_tokens
        Prompt tokens found in the prefix cache, of the input tokens.
    framework
        Frameworks to choose from (sglang, vllm, trtllm, vllm-ascend, vllm-fork); default: all that run on the chip.
    max_chips
        Most chips of one instance.
    tp
        Tensor parallel size of attention, where it is not to be searched.
    dp
        Attention data-parallel ranks, where they are not to be searched.
    ep
        Expert parallel size, where it is not to be searched.
    pp
        Pipeline stages, where they are not to be searched.
    draft_tokens
        Tokens drafted per step by multi-token prediction.
    accepted_tokens
        Tokens a step yields on average with drafting, the certain one included.
    place
        Country whose prices and tariffs come first (ISO 3166-1 alpha-2).
    price
        Rental, ownership, or the one that prices most of the chips (auto), so that like is compared with like.
    as_of
        Prices published after this date are not seen; default: today.
    to
        Country to which the chips would be exported from the US: adds their export status on the date.
    json
        Print one JSON object (schema assay.compare/1).
    csv
        Print one line a chip.
    explain
        Print the tree of reasons of each chip: seconds by operator, dollars by item, with sources.
    """
    from assay.catalogue.chip import chip_ids
    from assay.cli import output
    from assay.cli.report import print_explanations, print_report
    from assay.comparison import CompareRequest
    from assay.comparison import compare as answer

    request = CompareRequest(
        model=model,
        chips=chip_ids() if chip == ("all",) else chip,
        input_tokens=parse_count(input_tokens),
        output_tokens=parse_count(output_tokens),
        ttft_s=parse_seconds(ttft),
        tpot_s=parse_seconds(tpot),
        cached_tokens=cached_tokens,
        frameworks=framework,
        max_chips=max_chips,
        tp=tp,
        dp=dp,
        ep=ep,
        pp=pp,
        draft_tokens=draft_tokens,
        accepted_tokens=accepted_tokens,
        place=place.upper(),
        basis=price,
        as_of=as_of or date.today(),
        to=to.upper(),
    )
    with output.progress(len(request.chips), "chips", file=sys.stderr) as advance:
        report = answer(request, advance=advance)
    if json:
        output.emit_json(report.as_dict(explain=explain))
    elif csv:
        output.emit_csv([row.flat() for row in report.rows])
    else:
        out = output.console()
        print_report(report, out)
        if explain:
            print_explanations(report, out)
    report.check_feasible()
