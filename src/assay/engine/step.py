"""The time of one forward step of a deployment, composed from its operators."""

from __future__ import annotations

import numpy as np

from assay.core.array import Number
from assay.engine.deployment import Deployment
from assay.engine.line import Line, StepTime, priced, total
from assay.engine.overlap import overlapped
from assay.llm.operators import attention_operators, head_operators, linear_operators


def decode_step(deployment: Deployment, sequences: Number, context: Number) -> StepTime:
    """Return one decode step: `sequences` per attention rank, each attending `context` cached tokens.

    T = linear(b, b dp) + attention(b, L) + head(b) + a + g layers + h b, and with speculation times
    (1 + draft / layers), where the tokens of a step are b (draft + 1). Under pipeline parallelism `sequences / pp` run
    as one micro-batch through all stages while the others fill the rest: the step is the time through all stages.
    """
    architecture, layout, precision = deployment.architecture, deployment.layout, deployment.precision
    queries = 1 + deployment.speculation.draft_tokens

    def lines(micro_batch: Number) -> tuple[Line, ...]:
        tokens = np.multiply(micro_batch, queries)
        operators = (
            *linear_operators(architecture, tokens, tokens * layout.dp, layout, precision, phase="decode"),
            *attention_operators(architecture, micro_batch, queries, context, layout, precision, phase="decode"),
            *head_operators(architecture, tokens, layout, precision),
        )
        return priced(operators, deployment)

    micro_batch = np.maximum(np.divide(sequences, layout.pp), 1.0)
    number = deployment.engine.number
    per_step_s = number("step_overhead_s") + number("layer_overhead_s") * architecture.layers
    overhead_s = per_step_s + number("sequence_overhead_s") * np.asarray(sequences)
    step = overlapped(deployment, lines, micro_batch, copies_on_cores=False)
    drafts = 1.0 + deployment.speculation.draft_tokens / architecture.layers
    return StepTime((*step, Line(None, "framework", 0.0, overhead_s))).times(drafts)


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
    architecture, layout, precision = deployment.architecture, deployment.layout, deployment.precision
    number = deployment.engine.number
    tokens = np.multiply(prompts, input_tokens)
    chunks = np.maximum(np.ceil(tokens / number("chunk_tokens")), 1.0)
    ranks = layout.dp if coincident else 1.0

    def lines(batch: Number) -> tuple[Line, ...]:
        chunk_tokens = np.multiply(batch, input_tokens) / chunks
        linear = linear_operators(architecture, chunk_tokens, chunk_tokens * ranks, layout, precision, phase="prefill")
        attention = attention_operators(
            architecture, batch, input_tokens, cached_tokens, layout, precision, phase="prefill"
        )
        head = head_operators(architecture, batch, layout, precision)
        repeated = tuple(line.times(chunks) for line in priced(linear, deployment))
        return (*repeated, *priced((*attention, *head), deployment))

    overhead_s = np.multiply(number("step_overhead_s"), chunks)
    step = overlapped(deployment, lines, prompts, copies_on_cores=True)
    return StepTime((*step, Line(None, "framework", 0.0, overhead_s)))


def mixed_prefill_s(
    deployment: Deployment, sequences: Number, input_tokens: Number, cached_tokens: Number = 0.0
) -> Number:
    """Return what one prompt adds to the decode steps that carry its chunks (chunked prefill in mixed steps).

    T_m = variable part of [ n_c (linear(b + input / n_c) - linear(b)) + attention(input) ]: the floors and the
    weights that a memory-bound step reads anyway are already paid.
    """
    layout = deployment.layout
    batch = np.maximum(np.divide(sequences, layout.pp), 1.0)
    chunks = np.maximum(np.ceil(np.divide(input_tokens, deployment.engine.number("chunk_tokens"))), 1.0)
    chunk_tokens = np.divide(input_tokens, chunks)
    others = batch * layout.dp
    with_chunk_s = mixed_linear_s(deployment, batch + chunk_tokens, others + chunk_tokens)
    added_s = with_chunk_s - mixed_linear_s(deployment, batch, others)
    return np.maximum(chunks * added_s, 0.0) + prefill_attention_s(deployment, input_tokens, cached_tokens)


def mixed_linear_s(deployment: Deployment, tokens: Number, moe_tokens: Number) -> Number:
    """Return the variable part of everything but attention in a step of `tokens` tokens of a rank.

    `moe_tokens` are the tokens that the experts see, of all ranks.
    """
    architecture, layout, precision = deployment.architecture, deployment.layout, deployment.precision
    operators = linear_operators(architecture, tokens, moe_tokens, layout, precision, phase="decode")
    return total(line.variable_s for line in priced(operators, deployment))


def prefill_attention_s(deployment: Deployment, input_tokens: Number, cached_tokens: Number) -> Number:
    """Return the variable part of attention over one prompt's new tokens, each attending also the cached ones."""
    architecture, layout, precision = deployment.architecture, deployment.layout, deployment.precision
    operators = attention_operators(architecture, 1.0, input_tokens, cached_tokens, layout, precision, phase="prefill")
    return total(line.variable_s for line in priced(operators, deployment))
