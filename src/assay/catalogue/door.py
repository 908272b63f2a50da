"""The door of the catalogue: files become validated records here, or a list of all their faults."""

from __future__ import annotations

import csv
import io
import json
import tomllib
from collections.abc import Callable, Iterable
from functools import cache
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from assay.core.errors import BadData, Fault

DATA = Path(str(resources.files("assay.catalogue"))) / "data"
"""The data that ships with the package."""

RecordT = TypeVar("RecordT", bound="Record")
KeyT = TypeVar("KeyT")
ResultT = TypeVar("ResultT")


def shown(path: Path | str) -> str:
    """Return a path as people are told it: short for the data of the package, as it is for all other files."""
    path = Path(path)
    return str(path.relative_to(DATA)) if path.is_relative_to(DATA) else str(path)


class Record(BaseModel):
    """Base of everything read from a file: unknown keys are faults, values never change afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, allow_inf_nan=False)


def read_text(path: Path) -> str:
    """Return the text of a file. Raises BadData where it cannot be read or is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadData([Fault(str(path), "", error.strerror or "cannot be read")]) from error
    except UnicodeDecodeError as error:
        raise BadData([Fault(str(path), f"byte {error.start}", "is not UTF-8 text")]) from error
    except ValueError as error:  # a NUL byte in the path
        raise BadData([Fault(repr(str(path)), "", str(error))]) from error


def read_toml(path: Path, schema: type[RecordT]) -> RecordT:
    """Return the record in a TOML file. Raises BadData with every fault, each with file and key."""
    return validated(parse_toml(read_text(path), str(path)), schema, str(path))


def parse_toml(text: str, file: str) -> dict[str, Any]:
    """Return the tables of a TOML text. Raises BadData, with `file` in the message, where it is not TOML."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: not TOML, or a number of too many digits
        raise BadData([Fault(file, "", f"is not TOML: {error}")]) from error


@cache
def heads(folder: Path, lines: int = 3) -> dict[str, dict[str, Any]]:
    """Return the first lines of every TOML file of a folder, parsed, by the name of the file.

    They hold the names a record answers to, so that one record is found without parsing all the others.
    """
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.toml")):
        with path.open(encoding="utf-8") as file:
            found[path.stem] = parse_toml("".join(islice(file, lines)), str(path))
    return found


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file. Raises BadData where it is not an object."""
    text = read_text(path)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: not JSON, or a number of too many digits
        where = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise BadData([Fault(str(path), where, f"is not JSON: {error}")]) from error
    if not isinstance(content, dict):
        raise BadData([Fault(str(path), "", f"is a JSON {type(content).__name__}, not an object")])
    return content


def read_all(read: Callable[[KeyT], ResultT], keys: Iterable[KeyT]) -> tuple[ResultT, ...]:
    """Return what `read` makes of each key. Raises one BadData with the faults of all of them."""
    found: list[ResultT] = []
    faults: list[Fault] = []
    for key in keys:
        try:
            found.append(read(key))
        except BadData as error:
            faults.extend(error.faults)
    if faults:
        raise BadData(faults)
    return tuple(found)


def read_csv(path: Path, schema: type[RecordT]) -> list[RecordT]:
    """Return the records of a CSV file with a header line; empty cells are left out. Raises BadData, all faults."""
    reader = csv.DictReader(io.StringIO(read_text(path)))
    records: list[RecordT] = []
    faults: list[Fault] = []
    for row in reader:
        cells = {key: cell for key, cell in row.items() if cell not in ("", None)}
        try:
            records.append(validated(cells, schema, str(path), f"line {reader.line_num}"))
        except BadData as error:
            faults.extend(error.faults)
    if faults:
        raise BadData(faults)
    return records


def validated(content: dict[str, Any], schema: type[RecordT], file: str, where: str = "") -> RecordT:
    """Return `content` as a record. Raises BadData with every fault; `where` is put before each key."""
    try:
        return schema.model_validate(content)
    except ValidationError as error:
        raise BadData([_fault(detail, file, where) for detail in error.errors(include_url=False)]) from error


def _fault(detail: ErrorDetails, file: str, where: str) -> Fault:
    key = ".".join(str(part) for part in detail["loc"])
    shown = repr(detail["input"])
    given = f" (given {shown})" if len(shown) <= 60 and detail["type"] != "missing" else ""
    return Fault(file, ", ".join(part for part in (where, key) if part), detail["msg"] + given)
