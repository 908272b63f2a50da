"""STUDY.toml: read, checked against the request of its verb, and made into points."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

import assay
from assay.catalogue.door import Record, read_toml
from assay.cli.sweep_verbs import VERBS, Verb
from assay.core.errors import AssayError, BadData, Fault, UsageError, nearest
from assay.sweep.study import Point, Study


class StudyFile(Record):
    """A study as it is written."""

    verb: str
    request: dict[str, Any] = Field(default_factory=dict)
    axes: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field(default_factory=dict)
    points: list[dict[str, Any]] = Field(default_factory=list)


def read_study(path: Path) -> Study:
    """Return the study in a TOML file.

    Raises
    ------
    BadData
        A file that is not TOML, a key that studies do not have, or a value that cannot be its field's.
    UsageError
        An unknown verb, or fields that its request does not have.
    """
    written = read_toml(path, StudyFile)
    if written.verb not in VERBS:
        raise UsageError(f"{path}: no sweep over '{written.verb}'", f"Verbs: {', '.join(VERBS)}.")
    study = Study(written.verb, written.request, written.axes, written.points)
    verb = VERBS[study.verb]
    _check_names(path, verb, [written.request, written.axes, *written.points])
    _check_values(path, verb, study)
    return study


def points_of(study: Study) -> tuple[Point, ...]:
    """Return the points of a study; their keys follow the request, the package, and the files that a request names."""
    return study.points(lambda request: _digest([_package(), *map(_content, _files(request))]))


def _check_names(path: Path, verb: Verb, tables: Iterable[Mapping[str, Any]]) -> None:
    known = verb.fields
    unknown = dict.fromkeys(name for table in tables for name in table if name not in known)
    if unknown:
        told = [f"'{name}'" + _like(name, known) for name in unknown]
        raise UsageError(f"{path}: no field {', '.join(told)} in a request", f"Fields: {', '.join(known)}.")


def _like(name: str, known: Iterable[str]) -> str:
    found = nearest(name, known)
    return f" (nearest: {', '.join(found)})" if found else ""


def _check_values(path: Path, verb: Verb, study: Study) -> None:
    """Refuse values of a wrong type. What only a combination of values makes wrong is left to become a failed point."""
    faults: dict[Fault, None] = {}
    for request in study.requests():
        try:
            verb.read(request)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                key = ".".join(str(part) for part in detail["loc"])
                given = "" if detail["type"] == "missing" else f" (given {detail['input']!r})"
                faults[Fault(str(path), key, detail["msg"] + given)] = None
        except AssayError:
            continue
    if faults:
        raise BadData(list(faults))


def _files(value: object) -> Iterator[Path]:
    """Yield the files that texts in a request name, such as config.json of a model or TOML of a chip."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _files(item)
    elif isinstance(value, str) and value and "\0" not in value and len(value) < 4096:
        path = Path(value)
        if path.is_file():
            yield path
        elif (path / "config.json").is_file():
            yield path / "config.json"


@cache
def _package() -> bytes:
    """Return the digest of code and data of Assay: a result belongs to both."""
    root = Path(str(resources.files(assay)))
    paths = sorted(path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return _digest(
        [
            assay.__version__.encode(),
            *(part for path in paths for part in (str(path.relative_to(root)).encode(), _content(path))),
        ]
    ).encode()


def _content(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


def _digest(parts: Iterable[bytes]) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()
