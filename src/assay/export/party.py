"""Lists of parties that the user brings: the Consolidated Screening List, an OpenSanctions file, or an own CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.catalogue.door import read_json, read_text
from assay.core.errors import BadData, Fault

NAME_COLUMNS = ("name", "caption")
ALIAS_COLUMNS = ("alt_names", "aliases", "alias", "weak_aliases")
COUNTRY_COLUMNS = ("country", "countries", "addresses")
LIST_COLUMNS = ("source", "dataset", "list")


@dataclass(frozen=True, slots=True)
class Party:
    """A listed party: its names, the countries it is tied to, and the list it is on."""

    names: tuple[str, ...]
    countries: tuple[str, ...]
    list: str
    id: str


def read_parties(path: Path) -> tuple[Party, ...]:
    """Return the parties of a list.

    Parameters
    ----------
    path
        consolidated.json or .csv of the Consolidated Screening List; targets.simple.csv of OpenSanctions; or any CSV
        with a column `name`.

    Raises
    ------
    BadData
        The file cannot be read, or has neither `results` (JSON) nor a column of names (CSV).
    """
    entries = _json(path) if path.suffix.casefold() == ".json" else _csv(path)
    return tuple(party for entry in entries if (party := _party(entry)) is not None)


def _json(path: Path) -> Iterable[Mapping[str, Any]]:
    results = read_json(path).get("results")
    if not isinstance(results, list) or not all(isinstance(entry, dict) for entry in results):
        raise BadData([Fault(str(path), "results", "is not a list of parties")])
    return results


def _csv(path: Path) -> Iterator[Mapping[str, Any]]:
    text = read_text(path)
    dialect = csv.excel_tab if path.suffix.casefold() == ".tsv" else csv.excel
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), dialect=dialect)
    if not set(NAME_COLUMNS) & {str(column).casefold() for column in reader.fieldnames or ()}:
        raise BadData([Fault(str(path), "line 1", f"has no column of names ({' or '.join(NAME_COLUMNS)})")])
    try:
        for row in reader:
            yield {str(key).casefold(): value for key, value in row.items() if key is not None}
    except csv.Error as error:
        raise BadData([Fault(str(path), f"line {reader.line_num}", str(error))]) from error


def _party(entry: Mapping[str, Any]) -> Party | None:
    names = [name for column in (*NAME_COLUMNS, *ALIAS_COLUMNS) for name in _several(entry.get(column))]
    if not names:
        return None
    countries = [code for column in COUNTRY_COLUMNS for text in _several(entry.get(column)) for code in _codes(text)]
    lists = [text for column in LIST_COLUMNS for text in _several(entry.get(column))]
    return Party(
        tuple(dict.fromkeys(names)),
        tuple(dict.fromkeys(countries)),
        lists[0] if lists else "",
        str(entry.get("id") or entry.get("_id") or entry.get("entity_number") or ""),
    )


def _several(value: object) -> tuple[str, ...]:
    """Return the texts of a cell: a JSON list, or text with semicolons between."""
    if isinstance(value, list):
        return tuple(text for part in value for text in _several(part))
    if isinstance(value, Mapping):
        return _several(value.get("country"))
    return tuple(text for part in str(value or "").split(";") if (text := part.strip()))


def _codes(text: str) -> tuple[str, ...]:
    """Return the ISO codes in a text: "cn", or the end of an address such as "... Beijing, CN"."""
    found = re.findall(r"(?:^|,\s*)([A-Za-z]{2})\s*$", text)
    return tuple(code.upper() for code in found)
