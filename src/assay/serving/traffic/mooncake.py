"""Traces of Mooncake: one JSON object a line, with the hashes of the blocks of each prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from assay.serving.traffic.part import MOST_TICKS, MOST_TOKENS, Part, Row, part_of

BLOCK_TOKENS = 512
"""Tokens that one entry of `hash_ids` stands for."""


@dataclass(frozen=True, slots=True)
class Mooncake:
    """The lines of one file."""

    def part(self, lines: Sequence[bytes]) -> Part | None:
        """Return what lines say; None where all are blank. Raises ValueError if any is at fault."""
        rows = [row for row in map(self.row, lines) if row]
        return part_of(rows) if rows else None

    def row(self, line: bytes) -> Row | None:
        """Return what one line says; None where it is blank. Raises ValueError with what is wrong."""
        line = line.strip()
        if not line:
            return None
        try:
            entry = from_json(line)
        except ValueError as error:
            raise ValueError(f"is not JSON: {error}") from None
        if not isinstance(entry, dict):
            raise ValueError("is not a JSON object")
        input_tokens = _tokens(entry, "input_length", 1)
        output_tokens = _tokens(entry, "output_length", 0)
        return Row(_ticks(entry), input_tokens, output_tokens, blocks=_blocks(entry, input_tokens))


def _ticks(entry: dict[str, Any]) -> float:
    value = _number(entry, "timestamp")
    if not abs(value) <= MOST_TICKS:
        raise ValueError(f"timestamp {str(value)[:40]} is not a number of milliseconds up to {MOST_TICKS:g}")
    return value


def _tokens(entry: dict[str, Any], key: str, least: int) -> int:
    value = _number(entry, key)
    if not (least <= value <= MOST_TOKENS and value == int(value)):
        raise ValueError(f"{key} {str(value)[:40]} is not a whole number from {least} to {MOST_TOKENS:,}")
    return int(value)


def _number(entry: dict[str, Any], key: str) -> float:
    value = entry.get(key)
    if type(value) is int or type(value) is float:  # True is no length
        return value
    raise ValueError(f"{key} {str(value)[:40]!r} is not a number" if key in entry else f"has no {key}")


def _blocks(entry: dict[str, Any], input_tokens: int) -> tuple[int, ...]:
    """Ids of the full blocks: the last id of a prompt that does not fill its last block stands for the rest of it."""
    ids = entry.get("hash_ids")
    if ids is None:
        return ()
    if not isinstance(ids, list) or any(type(one) is not int for one in ids):
        raise ValueError("hash_ids is not a list of whole numbers")
    full = input_tokens // BLOCK_TOKENS
    if len(ids) < full:
        raise ValueError(f"hash_ids has {len(ids)} entries where the prompt has {full} full blocks")
    return tuple(ids[:full])
