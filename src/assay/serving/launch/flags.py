"""The flags that a program takes, from tables of a stated version."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final, Literal

from assay.catalogue.door import Record, read_toml
from assay.core.errors import Unsupported
from assay.serving.launch.argument import Argument

DATA: Final = Path(str(resources.files("assay.serving.launch"))) / "data"

Kind = Literal["switch", "integer", "number", "json", "text"]


_CONVERTERS: Final[dict[str, Callable[[str], object]]] = {
    "integer": int,
    "number": float,
    "json": json.loads,
    "text": str,
}


class Flags(Record):
    """What one version of a program takes: for each flag its kind, or the values it is chosen from."""

    program: str
    version: str
    source: str
    read_on: date
    flags: dict[str, Kind | tuple[str, ...]]

    def obstacle(self, argument: Argument) -> str:
        """Return why the program would not take an argument; empty where it would."""
        kind = self.flags.get(argument.flag)
        if kind is None:
            return f"has no {argument.flag}"
        if (argument.value is None) != (kind == "switch"):
            return f"takes {argument.flag} {'without' if kind == 'switch' else 'with'} a value"
        if argument.value is None or argument.verbatim or _is(kind, argument.value):
            return ""
        wanted = f"a value of kind {kind}" if isinstance(kind, str) else f"one of {', '.join(kind)}"
        return f"takes {argument.flag} with {wanted}, not {argument.value}"

    def checked(self, arguments: Iterable[Argument]) -> list[Argument]:
        """Return the arguments. Raises Unsupported where this version of the program does not take one."""
        arguments = list(arguments)
        obstacles = [obstacle for argument in arguments if (obstacle := self.obstacle(argument))]
        if obstacles:
            raise Unsupported(f"{self.program} {self.version} {'; '.join(obstacles)}")
        return arguments


@cache
def flags_of(program: str) -> Flags:
    """Return the table of a program: vllm, sglang or dynamo."""
    return read_toml(DATA / f"{program}.toml", Flags)


def _is(kind: Kind | tuple[str, ...], value: str) -> bool:
    if not isinstance(kind, str):
        return value in kind
    try:
        _CONVERTERS[kind](value)
    except ValueError:
        return False
    return True
