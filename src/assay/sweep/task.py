"""What a worker does: a few points, one after the other."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from assay.core.errors import AssayError
from assay.sweep.store import Stored

BUG = 70  # EX_SOFTWARE of sysexits.h


@dataclass(frozen=True, slots=True)
class Task:
    """Points for one worker, under a function that it imports by name."""

    function: str
    """Such as 'package.module:name'; takes the fields of a request and returns what JSON can hold."""
    requests: Sequence[tuple[str, str]]
    """Key and request, as JSON text, of each point."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one point, and how long that took."""

    stored: Stored
    seconds: float


def perform(task: Task) -> list[Outcome]:
    """Return the outcome of each point of a task. An error of one point is its outcome, not the end of the task."""
    function = _imported(task.function)
    return [_outcome(function, key, request) for key, request in task.requests]


def _outcome(function: Any, key: str, request: str) -> Outcome:  # noqa: ANN401  any function of a dictionary
    begun_s = time.perf_counter()
    try:
        stored = Stored(key, "done", json.dumps(function(json.loads(request)), ensure_ascii=False))
    except AssayError as error:
        stored = _failed(key, error.message, error.hint, error.exit_code)
    except Exception as error:  # a bug that one point shows must not cost the others
        stored = _failed(key, f"{type(error).__name__}: {error}", "This is a bug.", BUG)
    return Outcome(stored, time.perf_counter() - begun_s)


def _failed(key: str, message: str, hint: str, exit_code: int) -> Stored:
    error = {"message": message, "hint": hint, "exit_code": exit_code}
    return Stored(key, "failed", json.dumps(error, ensure_ascii=False))


def _imported(name: str) -> Any:  # noqa: ANN401
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)
