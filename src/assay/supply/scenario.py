"""A scenario: dated levers and, where wanted, other inputs, in a few lines of TOML."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from assay.catalogue.door import Record, read_toml, validated
from assay.core.errors import BadData, Fault, NotInCatalogue, UsageError
from assay.supply.copula import correlation_matrix, positive_definite
from assay.supply.estimate import DATA
from assay.supply.inputs import (
    CorrelationRecord,
    Input,
    InputRecord,
    Text,
    VintageRecord,
    correlation_pairs,
    shipped_correlations,
    shipped_inputs,
)
from assay.supply.lever import Turn

SCENARIOS = DATA / "scenarios"
SHARE_PREFIX = "assay-supply-1."
START = 2022 * 12
"""January 2022, when the record begins."""

_MOST_SHARED_BYTES = 1_000_000
_MOST_CHAINED = 16


class OwnInput(Record):
    """`[input.name]` of a scenario: its own interval for a shipped input."""

    low: float
    high: float
    source: str
    date: Text
    basis: str


class ScenarioRecord(Record):
    """A scenario file. `extends` names the scenario whose levers come first."""

    title: str
    note: str = ""
    extends: str = ""
    months: Annotated[int, Field(ge=1, le=600)] = 120
    reference: Literal["us", "world"] = "us"
    lever: list[Turn] = Field(default_factory=list)
    input: dict[str, OwnInput] = Field(default_factory=dict)
    correlation: list[CorrelationRecord] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario without what it extends: all levers in order, all inputs, all correlations."""

    name: str
    record: ScenarioRecord
    inputs: Mapping[str, Input]
    correlations: Mapping[tuple[str, str], float]

    @property
    def start(self) -> int:
        """First month of the horizon: that of the record, since a stock needs its past."""
        return START

    @property
    def months(self) -> int:
        """Length of the horizon."""
        return self.record.months

    def canonical(self) -> dict[str, Any]:
        """Return everything that the file and its ancestors say, as JSON."""
        return self.record.model_dump(exclude_defaults=True)

    def hash(self) -> str:
        """Return the SHA-256 of the canonical form."""
        return hashlib.sha256(_canonical_bytes(self.canonical())).hexdigest()

    def share(self) -> str:
        """Return a string that holds the whole scenario: compressed canonical JSON in URL-safe letters."""
        packed = zlib.compress(_canonical_bytes(self.canonical()), 9)
        return SHARE_PREFIX + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def scenario(text: str) -> Scenario:
    """Return the scenario of a shipped name, a path to a TOML file, or a share string.

    Raises
    ------
    NotInCatalogue
        No scenario has that name.
    BadData
        An unknown lever or input, an interval with low above high, correlations that are not positive definite,
        a lever that acts before the horizon: all faults at once, each with file and key.
    """
    if text.startswith(SHARE_PREFIX):
        return _resolved("shared", "share string", validated(_unshared(text), ScenarioRecord, "share string"))
    if text.endswith(".toml") or "/" in text:
        path = Path(text)
    else:
        path = SCENARIOS / f"{text}.toml"
        if text not in scenario_names():
            raise NotInCatalogue("scenario", text, scenario_names(), "A path to a TOML file works too.")
    return _resolved(path.stem, str(path), _flattened(path))


@cache
def scenario_names() -> tuple[str, ...]:
    """Return the names of the shipped scenarios."""
    return tuple(sorted(path.stem for path in SCENARIOS.glob("*.toml")))


def _flattened(path: Path) -> ScenarioRecord:
    chain = [(path, read_toml(path, ScenarioRecord))]
    while chain[-1][1].extends:
        at, record = chain[-1]
        above = record.extends
        beside = at.parent / above if above.endswith(".toml") else at.parent / f"{above}.toml"
        parent = beside if beside.is_file() else SCENARIOS / f"{above}.toml"
        if not parent.is_file():
            raise BadData([Fault(str(at), "extends", f"no scenario '{above}'")])
        if len(chain) == _MOST_CHAINED or parent.resolve() in [seen.resolve() for seen, _ in chain]:
            raise BadData([Fault(str(at), "extends", f"'{above}' extends this scenario again")])
        chain.append((parent, read_toml(parent, ScenarioRecord)))
    merged: dict[str, Any] = {}
    for _, record in reversed(chain):
        stated = record.model_dump(exclude_unset=True, exclude={"extends"})
        for joined in ("lever", "correlation"):
            stated[joined] = [*merged.get(joined, []), *stated.get(joined, [])]
        stated["input"] = {**merged.get("input", {}), **stated.get("input", {})}
        merged.update(stated)
    return ScenarioRecord.model_validate(merged)


def _resolved(name: str, file: str, record: ScenarioRecord) -> Scenario:
    shipped = shipped_inputs()
    inputs = dict(shipped)
    faults: list[Fault] = []
    for index, turn in enumerate(record.lever):
        key, problem = turn.problem(START)
        if problem:
            faults.append(Fault(file, f"lever[{index}].{key}", problem))
    for input_name, own in record.input.items():
        if input_name not in shipped:
            faults.append(Fault(file, f"input.{input_name}", "no such input"))
            continue
        old = shipped[input_name]
        stated = VintageRecord(**own.model_dump())
        override = InputRecord(unit=old.unit, shape=old.shape, bounds=old.bounds, vintage=[stated])
        found = override.faults(file, input_name)
        faults += [Fault(fault.file, f"input.{input_name}", fault.problem) for fault in found]
        inputs[input_name] = override.input(input_name)
    pairs = dict(shipped_correlations())
    unknown = [
        Fault(file, f"correlation[{index}].between", f"no input '{end}'")
        for index, item in enumerate(record.correlation)
        for end in item.between
        if end not in shipped
    ]
    faults += unknown
    faults += [
        Fault(file, f"correlation[{index}].between", "an input has no correlation with itself")
        for index, item in enumerate(record.correlation)
        if item.between[0] == item.between[1]
    ]
    if not unknown:
        pairs |= correlation_pairs(record.correlation)
        if not positive_definite(correlation_matrix(tuple(inputs), pairs)):
            faults.append(Fault(file, "correlation", "the matrix of correlations is not positive definite"))
    if faults:
        raise BadData(faults, "The levers are listed by 'assay supply levers', the inputs by 'assay supply inputs'.")
    return Scenario(name, record, inputs, pairs)


def _unshared(text: str) -> dict[str, Any]:
    letters = text.removeprefix(SHARE_PREFIX)
    try:
        packed = base64.urlsafe_b64decode(letters + "=" * (-len(letters) % 4))
        unpacker = zlib.decompressobj()
        content = json.loads(unpacker.decompress(packed, _MOST_SHARED_BYTES))
    except (binascii.Error, zlib.error, ValueError) as error:
        raise UsageError("the share string is damaged", "Copy all of it, from 'assay-supply-1.' on.") from error
    if not isinstance(content, dict):
        raise UsageError("the share string does not hold a scenario")
    return content


def _canonical_bytes(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
