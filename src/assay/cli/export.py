"""`assay export`: may it be sold to them?"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from assay.export.asked import AskedItem, AskedRoute

app = App(
    name="export",
    help="May it be sold to them? Dated US rules on AI chips and what the other side asks. Not legal advice.",
    help_format="plaintext",
)

LICENCE_REQUIRED, UNKNOWN = 10, 11
"""Exit codes of `check --exit-code`."""

Flag = Annotated[bool, Parameter(negative=())]
On = Annotated[date | None, Parameter(name=["--date", "--as-of"])]
Dates = Annotated[tuple[date, ...], Parameter(name=["--date", "--as-of"], negative=())]
Several = Annotated[tuple[str, ...], Parameter(negative=())]
With = Annotated[tuple[str, ...], Parameter(name="--with", negative=())]
ItemOptions = Annotated[AskedItem, Parameter(name="*")]
RouteOptions = Annotated[AskedRoute, Parameter(name="*")]
NO_ITEM, NO_ROUTE = AskedItem(), AskedRoute()


@app.command
def check(
    *,
    item: ItemOptions = NO_ITEM,
    route: RouteOptions = NO_ROUTE,
    date: On = None,
    proposals: With = (),
    json: Flag = False,
    exit_code: Flag = False,
) -> None:
    """Say whether a licence is needed: ECCN, reasons, exceptions, review policy, and the trail of paragraphs.

    Parameters
    ----------
    item
        What is moved.
    route
        From where, to where, for whom.
    date
        Day of the transaction; default: today.
    proposals
        Proposals to lay over the rules; repeat for more.
    json
        Print one JSON object (schema assay.export/1).
    exit_code
        End with 10 where a licence is required, 11 where the answer is unknown.
    """
    from assay.cli import output
    from assay.export.decision import check as decide
    from assay.export.explain import explanation

    verdict = decide(route.request(item.of(), _day(date), proposals))
    if json:
        output.emit_json(verdict.as_dict())
    else:
        _say(explanation(verdict))
    if exit_code and verdict.licence_required is not False:
        sys.exit(LICENCE_REQUIRED if verdict.licence_required else UNKNOWN)


@app.command
def headroom(
    chip: str | None = None, /, *, item: ItemOptions = NO_ITEM, date: On = None, json: Flag = False, csv: Flag = False
) -> None:
    """Say how far a chip is from every line of the rules.

    Parameters
    ----------
    chip
        Catalogue id, alias, or path to a TOML file.
    item
        Facts that win over the catalogue's.
    date
        Day of the rules; default: today.
    json
        Print one JSON object (schema assay.export-headroom/1).
    csv
        Print one line a threshold.
    """
    from assay.cli import output
    from assay.export.headroom import headroom as measure
    from assay.export.report import headroom_lines

    found = measure(item.of(chip), _day(date))
    if json:
        output.emit_json(found.as_dict())
    elif csv:
        output.emit_csv(found.as_dict()["lines"])
    else:
        _say(headroom_lines(found))


@app.command
def diff(
    chip: str | None = None,
    /,
    *,
    item: ItemOptions = NO_ITEM,
    route: RouteOptions = NO_ROUTE,
    date: Dates,
    proposals: With = (),
    json: Flag = False,
) -> None:
    """Say what changed between two dates, and which instrument did it.

    Parameters
    ----------
    chip
        Catalogue id, alias, or path to a TOML file.
    item
        Facts that win over the catalogue's.
    route
        From where, to where, for whom; the end user is headquartered where it goes unless stated.
    date
        The earlier and the later day: give it twice.
    proposals
        Proposals to lay over the rules; repeat for more.
    json
        Print one JSON object (schema assay.export-diff/1).
    """
    from assay.cli import output
    from assay.export.change import difference
    from assay.export.report import difference_lines

    found = difference(route.at_home().request(item.of(chip), date[0], proposals), date)
    if json:
        output.emit_json(found.as_dict())
    else:
        _say(difference_lines(found))


@app.command
def timeline(
    *,
    chip: str | None = None,
    to: str | None = None,
    proposals: With = (),
    json: Flag = False,
    csv: Flag = False,
) -> None:
    """List the dated steps; with a chip and a country, also the days on which the answer became another.

    Parameters
    ----------
    chip
        Catalogue id, alias, or path to a TOML file.
    to
        Country of destination, where the end user is headquartered too.
    proposals
        Proposals to lay over the rules; repeat for more.
    json
        Print one JSON object (schema assay.export-timeline/1).
    csv
        Print one line a step.
    """
    from assay.cli import output
    from assay.export.report import timeline_lines
    from assay.export.timeline import timeline as trace

    found = trace(chip, to, proposals)
    if json:
        output.emit_json(found.as_dict())
    elif csv:
        output.emit_csv(found.as_dict()["events"])
    else:
        _say(timeline_lines(found))


@app.command
def matrix(
    *,
    chip: Several = (),
    to: Several = (),
    date: On = None,
    proposals: With = (),
    json: Flag = False,
    csv: Flag = False,
) -> None:
    """Set chips against destinations; each end user is headquartered where it is.

    Parameters
    ----------
    chip
        Catalogue ids, aliases or paths; repeat for more. Default: the whole catalogue.
    to
        Countries; repeat for more. Default: one or two of each kind.
    date
        Day of the rules; default: today.
    proposals
        Proposals to lay over the rules; repeat for more.
    json
        Print one JSON object (schema assay.export-matrix/1).
    csv
        Print one line a chip and destination.
    """
    from assay.cli import output
    from assay.export.matrix import matrix as set_against
    from assay.export.report import matrix_lines

    found = set_against(chip, to, _day(date), proposals)
    if json:
        output.emit_json(found.as_dict())
    elif csv:
        output.emit_csv(found.rows())
    else:
        _say(matrix_lines(found))


@app.command(name="test")
def run_vectors(*, vectors: Path | None = None, json: Flag = False) -> None:
    """Run known outcomes through the engine: agreement by field, and every disagreement.

    Parameters
    ----------
    vectors
        CSV file with the columns of the one that ships; default: that one.
    json
        Print one JSON object (schema assay.export-test/1).
    """
    from assay.cli import output
    from assay.export.conformance import VECTORS, conformance
    from assay.export.report import conformance_lines
    from assay.export.vector import read_vectors

    found = conformance(read_vectors(vectors or VECTORS))
    if json:
        output.emit_json(found.as_dict())
    else:
        _say(conformance_lines(found))


@app.command
def screen(
    *,
    name: str,
    parties: Annotated[Path, Parameter(name="--list")],
    country: str | None = None,
    owners: Path | None = None,
    threshold: float = 85.0,
    json: Flag = False,
    csv: Flag = False,
) -> None:
    """Screen a name against a list that you bring, and what listed parties own of it. No names ship with Assay.

    Parameters
    ----------
    name
        Of a party to the transaction.
    parties
        Your download of the Consolidated Screening List (JSON or CSV), an OpenSanctions targets.simple.csv, or any
        CSV with a column `name`.
    country
        Country of the party.
    owners
        CSV file with the columns owner, owned, share: who owns how much of whom, 0 to 1.
    threshold
        Least score of a hit, 0 to 100.
    json
        Print one JSON object (schema assay.export-screen/1).
    csv
        Print one line a hit.
    """
    from assay.cli import output
    from assay.export.ownership import read_stakes
    from assay.export.party import read_parties
    from assay.export.report import screening_lines
    from assay.export.screening import screening

    stakes = read_stakes(owners) if owners else ()
    found = screening(name, read_parties(parties), country, stakes, threshold)
    if json:
        output.emit_json(found.as_dict())
    elif csv:
        output.emit_csv(found.as_dict()["hits"])
    else:
        _say(screening_lines(found))


@app.command(name="red-flags")
def red_flags(*, answers: Path | None = None, date: On = None, json: Flag = False) -> None:
    """Ask the red flags of May 2025, and say which your answers raise, and why they matter.

    Parameters
    ----------
    answers
        TOML file of answers, by the names that the questions print; without it, the questions.
    date
        Day of the country groups; default: today.
    json
        Print one JSON object (schema assay.export-red-flags/1).
    """
    from assay.cli import output
    from assay.export.red_flags import SCHEMA, read_answers
    from assay.export.red_flags import red_flags as raised
    from assay.export.report import red_flag_lines

    found = raised(read_answers(answers) if answers else {}, _day(date))
    if json:
        output.emit_json({"schema": SCHEMA, "flags": [flag.as_dict() for flag in found]})
    else:
        _say(red_flag_lines(found))


@app.command
def chart(*, chip: Several = (), date: On = None, out: Path | None = None) -> None:
    """Draw TPP against performance density: the controlled regions of a day, and chips as points.

    Parameters
    ----------
    chip
        Catalogue ids, aliases or paths; repeat for more. Default: the whole catalogue.
    date
        Day of the rules; default: today.
    out
        File to write: .svg for a picture, anything else for Vega-Lite JSON. Default: Vega-Lite JSON on stdout.
    """
    from assay.export.picture import picture, write_picture

    drawn = picture(chip, _day(date), as_svg=out is not None and out.suffix.casefold() == ".svg")
    if out is None:
        sys.stdout.write(drawn)
    else:
        write_picture(drawn, out)


def _day(given: date | None) -> date:
    return given or date.today()


def _say(lines: Iterable[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
