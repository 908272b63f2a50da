"""A study: a grid of requests to one verb."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from typing import Any

from assay.core.errors import UsageError


@dataclass(frozen=True, slots=True)
class Point:
    """One request of a study."""

    verb: str
    request: Mapping[str, Any]
    version: str
    """What else the result depends on: the digest of code and data."""
    key: str = field(init=False)
    """SHA-256 of verb, request and version: two points have one key where their results must be equal."""

    def __post_init__(self) -> None:
        """Compute the key. Raises UsageError where the request is no JSON."""
        content = canonical({"verb": self.verb, "request": self.request, "version": self.version})
        object.__setattr__(self, "key", hashlib.sha256(content.encode()).hexdigest())


@dataclass(frozen=True, slots=True)
class Study:
    """Requests to one verb: the product of the axes, and further points, each laid over the base request."""

    verb: str
    request: Mapping[str, Any]
    axes: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    further: Sequence[Mapping[str, Any]] = ()
    """Fields of requests outside the grid. Where there are some and no axes, there is no grid."""

    def requests(self) -> tuple[dict[str, Any], ...]:
        """Return every request once: the grid in the order of its axes, the last one fastest, then the further ones."""
        grid: list[Mapping[str, Any]] = [dict(zip(self.axes, values, strict=True)) for values in self._product()]
        found = [{**self.request, **changes} for changes in [*grid, *self.further]]
        return tuple({canonical(request): request for request in found}.values())

    def points(self, version: Callable[[Mapping[str, Any]], str]) -> tuple[Point, ...]:
        """Return the points in the order of `requests`; `version` says what else a request's result depends on."""
        return tuple(Point(self.verb, request, version(request)) for request in self.requests())

    def _product(self) -> Sequence[tuple[Any, ...]]:
        return [] if self.further and not self.axes else list(product(*self.axes.values()))


def canonical(content: object) -> str:
    """Return content as JSON in its one form: keys sorted, no spaces, dates as ISO 8601.

    Raises
    ------
    UsageError
        Where it holds what JSON lacks, such as infinities.
    """
    try:
        return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_text)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"a request that is no JSON: {error}", "Use texts, finite numbers, lists and tables."
        ) from None


def _text(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} is of type {type(value).__name__}")
