"""The time of one forward step of a deployment, composed from its operators."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from assay.core.array import Number
from assay.engine.deployment import Deployment
from assay.kernels.cost import cost
from assay.llm.operator import Operator
from assay.llm.operators import attention_operators, head_operators, linear_operators


@dataclass(frozen=True, slots=True)
class Line:
    """All launches of one operator in a step. The floor is paid once per launch whatever the shape."""

    operator: Operator | None  # None: the framework itself
    role: str
    variable_s: Number
    floor_s: Number

    @property
    def seconds(self) -> Number:
        """Variable part and floor together."""
        return np.add(self.variable_s, self.floor_s)

    def times(self, factor: Number) -> Line:
        """Return the line repeated `factor` times."""
        return replace(self, variable_s=np.multiply(self.variable_s, factor), floor_s=np.multiply(self.floor_s, factor))


@dataclass(frozen=True, slots=True)
class StepTime:
    """A step as the sum of its lines."""

    lines: tuple[Line, ...]

    @property
    def variable_s(self) -> Number:
        """What grows with the work."""
        return _total(line.variable_s for line in self.lines)

    @property
    def floor_s(self) -> Number:
        """What a step costs with next to nothing to do."""
        return _total(line.floor_s for line in self.lines)

    @property
    def seconds(self) -> Number:
        """The whole step."""
        return np.add(self.variable_s, self.floor_s)

    def __add__(self, other: StepTime) -> StepTime:
        return StepTime(self.lines + other.lines)

    def times(self, factor: Number) -> StepTime:
        """Return the step repeated `factor` times."""
        return StepTime(tuple(line.times(factor) for line in self.lines))


def decode_step(deployment: Deployment, sequences: Number, context: Number) -> StepTime:
    """Return one decode step: `sequences` per attention rank, each attending `context` cached tokens.

    T = linear(b, b dp) + attention(b, L) + head(b) + a + h b, and with speculation times (1 + draft / layers), where
    the tokens of a step are b (draft + 1). Under pipeline parallelism `sequences / pp` run as one micro-batch through
    all stages while the others fill the rest: the step is the time through all stages.
    """
    layout, speculation = deployment.layout, deployment.speculation
    micro_batch = np.maximum(np.divide(sequences, layout.pp), 1.0)
    queries = 1 + speculation.draft_tokens
    tokens = micro_batch * queries
    operators = (
        *linear_operators(
            deployment.architecture, tokens, tokens * layout.dp, layout, deployment.precision, phase="decode"
        ),
        *attention_operators(
            deployment.architecture, micro_batch, queries, context, layout, deployment.precision, phase="decode"
        ),
        *head_operators(deployment.architecture, tokens, layout, deployment.precision),
    )
    number = deployment.engine.number
    framework = number("step_overhead_s") + number("sequence_overhead_s") * np.asarray(sequences)
    step = StepTime((*_priced(operators, deployment), Line(None, "framework", 0.0, framework)))
    return step.times(1.0 + speculation.draft_tokens / deployment.architecture.layers)


def prefill_step(
    deployment: Deployment,
    prompts: Number,
    input_tokens: Number,
    cached_tokens: Number = 0.0,
    *,
    coincident: bool = False,
) -> StepTime:
    """Return the prefill of `prompts` prompts per attention rank, chunk after chunk, nothing else running.

    T = n_c (linear(tokens / n_c) + a) + attention(prompts, input) + head(prompts), n_c = ceil(tokens / chunk).
    `cached_tokens` of each prompt are already in the cache (prefix hit) and are not counted in `input_tokens`.
    `coincident`: all attention ranks prefill at once, so the experts see the tokens of all of them.
    """
    layout = deployment.layout
    tokens = np.multiply(prompts, input_tokens)
    chunks = np.maximum(np.ceil(tokens / deployment.engine.number("chunk_tokens")), 1.0)
    chunk_tokens = tokens / chunks
    moe_tokens = chunk_tokens * (layout.dp if coincident else 1.0)
    linear = linear_operators(
        deployment.architecture, chunk_tokens, moe_tokens, layout, deployment.precision, phase="prefill"
    )
    once = (
        *attention_operators(
            deployment.architecture, prompts, input_tokens, cached_tokens, layout, deployment.precision, phase="prefill"
        ),
        *head_operators(deployment.architecture, prompts, layout, deployment.precision),
    )
    overhead = Line(None, "framework", 0.0, np.multiply(deployment.engine.number("step_overhead_s"), chunks))
    repeated = tuple(line.times(chunks) for line in _priced(linear, deployment))
    return StepTime((*repeated, *_priced(once, deployment), overhead))


def mixed_prefill_s(deployment: Deployment, sequences: Number, input_tokens: Number) -> Number:
    """Return what one prompt adds to the decode steps that carry its chunks (chunked prefill in mixed steps).

    T_m = variable part of [ n_c (linear(b + input / n_c) - linear(b)) + attention(input) ]: the floors and the
    weights that a memory-bound step reads anyway are already paid.
    """
    layout = deployment.layout
    micro_batch = np.maximum(np.divide(sequences, layout.pp), 1.0)
    chunks = np.maximum(np.ceil(np.divide(input_tokens, deployment.engine.number("chunk_tokens"))), 1.0)
    chunk_tokens = np.divide(input_tokens, chunks)

    def linear(extra: Number) -> Number:
        operators = linear_operators(
            deployment.architecture,
            micro_batch + extra,
            micro_batch * layout.dp + extra,
            layout,
            deployment.precision,
            phase="decode",
        )
        return StepTime(_priced(operators, deployment)).variable_s

    attention = attention_operators(
        deployment.architecture, 1.0, input_tokens, 0.0, layout, deployment.precision, phase="prefill"
    )
    added = linear(chunk_tokens) - linear(0.0)
    return np.maximum(chunks * added, 0.0) + StepTime(_priced(attention, deployment)).variable_s


def _priced(operators: Iterable[Operator], deployment: Deployment) -> tuple[Line, ...]:
    """Cost of all launches of each operator; the framework's factor applies to the floors."""
    floor_factor = deployment.engine.number("floor_factor")
    lines = []
    for operator in operators:
        each = cost(operator, deployment.silicon, deployment.software)
        variable = np.multiply(each.variable_s, operator.count)
        lines.append(Line(operator, operator.role, variable, np.multiply(each.floor_s, operator.count) * floor_factor))
    return tuple(lines)


def _total(parts: Iterable[Number]) -> Number:
    total: Number = 0.0
    for part in parts:
        total = np.add(total, part)
    return total
