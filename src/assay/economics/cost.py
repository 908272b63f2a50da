"""What a token costs, from what an hour of a chip costs and how many tokens it makes."""

from __future__ import annotations

from dataclasses import dataclass

from assay.core.interval import Interval

SECONDS_PER_HOUR = 3600.0
TOKENS_PER_MTOK = 1e6


@dataclass(frozen=True, slots=True)
class TokenCost:
    """USD per million tokens, said in two ways that earn the same sum; do not add them."""

    usd_per_million_output_tokens: Interval  # output tokens carry everything; input is free
    input_usd_per_million_tokens: Interval  # each kind of token carries the chip time that it takes
    output_usd_per_million_tokens: Interval


def token_cost(
    usd_per_chip_h: Interval,
    output_tok_per_s: Interval,
    *,
    input_tokens: float,
    output_tokens: float,
    prefill_share: float,
) -> TokenCost:
    """Return the cost of tokens.

    `usd_per_million_output_tokens = usd_per_chip_h / (3600 output_tok_per_s) 1e6`, and split by chip time
    `output = (1 - prefill_share) of it`, `input = prefill_share output_tokens / input_tokens of it`.

    Parameters
    ----------
    usd_per_chip_h
        Rate of a chip.
    output_tok_per_s
        Output tokens per second and chip, counting every chip that serves, prefill chips too.
    input_tokens, output_tokens
        Of a request. Input tokens that are found in a cache count as input.
    prefill_share
        Share of chip time that prefill takes, 0 to 1.

    Notes
    -----
    All three share one rate and one throughput, so that their intervals move together. With the convention that
    output tokens carry everything, the first is what InferenceX publishes.
    """
    whole = (usd_per_chip_h / output_tok_per_s).scale(TOKENS_PER_MTOK / SECONDS_PER_HOUR)
    return TokenCost(whole, whole.scale(prefill_share * output_tokens / input_tokens), whole.scale(1 - prefill_share))
