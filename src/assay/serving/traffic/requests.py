"""Requests as columns: when each may be sent, how long it is, and which prefix it shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt

from assay.core.array import FloatArray
from assay.core.errors import UsageError

IntArray: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Requests:
    """One entry a request in every column, in the order of arrival.

    Raises
    ------
    UsageError
        Columns of different lengths, times that go back or are negative, a request without tokens.
    """

    __pydantic_config__: ClassVar = {"arbitrary_types_allowed": True}  # a study may hold a SimulateRequest

    arrival_s: FloatArray
    """Earliest time at which the client may send; ascending from 0. A limit on concurrency may delay it further."""
    input_tokens: IntArray
    """Prompt, at least 1."""
    output_tokens: IntArray
    """Answer, at least 1: the first token comes from the prefill."""
    session: IntArray
    """Conversation that the request belongs to; -1: none."""
    blocks: tuple[tuple[int, ...], ...] = ()
    """Per request, an id for each full block of its prompt: equal leading ids, equal tokens. Empty: nothing shared."""
    block_tokens: int = 512
    """Tokens that one id stands for."""

    def __post_init__(self) -> None:
        """Refuse columns that do not fit together."""
        count = len(self.arrival_s)
        if not count:
            raise UsageError("no requests", "A workload needs at least one request.")
        columns = (self.input_tokens, self.output_tokens, self.session)
        if any(len(column) != count for column in columns) or (self.blocks and len(self.blocks) != count):
            raise UsageError("the columns of the requests differ in length")
        if self.arrival_s[0] < 0 or np.any(np.diff(self.arrival_s) < 0):
            raise UsageError("arrival times must ascend from 0")
        if self.input_tokens.min() < 1 or self.output_tokens.min() < 1:
            raise UsageError("a request needs at least one input token and one output token")

    def __len__(self) -> int:
        return len(self.arrival_s)
