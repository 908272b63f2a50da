"""How a tree of reasons looks in a terminal."""

from __future__ import annotations

from rich.tree import Tree

from assay.core.quantity import format_si
from assay.core.tree import Branch


def tree(branch: Branch) -> Tree:
    """Return a tree that rich prints: name, value, range, note and sources of each term."""
    found = Tree(_label(branch))
    for child in branch.children:
        found.add(tree(child))
    return found


def _label(branch: Branch) -> str:
    parts = [branch.name]
    if branch.value is not None:
        shown = (
            format_si(branch.value, branch.unit) if branch.unit in ("s", "B") else f"{branch.value:.4g} {branch.unit}"
        )
        parts.append(f"[bold]{shown.strip()}[/]")
        if branch.low is not None and branch.high is not None and branch.low < branch.high:
            parts.append(f"({branch.low:.4g} to {branch.high:.4g})")
    if branch.note:
        parts.append(branch.note)
    if branch.sources:
        parts.append(f"[dim]{', '.join(branch.sources)}[/]")
    return "  ".join(parts)
