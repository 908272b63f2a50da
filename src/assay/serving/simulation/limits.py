"""The launch flags that a scheduler obeys."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Interference = Literal["mixed", "alternate"]
"""mixed: chunks of prompts ride in decode steps (vLLM, TensorRT-LLM); alternate: prefills take steps of their own and
go first (SGLang)."""
Order = Literal["fcfs", "shortest"]
Role = Literal["both", "prefill", "decode"]


@dataclass(frozen=True, slots=True)
class Limits:
    """One instance: what it may hold and do in a step."""

    kv_blocks: int
    """KV blocks of the whole instance, all attention ranks."""
    block_tokens: int = 16
    """--block-size."""
    max_num_seqs: int = 1024
    """--max-num-seqs, --max-running-requests: sequences that prefill or decode, all attention ranks."""
    chunk_tokens: int = 8192
    """--max-num-batched-tokens, --chunked-prefill-size: tokens of one attention rank in a step."""
    interference: Interference = "mixed"
    order: Order = "fcfs"
    prefix_caching: bool = True
    accepted_tokens: Fraction = Fraction(1)
    """Tokens that a decode step yields for each sequence, on average: above 1 with speculation."""
    draft_tokens: int = 0
    """Tokens drafted in a step, which count against the token budget."""
    recv_interval_steps: int = 1
    """--scheduler-recv-interval: decode steps between looks at the queue; a prefill is followed by a look."""
    role: Role = "both"
