"""Results on stdout: one JSON object, CSV, or a table for people."""

from __future__ import annotations

import csv
import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console

WIDTH_OF_FILES = 100
"""Columns of a table that goes to a file or a pipe, unless COLUMNS asks for more."""

PATIENCE_S = 1.0
"""How long work may take before its progress is shown."""

_EIGHTHS = " ▏▎▍▌▋▊▉"


def emit_json(content: Mapping[str, Any]) -> None:
    """Print one JSON object, keys in their order. NaN and infinities, which JSON lacks, become null."""
    json.dump(_finite(content), sys.stdout, indent=2, ensure_ascii=False, allow_nan=False)
    sys.stdout.write("\n")


def emit_csv(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows as CSV under the union of their keys, in order of first use. None and NaN become empty cells."""
    header = list(dict.fromkeys(key for row in rows for key in row))
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(header)
    for row in _finite(rows):
        writer.writerow(["" if row.get(key) is None else row[key] for key in header])


def console(*, stderr: bool = False) -> Console:
    """Return the console of results, or of everything else. It is plain where NO_COLOR is set or nobody watches."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else max(WIDTH_OF_FILES, _columns())
    return Console(stderr=stderr, width=width, highlight=False, emoji=False)


def bar(fraction: float, width: int = 20) -> str:
    """Return a bar of `width` characters at 1, in steps of an eighth of a character; fractions beyond 0..1 are cut."""
    eighths = round(min(max(fraction, 0.0), 1.0) * width * 8)
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")


@contextmanager
def progress(total: int, noun: str, *, file: TextIO) -> Iterator[Callable[[], None]]:
    """Show a progress bar to whoever watches `file`, once the work has taken a second.

    Yields the function to call after each of the `total` pieces of work.
    """
    if not file.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    begun_s = time.monotonic()
    shown = Progress(console=Console(file=file), transient=True)
    task = shown.add_task(noun, total=total)

    def advance() -> None:
        shown.advance(task)
        if not shown.live.is_started and time.monotonic() - begun_s > PATIENCE_S:
            shown.start()

    try:
        yield advance
    finally:
        shown.stop()


def _columns() -> int:
    text = os.environ.get("COLUMNS", "")
    return int(text) if text.isdecimal() else 0


def _finite(content: Any) -> Any:  # noqa: ANN401  JSON is any
    if isinstance(content, float):
        return content if math.isfinite(content) else None
    if isinstance(content, Mapping):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, Iterable) and not isinstance(content, str):
        return [_finite(value) for value in content]
    return content
