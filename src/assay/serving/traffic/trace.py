"""Recorded traffic: the public traces of requests, and files of one's own."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final, Literal, get_args

import numpy as np

from assay.core.errors import BadData, Fault, UsageError
from assay.serving.traffic.lines import Reader, read_parts
from assay.serving.traffic.mooncake import BLOCK_TOKENS, Mooncake
from assay.serving.traffic.part import Part, part_from
from assay.serving.traffic.requests import Requests
from assay.serving.traffic.table import AZURE, BURSTGPT, OWN, VIDUR, Columns, Table, names_of

Format = Literal["azure", "mooncake", "burstgpt", "vidur", "own"]

_TABLES: Final[Mapping[Format, Columns]] = MappingProxyType(
    {"azure": AZURE, "burstgpt": BURSTGPT, "vidur": VIDUR, "own": OWN}
)
_CHUNK_BYTES = 1 << 20
_LONGEST_HEADER_BYTES = 1 << 20
_MS_PER_S = 1e3


@dataclass(frozen=True, slots=True)
class Trace:
    """The requests of a file, and what was left out."""

    requests: Requests
    format: Format
    failed: int
    """Requests of the file that failed and are not among `requests`."""


def read_trace(path: Path | str, *, format: Format | None = None) -> Requests:
    """Return the requests of a trace; `load_trace` says how it is read, and also how many requests had failed."""
    return load_trace(path, format=format).requests


def load_trace(path: Path | str, *, format: Format | None = None) -> Trace:
    """Return the requests of a trace, told by its first line where `format` does not say which it is.

    ======== ================================================================================================
    azure    CSV ``TIMESTAMP,ContextTokens,GeneratedTokens``: Azure LLM inference 2023 and 2024; times are UTC
    mooncake JSON lines ``timestamp`` (ms), ``input_length``, ``output_length``, ``hash_ids`` (optional)
    burstgpt CSV ``Timestamp`` (s), ``Request tokens``, ``Response tokens``, ``Session ID`` (optional)
    vidur    CSV ``arrived_at`` (s), ``num_prefill_tokens``, ``num_decode_tokens``
    own      CSV ``arrival_s,input_tokens,output_tokens[,session]``
    ======== ================================================================================================

    Columns stand in any order, others are not looked at; blank lines are skipped. Times become seconds since the first
    request. Sessions are numbered from 0 in the order in which they appear, whatever they are called; an empty cell,
    ``nan`` or -1 is no session. Ids of blocks are kept for full blocks of 512 tokens only.

    An answer of 0 tokens is read as 1 token in azure and mooncake (a prompt was computed, and with it the first token),
    is a failed request in burstgpt, left out and counted, and a fault in the others.

    Raises
    ------
    UsageError
        The file cannot be opened, or `format` is unknown.
    BadData
        An unknown header, no requests, or lines at fault: the first 5 with their numbers, and how many there are.
        Lines must ascend in time.
    """
    if format not in (None, *get_args(Format)):
        raise UsageError(f"'{format}' is no format of traces", f"Use one of {', '.join(get_args(Format))}.")
    with _opened(path) as file:
        header = file.readline(_LONGEST_HEADER_BYTES).removeprefix(BOM_UTF8)
        found = format or _format_of(header, str(path))
        reader = _reader(found, header, str(path))
        if found == "mooncake":
            parts = read_parts(_chunks(file, [header]), reader, str(path), 1)
        else:
            parts = read_parts(_chunks(file, []), reader, str(path), 2)
    if not parts:
        raise BadData([Fault(str(path), "", "holds no requests")])
    return _trace(part_from(parts), found, str(path))


def _trace(rows: Part, format: Format, file: str) -> Trace:
    columns = _TABLES.get(format)
    kept = np.full(len(rows), True)
    if columns and columns.zero_output == "failed":
        kept = rows.output_tokens > 0
    if not kept.any():
        raise BadData([Fault(file, "", f"holds no requests but {len(rows):,} that failed")])
    ticks = rows.ticks[kept]
    requests = Requests(
        (ticks - ticks[0]) / (columns.clock.ticks_per_s if columns else _MS_PER_S),
        rows.input_tokens[kept],
        np.maximum(rows.output_tokens[kept], 1),
        rows.session[kept],
        rows.blocks if any(rows.blocks) else (),
        BLOCK_TOKENS,
    )
    return Trace(requests, format, len(rows) - len(requests))


def _opened(path: Path | str) -> BinaryIO:
    try:
        return Path(path).open("rb")
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the path
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{str(path)!r} cannot be read: {reason}", "Name a file that exists.") from error


def _chunks(file: BinaryIO, first: list[bytes]) -> Iterator[list[bytes]]:
    if first:
        yield first
    while lines := file.readlines(_CHUNK_BYTES):
        yield lines


def _format_of(header: bytes, file: str) -> Format:
    if not header:
        raise BadData([Fault(file, "", "is empty")])
    if header.lstrip().startswith(b"{"):
        return "mooncake"
    names = set(names_of(_text(header, file)))
    nearest = max(_TABLES, key=lambda format: len(names.intersection(_TABLES[format].required)))
    if names.intersection(_TABLES[nearest].required):
        return nearest
    known = "; ".join(f"{format}: {','.join(columns.required)}" for format, columns in _TABLES.items())
    raise BadData(
        [Fault(file, "line 1", "is the header of no known trace")],
        f"Headers are {known}; mooncake has JSON objects.",
    )


def _reader(format: Format, header: bytes, file: str) -> Reader:
    if format == "mooncake":
        return Mooncake()
    columns = _TABLES[format]
    names = names_of(_text(header, file))
    missing = [name for name in columns.required if name not in names]
    if missing:
        raise BadData(
            [Fault(file, "line 1", f"the column '{name}' of the format {format} is missing") for name in missing]
        )
    return Table(columns, names)


def _text(header: bytes, file: str) -> str:
    try:
        return header.decode()
    except UnicodeDecodeError:
        raise BadData([Fault(file, "line 1", "is not UTF-8 text")]) from None
