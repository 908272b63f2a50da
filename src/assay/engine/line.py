"""A step as a bill: one line per operator, variable part and floor apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from assay.core.array import Number
from assay.engine.deployment import Deployment
from assay.kernels.cost import cost
from assay.llm.operator import Operator


@dataclass(frozen=True, slots=True)
class Line:
    """All launches of one operator in a step. The floor is paid once per launch whatever the shape."""

    operator: Operator | None  # None: the framework itself
    role: str
    variable_s: Number
    floor_s: Number
    launches: Number = 0.0

    @property
    def seconds(self) -> Number:
        """Variable part and floor together."""
        return np.add(self.variable_s, self.floor_s)

    def times(self, factor: Number) -> Line:
        """Return the line repeated `factor` times."""
        return replace(
            self,
            variable_s=np.multiply(self.variable_s, factor),
            floor_s=np.multiply(self.floor_s, factor),
            launches=np.multiply(self.launches, factor),
        )


@dataclass(frozen=True, slots=True)
class StepTime:
    """A step as the sum of its lines."""

    lines: tuple[Line, ...]

    @property
    def variable_s(self) -> Number:
        """What grows with the work."""
        return total(line.variable_s for line in self.lines)

    @property
    def floor_s(self) -> Number:
        """What a step costs with next to nothing to do."""
        return total(line.floor_s for line in self.lines)

    @property
    def seconds(self) -> Number:
        """The whole step."""
        return np.add(self.variable_s, self.floor_s)

    def times(self, factor: Number) -> StepTime:
        """Return the step repeated `factor` times."""
        return StepTime(tuple(line.times(factor) for line in self.lines))


def priced(operators: Iterable[Operator], deployment: Deployment) -> tuple[Line, ...]:
    """Return the line of each operator; the framework's factor applies to the floors."""
    floor_factor = deployment.engine.number("floor_factor")
    lines = []
    for operator in operators:
        each = cost(operator, deployment.silicon, deployment.software, deployment.coefficients)
        variable_s = np.multiply(each.variable_s, operator.count)
        floor_s = np.multiply(each.floor_s, operator.count) * floor_factor
        lines.append(Line(operator, operator.role, variable_s, floor_s, operator.count))
    return tuple(lines)


def total(parts: Iterable[Number]) -> Number:
    """Return the sum of numbers or arrays that broadcast; 0 for none."""
    found: Number = 0.0
    for part in parts:
        found = np.add(found, part)
    return found
