"""An argument of a command."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Argument:
    """A flag and its value; None for a switch. A verbatim value is a shell expression that is already quoted."""

    flag: str
    value: str | None = None
    verbatim: bool = False

    @property
    def words(self) -> list[str]:
        """The words of an argument vector."""
        return [self.flag] if self.value is None else [self.flag, self.value]


def switches(**wanted: bool) -> list[Argument]:
    """Return the switches that are wanted, `enable_x=True` as `--enable-x`."""
    return [Argument("--" + name.replace("_", "-")) for name, on in wanted.items() if on]
