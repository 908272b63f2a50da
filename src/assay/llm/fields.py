"""Reading a config.json key by key: every fault is collected, and reading goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from assay.core.errors import BadData, Fault

ItemT = TypeVar("ItemT")

LARGEST: Final = 2**24
"""No width, count or vocabulary of a language model is larger; keeps garbage from becoming an allocation."""


class Fields:
    """A table of a config.json. Null and absent are the same. `check` raises what was found wrong, all at once.

    Each reader takes alternative key names, the first present one counts. Where a value is missing or broken, the
    fault is noted and a harmless value returned, so that the faults behind it are found too.
    """

    def __init__(
        self, content: Mapping[str, Any], file: str, prefix: str = "", faults: list[Fault] | None = None
    ) -> None:
        self._content = content
        self._file = file
        self._prefix = prefix
        self._faults: list[Fault] = [] if faults is None else faults

    def has(self, *keys: str) -> bool:
        """Whether any of the keys has a value."""
        return any(self._content.get(key) is not None for key in keys)

    def fault(self, key: str, problem: str) -> None:
        """Note that something is wrong with a key."""
        self._faults.append(Fault(self._file, self._prefix + key, problem))

    def check(self) -> None:
        """Raise BadData if anything was wrong."""
        if self._faults:
            unique = tuple(dict.fromkeys(self._faults))
            raise BadData(unique, "Pass the config.json as the model's repository publishes it.")

    def integer(self, *keys: str, default: int | None = None, low: int = 1, high: int = LARGEST) -> int:
        """Return a whole number in [low, high]; a list of equal numbers (one a layer) counts as that number."""
        key, value = self._first(keys)
        if isinstance(value, list) and value and all(type(each) is int and each == value[0] for each in value):
            value = value[0]
        if value is None:
            if default is None:
                self.fault(keys[0], "is missing")
            return low if default is None else default
        if type(value) is not int:
            self.fault(key, f"must be a whole number (given {_shown(value)})")
            return low
        if not low <= value <= high:
            self.fault(key, f"must lie between {low} and {high} (given {_shown(value)})")
            return low
        return value

    def optional(self, *keys: str, low: int = 1) -> int | None:
        """Return a whole number of at least `low`, or None where no key has a value."""
        return self.integer(*keys, low=low) if self.has(*keys) else None

    def number(self, key: str) -> float:
        """Return a positive number."""
        value = self._content.get(key)
        if isinstance(value, (int, float)) and type(value) is not bool and 0 < value < LARGEST:
            return float(value)
        self.fault(key, f"must be a positive number (given {_shown(value)})")
        return 1.0

    def flag(self, *keys: str, default: bool) -> bool:
        """Return a truth value."""
        key, value = self._first(keys)
        if value is None:
            return default
        if type(value) is not bool:
            self.fault(key, f"must be true or false (given {_shown(value)})")
            return default
        return value

    def text(self, *keys: str, default: str | None = None) -> str:
        """Return a text."""
        key, value = self._first(keys)
        if value is None:
            if default is None:
                self.fault(keys[0], "is missing")
            return default or ""
        if type(value) is not str:
            self.fault(key, f"must be a text (given {_shown(value)})")
            return default or ""
        return value

    def numbers(self, key: str, length: int | None = None) -> list[int] | None:
        """Return a list of whole numbers, or None where the key has no value."""
        return self._list(key, int, length)

    def texts(self, key: str, length: int | None = None) -> list[str] | None:
        """Return a list of texts, or None where the key has no value."""
        return self._list(key, str, length)

    def table(self, key: str) -> Fields | None:
        """Return the table under a key, or None where it has no value."""
        value = self._content.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.fault(key, f"must be an object (given {_shown(value)})")
            return None
        return Fields(value, self._file, f"{self._prefix}{key}.", self._faults)

    def tables(self, key: str, length: int | None = None) -> list[Fields]:
        """Return the list of tables under a key; empty where it has no value."""
        values = self._list(key, dict, length) or []
        return [
            Fields(value, self._file, f"{self._prefix}{key}.{position}.", self._faults)
            for position, value in enumerate(values)
        ]

    def is_list(self, key: str) -> bool:
        """Whether a key holds a list."""
        return isinstance(self._content.get(key), list)

    def names(self) -> tuple[str, ...]:
        """Return the keys of the table."""
        return tuple(str(key) for key in self._content)

    def _first(self, keys: tuple[str, ...]) -> tuple[str, Any]:
        for key in keys:
            if self._content.get(key) is not None:
                return key, self._content[key]
        return keys[0], None

    def _list(self, key: str, kind: type[ItemT], length: int | None) -> list[ItemT] | None:
        value = self._content.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(each, kind) and each is not True for each in value):
            self.fault(key, f"must be a list of {_KINDS[kind]} (given {_shown(value)})")
            return None
        if length is not None and len(value) != length:
            self.fault(key, f"must have one entry for each of the {length} layers (has {len(value)})")
            return None
        return value


_KINDS: Final = {int: "whole numbers", str: "texts", dict: "objects"}


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:37]}..."
