"""How the facts of the catalogue look in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from assay.catalogue.check import Report
from assay.catalogue.display import column_unit, in_column, label, readable
from assay.cli.output import console

Row = Mapping[str, Any]


def print_rows(rows: Sequence[Row]) -> None:
    """Print rows as a table: texts to the left, numbers to the right, their unit in the heading."""
    table = _table()
    for key in rows[0] if rows else ():
        numeric = any(isinstance(row[key], float) for row in rows)
        heading = f"{label(key)}\n{column_unit(key)}" if numeric else label(key)
        table.add_column(heading, justify="right" if numeric else "left", no_wrap=key == "id")
    for row in rows:
        table.add_row(
            *(in_column(key, value) if isinstance(value, float) else _cell(key, value) for key, value in row.items())
        )
    console().print(table)


def print_record(record: Row) -> None:
    """Print one record as `described` gives it: its texts, its facts, its conflicts, and the sources it cites."""
    out = console()
    out.print(f"[bold]{escape(record['name'])}[/] ({record['noun']} {record['id']})")
    texts = _table(header=False)
    for key, value in record.items():
        if key not in ("noun", "id", "name", "facts", "conflicts", "sources"):
            texts.add_row(label(key), escape(value if isinstance(value, str) else ", ".join(value)))
    out.print(texts)
    numbers = {id: str(number) for number, id in enumerate(record["sources"], 1)}
    if record["facts"]:
        out.print()
        out.print(_facts(record["facts"], numbers))
    for conflict in record["conflicts"]:
        others = ", ".join(_cell(conflict["key"], other) for other in conflict["other"])
        out.print(f"\n[bold]conflict[/] {label(conflict['key'])}: {others} ({escape(conflict['says'])})")
        out.print(f"  The fact stands: {escape(conflict['why'])}")
    if record["sources"]:
        out.print("\n[bold]sources[/]")
    for id, cited in record["sources"].items():
        out.print(f"{numbers[id]:>3} {id}: {escape(cited['title'])} {escape(cited['url'])}".rstrip(), soft_wrap=True)


def print_source(found: Row) -> None:
    """Print a source as `resting_on` gives it, and the facts that rest on it."""
    out = console()
    known = found["source"]
    out.print(f"[bold]{known['id']}[/]: {escape(known['title'])}", soft_wrap=True)
    out.print(known["url"] or "address not recorded", soft_wrap=True, markup=False)
    if known["read"]:
        out.print(f"read {known['read']}")
    if found["facts"]:
        table = _table()
        for head in ("record", "fact", "value", "kind"):
            table.add_column(head, justify="right" if head == "value" else "left", no_wrap=True)
        for use in found["facts"]:
            table.add_row(escape(use["record"]), label(use["key"]), _cell(use["key"], use["value"]), use["kind"])
        out.print()
        out.print(table)


def print_check(report: Report) -> None:
    """Print what a check without faults has read, and which sources nothing rests on."""
    out = console()
    out.print(f"{report.records} records, {report.facts} facts, {report.sources} sources: no fault")
    if report.unused:
        out.print(f"Nothing rests on: {', '.join(report.unused)}", soft_wrap=True)


def _facts(facts: Row, numbers: Mapping[str, str]) -> Table:
    table = _table()
    for head in ("fact", "value", "90 % range", "kind", "sources", "note"):
        table.add_column(head, justify="right" if head == "value" else "left", no_wrap=head in ("fact", "value"))
    for key, fact in facts.items():
        has_range = fact["low"] is not None
        range_ = f"{readable(key, fact['low'])} .. {readable(key, fact['high'])}" if has_range else ""
        cited = " ".join(numbers.get(id, id) for id in fact["sources"])
        table.add_row(label(key), readable(key, fact["value"]), range_, fact["kind"], cited, escape(fact["note"]))
    return table


def _table(*, header: bool = True) -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_header=header)


def _cell(key: str, value: object) -> str:
    if isinstance(value, int | float):
        return readable(key, value)
    return "" if value is None else escape(str(value))
