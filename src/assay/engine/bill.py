"""A step as a tree of reasons."""

from __future__ import annotations

from collections import defaultdict

from assay.core.tree import Branch
from assay.engine.line import StepTime


def step_branch(name: str, seconds: float, step: StepTime) -> Branch:
    """Return the lines of a step summed by role, greatest first; 'attention.qkv' stands under 'attention'."""
    total = float(step.seconds)
    scale = seconds / total if total else 0.0
    roles: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for line in step.lines:
        group, _, detail = line.role.partition(".")
        roles[group][detail or group] += float(line.seconds) * scale
    children = []
    for group, details in roles.items():
        leaves = tuple(
            Branch(each, value, "s") for each, value in sorted(details.items(), key=lambda x: -x[1]) if value
        )
        if leaves:
            children.append(Branch(group, sum(details.values()), "s", children=leaves if len(leaves) > 1 else ()))
    children.sort(key=lambda child: -(child.value or 0.0))
    return Branch(name, seconds, "s", children=tuple(children))
