"""YAML as manifests need it: block style, and quotes wherever a plain word could be read as something else."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

Node = Mapping[str, Any] | Sequence[Any] | str | int | float | bool

PLAIN = re.compile(r"(--)?[A-Za-z][A-Za-z0-9_./-]*")
NOT_TEXT = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null"})
"""Words that some YAML reader takes for a truth value or for nothing."""


def document(node: Node) -> str:
    """Return a YAML document. Strings of several lines become literal blocks."""
    return "\n".join(_lines(node)) + "\n"


def documents(nodes: Sequence[Node]) -> str:
    """Return several YAML documents in one text."""
    return "---\n".join(document(node) for node in nodes)


def _lines(node: Node) -> list[str]:
    if isinstance(node, Mapping):
        return [line for key, value in node.items() for line in _entry(f"{_scalar(key)}:", value)]
    if isinstance(node, Sequence) and not isinstance(node, str):
        return [line for value in node for line in _item(value)]
    return [_scalar(node)]


def _entry(key: str, value: Node) -> list[str]:
    if isinstance(value, str) and "\n" in value:
        return [f"{key} |-", *("  " + line for line in value.split("\n"))]
    if isinstance(value, str | int | float):
        return [f"{key} {_scalar(value)}"]
    if not value:
        return [f"{key} {'{}' if isinstance(value, Mapping) else '[]'}"]
    return [key, *("  " + line for line in _lines(value))]


def _item(value: Node) -> list[str]:
    if isinstance(value, str) and "\n" in value:
        return _entry("-", value)
    if not isinstance(value, str) and isinstance(value, Mapping | Sequence) and not value:
        return _entry("-", value)
    first, *others = _lines(value)
    return [f"- {first}", *("  " + line for line in others)]


def _scalar(value: Node) -> str:
    if isinstance(value, str) and PLAIN.fullmatch(value) and value.casefold() not in NOT_TEXT:
        return value
    if isinstance(value, str) and '"' in value and value.isprintable():
        return "'" + value.replace("'", "''") + "'"  # JSON inside stays readable
    return json.dumps(value, ensure_ascii=False)


def label(text: str) -> str:
    """Return a text as a Kubernetes name: lower case letters, digits and hyphens, at most 40, beginning with one."""
    name = re.sub(r"[^a-z0-9]+", "-", text.rpartition("/")[2].lower()).strip("-")[:40].rstrip("-")
    return name if name[:1].isalpha() else f"m-{name}".rstrip("-")
