"""What one replica did, burst by burst, with the moments at which each began and ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.core.array import FloatArray
from assay.core.errors import UsageError
from assay.serving.simulation.journal import Journal
from assay.serving.simulation.limits import Limits
from assay.serving.simulation.served import Served


@dataclass(frozen=True, slots=True)
class Bursts:
    """One entry a burst in every column, in the order of time; no two overlap."""

    begin_s: FloatArray
    end_s: FloatArray
    first_s: FloatArray
    """Time of the first step, and what each next one takes longer."""
    slope_s: FloatArray
    steps: FloatArray
    """Decode steps; 0: a prefill alone."""
    batch: FloatArray
    """Sequences that decode."""
    prefill_tokens: FloatArray
    prompts: FloatArray
    waiting: FloatArray
    """Requests in the queue when the burst ends."""
    mean_waiting: FloatArray
    """Requests in the queue over its length, estimated: those that stay, and newcomers from when they come."""
    begin_blocks: FloatArray
    """KV blocks in use when it begins, and when it ends."""
    end_blocks: FloatArray

    def __len__(self) -> int:
        return len(self.begin_s)

    @property
    def duration_s(self) -> FloatArray:
        """From begin to end."""
        return self.end_s - self.begin_s

    def step_ends_s(self) -> FloatArray:
        """Return when each decode step ended: step j of a burst at begin + j x first + slope x j (j - 1) / 2."""
        steps = self.steps.astype(np.int64)
        burst = np.repeat(np.arange(len(self)), steps)
        nth = np.arange(len(burst)) - np.repeat(np.cumsum(steps) - steps, steps) + 1.0
        return self.begin_s[burst] + nth * self.first_s[burst] + self.slope_s[burst] * (nth * (nth - 1.0) / 2.0)


def bursts(journal: Journal, limits: Limits) -> Bursts:
    """Return the bursts of a journal.

    The journal knows the KV blocks at the begin of a burst; while it decodes it fills
    batch x steps x accepted tokens / tokens a block more, to within one block a sequence.
    """
    columns = journal.columns()
    begin_s, first_s, slope_s, steps = (columns[name] for name in ("begin_s", "first_s", "slope_s", "steps"))
    prefill_tokens, batch, used = columns["prefill_tokens"], columns["batch"], columns["used_blocks"]
    decode_s = steps * first_s + slope_s * (steps * (steps - 1.0) / 2.0)
    end_s = begin_s + np.where((steps == 0) & (prefill_tokens > 0), first_s, decode_s)
    following_s = np.append(begin_s[1:], np.inf)
    waiting, last_s = columns["waiting"], first_s + slope_s * np.maximum(steps - 1.0, 0.0)
    last_step = np.divide(last_s, decode_s, out=np.ones_like(steps), where=decode_s > 0)
    grown = np.where(prefill_tokens > 0, 0.0, batch * steps * float(limits.accepted_tokens) / limits.block_tokens)
    return Bursts(
        begin_s=begin_s,
        end_s=np.minimum(end_s, following_s),  # the same sum in another order may differ in the last digit
        first_s=first_s,
        slope_s=slope_s,
        steps=steps,
        batch=batch,
        prefill_tokens=prefill_tokens,
        prompts=columns["prompts"],
        waiting=waiting,
        mean_waiting=_mean_waiting(waiting, columns["prompts"], last_step),
        begin_blocks=used,
        end_blocks=np.minimum(used + grown, float(limits.kv_blocks)),
    )


def _mean_waiting(waiting: FloatArray, prompts: FloatArray, last_step: FloatArray) -> FloatArray:
    """Return the queue over each burst, of which the last step takes a share of the time.

    Those stay that wait at the end of the burst before, but for the prompts that this one computes. Newcomers wait for
    half the burst where others stay before them; where nobody does they end it, and wait for half its last step.
    """
    stay = np.clip(np.append(0.0, waiting)[:-1] - prompts, 0.0, waiting)
    return stay + (waiting - stay) * 0.5 * np.where(stay > 0, 1.0, np.minimum(last_step, 1.0))


def by_pool(served: Served, limits: Sequence[Limits]) -> tuple[tuple[Bursts, ...], ...]:
    """Return the bursts of every replica, by pool.

    Raises
    ------
    UsageError
        Where there are not as many limits as pools.
    """
    if len(limits) != len(served.journals):
        raise UsageError(f"{len(served.journals)} pools have served, but there are limits of {len(limits)}")
    return tuple(
        tuple(bursts(journal, each) for journal in pool) for pool, each in zip(served.journals, limits, strict=True)
    )


def pool_names(pools: int) -> tuple[str, ...]:
    """Return what the pools of a deployment are called."""
    return ("serving",) if pools == 1 else ("prefill", "decode")
