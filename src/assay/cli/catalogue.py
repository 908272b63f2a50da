"""`assay catalogue`: the facts, where each comes from, and whether they hold together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

app = App(
    name="catalogue",
    help="The facts about chips, nodes, models, prices and engines; their sources, ranges and conflicts.",
    help_format="plaintext",
)

SCHEMA = "assay.catalogue/1"

Json = Annotated[bool, Parameter(negative=())]


@app.command(name="list")
def list_records(
    noun: Literal["chips", "nodes", "models", "prices", "engines"] = "chips",
    /,
    *,
    json: Json = False,
    csv: Json = False,
) -> None:
    """List the records of a noun, with their main figures.

    Parameters
    ----------
    noun
        What to list.
    json
        Print one JSON object (schema assay.catalogue/1), numbers in SI units.
    csv
        Print one line a record, numbers in SI units.
    """
    from assay.catalogue.listing import rows
    from assay.cli import output
    from assay.cli.facts import print_rows

    found = rows(noun)
    if json:
        output.emit_json({"schema": SCHEMA, noun: found})
    elif csv:
        output.emit_csv(found)
    else:
        print_rows(found)


@app.command
def show(name: str, /, *, json: Json = False) -> None:
    """Show all that is known of one record: every fact with its kind, range and sources, and what sources disagree on.

    Parameters
    ----------
    name
        Id or alias of a chip, node, model or engine; or the path to a chip's TOML file.
    json
        Print one JSON object (schema assay.catalogue/1), numbers in SI units.
    """
    from assay.catalogue.entry import find
    from assay.catalogue.listing import described
    from assay.cli import output
    from assay.cli.facts import print_record

    record = described(find(name))
    if json:
        output.emit_json({"schema": SCHEMA, **record})
    else:
        print_record(record)


@app.command
def source(id: str, /, *, json: Json = False) -> None:
    """Show a source: its title and address, and every fact that rests on it.

    Parameters
    ----------
    id
        Id of the source, as `assay catalogue show` prints it.
    json
        Print one JSON object (schema assay.catalogue/1), numbers in SI units.
    """
    from assay.catalogue.listing import resting_on
    from assay.cli import output
    from assay.cli.facts import print_source

    found = resting_on(id)
    if json:
        output.emit_json({"schema": SCHEMA, **found})
    else:
        print_source(found)


@app.command
def check(*file: Path) -> None:
    """Check that every number has a living source, that derived figures recompute, and that records fit each other.

    Ends with exit code 5, and every fault with its file and key, if something is wrong.

    Parameters
    ----------
    file
        TOML files of your own chips; without any, the whole catalogue is checked.
    """
    from assay.catalogue.check import check_catalogue, check_files
    from assay.cli.facts import print_check

    report = check_files(file) if file else check_catalogue()
    report.raise_faults()
    print_check(report)
