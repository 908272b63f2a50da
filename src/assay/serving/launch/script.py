"""Shell scripts that start the instances of a deployment."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from assay.llm.precision import Precision
from assay.serving.launch.argument import Argument
from assay.serving.launch.recipe import Recipe, Role

NODE_VARIABLES = ': "${NODE_RANK:?the rank of this node, 0 for the head}" "${HEAD_ADDR:?the address of the head node}"'


def script(recipe: Recipe, head: Sequence[str], sections: Sequence[str]) -> str:
    """Return a bash script: the one section, or the one that its first argument names."""
    lines = ["#!/usr/bin/env bash", *(f"# {line}" for line in head), "set -euo pipefail", ""]
    if not recipe.disaggregated:
        return "\n".join([*lines, *sections, ""])
    lines.append('case "${1:?prefill or decode}" in')
    for role, section in zip(recipe.roles, sections, strict=True):
        lines += [f"{role.name})", section, "  ;;"]
    return "\n".join([*lines, '*) echo "$0 prefill|decode" >&2; exit 2 ;;', "esac", ""])


def command(words: Sequence[str], arguments: Iterable[Argument], last: str = "") -> str:
    """Return a command over several lines, every word quoted for the shell."""
    spelled = [" ".join(shlex.quote(word) for word in words), *map(_spelled, arguments), *([last] if last else [])]
    return " \\\n  ".join(spelled)


def summary(recipe: Recipe, program: str) -> list[str]:
    """Return what the head of a script says: the program, the roles, and what must be true of the weights."""
    return [
        f"{recipe.model} by {recipe.framework}, with the flags of {program}",
        *(_described(role) for role in recipe.roles),
        f"Weights as planned: {weights(recipe.roles[0].precision)}.",
        "The checkpoint decides: choose one that stores them so.",
    ]


def weights(precision: Precision) -> str:
    """Return the formats of the weights, in one line."""
    parts = {name: getattr(precision, name) for name in ("attention", "dense", "experts", "shared", "head")}
    return ", ".join(f"{name} {format}" for name, format in parts.items())


def _described(role: Role) -> str:
    layout = ", ".join(f"{axis} {getattr(role, axis)}" for axis in ("tp", "pp", "dp", "ep"))
    times = "one instance" if role.replicas == 1 else f"{role.replicas} instances, all behind one router"
    nodes = "" if role.nodes == 1 else f" on {role.nodes} nodes, to be run on each"
    return f"{role.name}: {role.chips} x {role.chip} ({layout}){nodes}. Start {times}."


def _spelled(argument: Argument) -> str:
    if argument.value is None:
        return argument.flag
    return f"{argument.flag} {argument.value if argument.verbatim else shlex.quote(argument.value)}"
