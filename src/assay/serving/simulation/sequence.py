"""A request while an instance works on it."""

from __future__ import annotations


class Sequence:
    """One request in the hands of the schedulers; a plain mutable record, for it changes with every event."""

    __slots__ = (
        "behind_s",
        "blocks",
        "cached",
        "done",
        "finish_tick",
        "generated",
        "held",
        "index",
        "input_tokens",
        "joined_step",
        "joined_tick",
        "order",
        "output_tokens",
        "phase",
        "preemptions",
        "prompt",
        "stored",
    )

    def __init__(self, index: int, input_tokens: int, output_tokens: int, blocks: tuple[int, ...] = ()) -> None:
        self.index = index
        self.input_tokens, self.output_tokens = input_tokens, output_tokens
        self.blocks = blocks
        """Prefix ids of the prompt's full blocks."""
        self.order = 0
        """Place in the queue of its instance."""
        self.phase = "waiting"
        """waiting, filling, running, handed (to a decode pool) or done."""
        self.preemptions = 0
        self.behind_s = 0.0
        """Time that a prefill still takes in the other stages of a pipeline when its first stage is free again."""
        self.cached = 0
        """Prompt tokens found in a prefix cache."""
        self.generated = 0
        self.prompt = input_tokens
        """Tokens to be in the cache before the next decode: after a preemption, with what was generated."""
        self.done = 0
        """Of these, tokens computed or found in the prefix cache."""
        self.held = 0
        """Leading prefix blocks held through the prefix cache."""
        self.stored = 0
        """Tokens in the cache when decoding began, at `joined_tick`."""
        self.joined_tick = self.joined_step = 0
        self.finish_tick = 0

    @property
    def remaining(self) -> int:
        """Tokens still to be generated."""
        return self.output_tokens - self.generated
