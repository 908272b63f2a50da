"""Conversations: each turn sends again all that was said before, and many start with the same system prompt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from assay.core.errors import UsageError
from assay.serving.traffic.arrivals import poisson
from assay.serving.traffic.lengths import Length
from assay.serving.traffic.part import MOST_TOKENS
from assay.serving.traffic.requests import IntArray, Requests

NumberT = TypeVar("NumberT", np.int64, np.float64)


@dataclass(frozen=True, slots=True)
class Conversations:
    """What conversations are like. Raises UsageError on a number outside its range."""

    count: int
    rate_per_s: float
    """New conversations per second, a Poisson process; the first starts at 0."""
    turns: Length
    """Requests of one conversation."""
    new_input_tokens: Length
    """What the user adds in each turn, the first included."""
    output_tokens: Length
    system_prompt_tokens: int = 0
    """Of every conversation, in front of its first turn."""
    shared_prefixes: int = 1
    """Distinct system prompts, equally frequent."""
    think_time_s: float = 0.0
    """Mean time from the arrival of one turn to that of the next, exponentially distributed; contains the answer."""
    block_tokens: int = 512
    """Tokens of a block of the prefix cache."""

    def __post_init__(self) -> None:
        """Refuse numbers outside their range; the rate and the count are those of arrivals."""
        if not 0 <= self.system_prompt_tokens <= MOST_TOKENS:
            raise UsageError(f"a system prompt of {self.system_prompt_tokens} tokens: not from 0 to {MOST_TOKENS:,}")
        if self.shared_prefixes < 1:
            raise UsageError(f"{self.shared_prefixes} distinct system prompts", "Give at least 1; 0 tokens for none.")
        if not 0 <= self.think_time_s <= 1e9:
            raise UsageError(f"a mean think time of {self.think_time_s:g} s: not from 0 to 1e9")
        if self.block_tokens < 1:
            raise UsageError(f"blocks of {self.block_tokens} tokens", "Give at least 1.")


def conversations(asked: Conversations, random: np.random.Generator) -> Requests:
    """Return the turns of conversations as requests, in the order of arrival.

    A prompt is the system prompt, all earlier inputs and outputs of the conversation, and the new input. The
    think time of a turn counts from the arrival of the turn before, not from its answer: how long an answer takes is
    not known here, so the think time has to contain it. Sessions are numbered as conversations start.

    Two prompts have equal leading ids of blocks exactly where their tokens are equal: the full blocks of a system
    prompt belong to all conversations that have it; a block with any token of the conversation belongs to the
    conversation. Prompts are not cut to any context length. Raises UsageError: `count` or `rate_per_s` as in `poisson`.
    """
    start_s = poisson(asked.rate_per_s, asked.count, random)
    prefix = random.integers(asked.shared_prefixes, size=asked.count)
    turns = asked.turns.draw(random, asked.count)
    session = np.repeat(np.arange(asked.count), turns)
    first = np.cumsum(turns) - turns  # index of the first turn of each conversation
    new = asked.new_input_tokens.draw(random, len(session))
    output = asked.output_tokens.draw(random, len(session))
    think_s = random.exponential(asked.think_time_s, len(session))
    think_s[first] = 0.0
    arrival_s = start_s[session] + _within(think_s, first, session)
    prompt = asked.system_prompt_tokens + _within(new + output, first, session) - output
    blocks = _blocks(prompt, prefix, first + turns - 1, asked)
    order = np.argsort(arrival_s, kind="stable")
    return Requests(
        arrival_s[order],
        prompt[order],
        output[order],
        session[order],
        tuple(blocks[turn] for turn in order) if any(blocks) else (),
        asked.block_tokens,
    )


def _within(values: npt.NDArray[NumberT], first: IntArray, session: IntArray) -> npt.NDArray[NumberT]:
    """Return the sums from the first turn of each conversation up to each turn, that one included."""
    total = np.cumsum(values, dtype=values.dtype)
    before: npt.NDArray[NumberT] = (total - values)[first]
    return total - before[session]


def _blocks(prompt: IntArray, prefix: IntArray, last: IntArray, asked: Conversations) -> list[tuple[int, ...]]:
    """Return the ids of the full blocks of each turn: first those of system prompts, then those of conversations."""
    shared = asked.system_prompt_tokens // asked.block_tokens
    full = prompt // asked.block_tokens
    own = full[last] - shared
    own_from = asked.shared_prefixes * shared + np.cumsum(own) - own
    turns = np.diff(last, prepend=-1)
    found: list[tuple[int, ...]] = []
    turn = 0
    for kind, begin, length, count in zip(
        prefix.tolist(), own_from.tolist(), own.tolist(), turns.tolist(), strict=True
    ):
        # a conversation only grows: the blocks of its turns are beginnings of those of its last turn
        longest = (*range(kind * shared, (kind + 1) * shared), *range(begin, begin + length))
        found.extend(longest[:blocks] for blocks in full[turn : turn + count].tolist())
        turn += count
    return found
