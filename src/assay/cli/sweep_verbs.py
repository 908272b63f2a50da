"""What a sweep can ask: for each verb the function that answers one point, and how its results become lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the summary: its heading, a key of the flat line, and how the value is written."""

    heading: str
    key: str
    form: str = ""


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb as a sweep sees it. Everything heavy goes by name, and is imported where it is used."""

    function: str
    """'module:name'; from the fields of a request to its result as JSON carries it."""
    request: str
    """'module:name' of the dataclass of its request."""
    parts: Callable[[Mapping[str, Any]], Sequence[Mapping[str, Any]]]
    """The parts of a result that get a line each."""
    columns: tuple[Column, ...]

    @property
    def fields(self) -> list[str]:
        """Names of the fields of its request."""
        return [field.name for field in fields(_named(self.request))]

    def read(self, request: Mapping[str, Any]) -> Any:  # noqa: ANN401  each verb has its own
        """Return the request that fields make: texts become dates, lists tuples. Raises pydantic's ValidationError."""
        return _schema(self.request).validate_python(request)

    def lines(self, result: Mapping[str, Any]) -> list[Line]:
        """Return a result as flat lines of scalars."""
        return [dict(flat("", part)) for part in self.parts(result)]


def compare_point(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the comparison that the fields of a CompareRequest ask for, as JSON carries it."""
    from assay.comparison import compare

    return compare(VERBS["compare"].read(request)).as_dict()


def simulate_point(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the simulation that the fields of a SimulateRequest ask for, as JSON carries it."""
    from assay.serving.simulation.answer import simulate

    return simulate(VERBS["simulate"].read(request)).as_dict()


def plan_point(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plan that the fields of a PlanRequest ask for, as JSON carries it."""
    from assay.serving.planning.answer import plan

    return plan(VERBS["plan"].read(request)).as_dict()


VERBS = {
    "compare": Verb(
        "assay.cli.sweep_verbs:compare_point",
        "assay.comparison.request:CompareRequest",
        lambda result: result["rows"],
        (
            Column("chip", "chip"),
            Column("chips", "chips_per_instance"),
            Column("TTFT s", "ttft_s_value", ".3g"),
            Column("TPOT s", "tpot_s_value", ".3g"),
            Column("tok/s/chip", "output_tok_per_s_per_chip_value", ",.0f"),
            Column("$/Mtok", "usd_per_million_output_tokens_value", ".2f"),
            Column("bound by", "bound_by"),
        ),
    ),
    "plan": Verb(
        "assay.cli.sweep_verbs:plan_point",
        "assay.serving.planning.request:PlanRequest",
        lambda result: [result["choice"]],
        (
            Column("chips", "chips"),
            Column("TTFT s", "ttft_s_value", ".3g"),
            Column("TPOT s", "tpot_s_value", ".3g"),
            Column("tok/s/chip", "output_tok_per_s_per_chip_value", ",.0f"),
            Column("$/Mtok", "usd_per_million_output_tokens_value", ".2f"),
        ),
    ),
    "simulate": Verb(
        "assay.cli.sweep_verbs:simulate_point",
        "assay.serving.simulation.request:SimulateRequest",
        lambda result: [result],
        (
            Column("chips", "chips"),
            Column("TTFT p50 s", "ttft_s_p50", ".3g"),
            Column("TTFT p99 s", "ttft_s_p99", ".3g"),
            Column("TPOT p50 s", "tpot_s_p50", ".3g"),
            Column("tok/s/chip", "output_tok_per_s_per_chip", ",.0f"),
            Column("good", "good_share", ".1%"),
        ),
    ),
}


def flat(prefix: str, value: object) -> list[tuple[str, Any]]:
    """Return the scalars of nested JSON under the joined names of where they lie; a list is one text."""
    if isinstance(value, Mapping):
        return [cell for key, inner in value.items() for cell in flat(f"{prefix}_{key}" if prefix else key, inner)]
    if isinstance(value, list | tuple):
        return [(prefix, "; ".join(str(item) for item in value))]
    return [(prefix, value)]


@cache
def _schema(name: str) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(_named(name))


def _named(name: str) -> Any:  # noqa: ANN401
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)
