"""One instance of a serving engine: continuous batching, advanced burst by burst instead of step by step.

Between two boundaries at which something can change (a sequence ends, a request is seen, blocks run out, the decode
time bends) a decode batch is fixed and its step time grows by the same amount with every step, so that k steps are a
sum in closed form. `tests/serving/simulation/naive.py` is the same scheduler step by step; both agree to 1e-9.
"""

from __future__ import annotations

import heapq
from math import ceil, inf, sqrt
from typing import Final

from assay.serving.simulation.cache import KvCache
from assay.serving.simulation.journal import Journal
from assay.serving.simulation.limits import Limits
from assay.serving.simulation.sequence import Sequence
from assay.serving.simulation.steps import Chunk, Steps

KEPT: Final = 1024
"""Sequences long gone that the order of admission may still name, before it is cleaned."""


class Instance:
    """A scheduler with its queue, its running sequences and its KV cache.

    `submit` puts a request into the queue; `due` is when the work at hand ends; `complete` ends it and returns what
    came out; `plan` begins the next. Whoever drives several instances does so in the order of `due`, and delivers all
    requests of a moment before it plans.

    One tick is one token of every running sequence; with speculation a step advances by more than one.
    """

    def __init__(self, steps: Steps, limits: Limits, prefix_tokens: int = 0) -> None:
        self.steps, self.limits = steps, limits
        self.cache = KvCache(limits.kv_blocks, max(prefix_tokens // limits.block_tokens, 1))
        self.journal = Journal()
        self.clock, self.due = 0.0, inf
        self.first_token_s: list[tuple[int, float, int]] = []
        """Request, time of its first token, decode steps done until then; whoever drives takes them out."""
        self._in_line = limits.order == "fcfs" and limits.recv_interval_steps == 1
        """A newcomer changes nothing while the head of the queue is blocked."""
        self._each_step = limits.recv_interval_steps == 1
        self._mixed = limits.interference == "mixed"
        self._accepted = float(limits.accepted_tokens)
        self._plain = limits.accepted_tokens == 1
        self._prefix_tokens = prefix_tokens if limits.prefix_caching and limits.role != "decode" else 0
        self._inbox: list[Sequence] = []
        self._waiting: list[tuple[int, int, Sequence]] = []
        self._filling: list[Sequence] = []
        self._running: list[tuple[int, int, Sequence]] = []
        self._admitted: list[Sequence] = []
        self._batch, self._context = 0, 0.0
        self._tick, self._step, self._orders = 0, 0, 0
        self._residues = [0] * limits.block_tokens
        self._since_look, self._blocked = 0, False
        self._last_token_s, self._joined_s = 0.0, list[float]()
        self._kind, self._count = "idle", 0
        self._first_s = self._slope_s = self._behind_s = 0.0
        self._chunks: list[tuple[Sequence, int]] = []

    # What a router asks.

    @property
    def awake(self) -> bool:
        """Whether it only waits for `plan`."""
        return self._kind == "wake"

    @property
    def requests(self) -> int:
        """Requests in the instance, waiting or running."""
        return len(self._inbox) + len(self._waiting) + len(self._filling) + self._batch

    # What happens to it.

    def submit(self, arrived: Sequence, now_s: float) -> None:
        """Put a request into the queue; it is looked at from the next boundary on."""
        self._orders += 1
        arrived.order = self._orders
        arrived.phase = "waiting"
        self._inbox.append(arrived)
        if self._kind == "idle":
            self.clock = self.due = max(self.clock, now_s)
            self._kind = "wake"
        elif self._kind == "decode" and not (self._blocked and self._in_line):
            self._shorten(now_s)

    def complete(self) -> list[Sequence]:
        """End the work at hand; return the sequences that are done, or handed to a decode pool."""
        kind, ended = self._kind, list[Sequence]()
        begin_s, self.clock = self.clock, self.due
        if kind == "decode":
            self._note(begin_s, 0)
            self._emit(begin_s + self._first_s)
            self._advance(self._count, ended)
            self._last_token_s = self.clock
        elif kind == "prefill":
            self._note(begin_s, sum(tokens for _, tokens in self._chunks))
            if self._count:
                self._emit(self.clock)
                self._advance(1, ended)
                self._last_token_s = self.clock
            self._computed(ended)
        self._kind, self.due = "wake", self.clock
        return ended

    def plan(self) -> None:
        """Begin the next work, if there is any."""
        if not self._batch or self._each_step or self._since_look % self.limits.recv_interval_steps == 0:
            self._since_look = 0
            if self._inbox:
                self._look()
        mixed = self._mixed
        preempted = mixed and self._make_room()
        if not preempted:
            if self._waiting:
                self._admit()
            else:
                self._blocked = False
        if self._filling and self._fill(mixed):
            return
        preempted |= self._make_room()
        if self._batch:
            self._decode(1 if preempted else self._steps_for(self._next_finish() - self._tick))
        else:
            self._kind, self.due = "idle", inf

    def fail(self, now_s: float) -> list[Sequence]:
        """Lose all sequences, at a moment; they come back as new ones that keep what they generated."""
        if self._kind == "decode":
            self._count = self._steps_until(now_s)
            if self._begin_of(self._count) > now_s:
                self._count -= 1
            self._note(self.clock, 0)
            self._advance(self._count, [])
        lost = [*self._filling, *(each for _, _, each in self._waiting), *self._inbox]
        for tick, _, each in self._running:
            if each.phase == "running" and each.finish_tick == tick:
                each.generated = each.output_tokens - (tick - self._tick)
                lost.append(each)
        for each in lost:
            each.phase, each.done, each.held = "waiting", 0, 0
            each.prompt = each.input_tokens + each.generated
        self.cache.clear()
        self._inbox, self._waiting, self._filling, self._running, self._admitted = [], [], [], [], []
        self._batch, self._context, self._residues = 0, 0.0, [0] * self.limits.block_tokens
        self._kind, self.due, self._joined_s = "idle", inf, []
        return sorted(lost, key=lambda each: each.order)

    # Looking, admitting, making room.

    def _look(self) -> None:
        shortest = self.limits.order == "shortest"
        for each in self._inbox:
            heapq.heappush(self._waiting, (each.input_tokens if shortest else 0, each.order, each))
        self._inbox.clear()

    def _admit(self) -> None:
        """Take requests from the queue while sequences, blocks and the tokens of the step allow."""
        self._blocked = False
        if not self._waiting:
            return
        limits = self.limits
        budget = self._budget() - sum(each.prompt - each.done for each in self._filling)
        spare = self._blocks_for(self._ticks(1))
        if len(self._admitted) > 2 * (self._batch + len(self._filling)) + KEPT:
            self._admitted = [each for each in self._admitted if each.phase in {"filling", "running"}]
        while self._waiting and (budget > 0 or limits.role == "decode"):
            head = self._waiting[0][2]
            if self._batch + len(self._filling) >= limits.max_num_seqs or not self._reserve(head, spare):
                self._blocked = True
                return
            heapq.heappop(self._waiting)
            self._admitted.append(head)
            if head.done == head.prompt:  # its cache has come along from a prefill pool
                self.first_token_s.append((head.index, self.clock, self._step))
                self._join(head)
            else:
                head.phase = "filling"
                self._filling.append(head)
                budget -= head.prompt - head.done

    def _reserve(self, head: Sequence, spare: int) -> bool:
        """Take the blocks of a prompt, but for those in the prefix cache; False where they are not there.

        `spare` blocks are left to the sequences that decode next.
        """
        cache, size = self.cache, self.limits.block_tokens
        hits = 0
        if self._prefix_tokens and head.blocks:
            hits = min(cache.resident(head.blocks), (head.prompt - 1) // self._prefix_tokens)
        found = head.blocks[:hits]
        own = -(-head.prompt // size) - hits * cache.prefix_blocks
        if cache.available - spare < own + cache.idle_among(found) * cache.prefix_blocks:
            return False
        cache.hold(found)
        cache.take(own)
        if head.done < head.prompt:
            head.held, head.done = hits, hits * self._prefix_tokens
            head.cached += head.done
        return True

    def _make_room(self) -> bool:
        """Preempt the sequences admitted last until the next step's blocks are there; tell whether any was."""
        ticks, preempted = (1 if self._plain else self._ticks(1)), False
        if self._batch * ticks <= self.cache.blocks - self.cache.used:  # not more than one block a sequence and tick
            return False
        while self._batch and self._blocks_for(ticks) > self.cache.available:
            self._preempt()
            preempted = True
        return preempted

    def _preempt(self) -> None:
        """Put the running or filling sequence that was admitted last back into the queue, its cache given up."""
        while True:
            last = self._admitted.pop()
            if last.phase == "running":
                last.generated = last.output_tokens - (last.finish_tick - self._tick)
                self._leave(last)
                break
            if last.phase == "filling":
                self._filling.remove(last)
                self._give_back(last, last.prompt)
                break
        last.phase, last.done = "waiting", 0
        last.preemptions += 1
        last.prompt = last.input_tokens + last.generated
        heapq.heappush(self._waiting, (0, last.order, last))

    # One step with prefill.

    def _budget(self) -> int:
        """Prompt tokens that the next step may compute."""
        whole = self.limits.chunk_tokens * self.steps.ranks
        if self.limits.interference == "mixed":
            return whole - self._batch * (1 + self.limits.draft_tokens)
        return whole

    def _fill(self, mixed: bool) -> bool:
        """Begin a step that computes chunks of prompts, first come first served; False where no token is left."""
        budget, self._chunks = self._budget(), []
        for each in self._filling:
            tokens = min(each.prompt - each.done, self.limits.chunk_tokens, budget)
            if tokens <= 0:
                break
            self._chunks.append((each, tokens))
            budget -= tokens
        if not self._chunks:
            return False
        chunks: list[Chunk] = [(tokens, each.done) for each, tokens in self._chunks]
        self._count = self._batch if mixed else 0
        prefill_s = self.steps.prefill_s(chunks, self._count)
        # A prefill keeps one stage of a pipeline busy at a time; the others go on with what they have.
        busy_s = prefill_s / self.steps.stages
        self._behind_s = prefill_s - busy_s
        self._first_s, self._slope_s = busy_s, 0.0
        if self._count:
            context = self._context / self._batch
            line = self.steps.decode(self._batch, context)
            self._first_s += line.base_s + line.per_token_s * context
            self.cache.take(self._blocks_for(self._ticks(1)))
        self._kind, self.due = "prefill", self.clock + self._first_s
        return True

    def _computed(self, ended: list[Sequence]) -> None:
        """Move the chunks of the step into the cache; finished prompts yield their first token and decode."""
        self._since_look = 0
        finished = 0
        for each, tokens in self._chunks:
            each.done += tokens
            if each.done < each.prompt:
                continue
            finished += 1
            if self._prefix_tokens and each.blocks:
                full = each.blocks[: each.prompt // self._prefix_tokens]
                each.held += self.cache.share(full[each.held :])
            first = not each.generated
            each.generated += 1
            if first and (self.limits.role == "both" or each.generated == each.output_tokens):
                self.first_token_s.append((each.index, self.clock + self._behind_s, self._step))
            if each.generated == each.output_tokens or self.limits.role == "prefill":
                each.phase = "done" if each.generated == each.output_tokens else "handed"
                each.behind_s = self._behind_s
                self._give_back(each, each.prompt)
                ended.append(each)
            else:
                self._join(each)
        if finished:  # prompts end in the order in which they were taken
            self._filling = [each for each in self._filling if each.phase == "filling"]

    # Decoding.

    def _decode(self, count: int) -> None:
        """Begin at most `count` decode steps: as many as nothing interrupts."""
        limits, context = self.limits, self._context / self._batch
        line = self.steps.decode(self._batch, context)
        self._first_s = line.base_s + line.per_token_s * context
        self._slope_s = line.per_token_s * self._accepted
        if line.upto < inf:
            count = min(count, max(ceil((line.upto - context) / self._accepted), 1))
        if self._inbox:
            count = min(count, limits.recv_interval_steps - self._since_look % limits.recv_interval_steps)
        count = self._affordable(count)
        self._kind, self._count = "decode", count
        self.due = self._begin_of(count)

    def _next_finish(self) -> int:
        """Return the tick at which the first running sequence ends; entries of sequences that left are dropped."""
        running = self._running
        while running[0][2].phase != "running" or running[0][2].finish_tick != running[0][0]:
            heapq.heappop(running)
        return running[0][0]

    def _affordable(self, count: int) -> int:
        """Return how many of the steps find blocks; the first one does."""
        free = self.cache.available
        ticks = self._ticks(count)
        if self._batch * (ticks // self.limits.block_tokens + 1) <= free:
            return count
        low, high = 1, count
        while low < high:
            middle = (low + high + 1) // 2
            if self._blocks_for(self._ticks(middle)) <= free:
                low = middle
            else:
                high = middle - 1
        return low

    def _begin_of(self, step: int) -> float:
        """Return when a step of the burst begins, counted from 0; at its count, when the burst ends."""
        return self.clock + step * self._first_s + self._slope_s * (step * (step - 1) / 2.0)

    def _steps_until(self, now_s: float) -> int:
        """Return the fewest steps of the burst, at least one, that end at `now_s` or later."""
        wait_s, half = now_s - self.clock, self._slope_s / 2.0
        linear = self._first_s - half
        if half > 0.0:
            guess = (sqrt(linear * linear + 4.0 * half * max(wait_s, 0.0)) - linear) / (2.0 * half)
        else:
            guess = wait_s / self._first_s
        steps = min(max(int(guess), 1), self._count)
        while steps > 1 and self._begin_of(steps - 1) >= now_s:
            steps -= 1
        while steps < self._count and self._begin_of(steps) < now_s:
            steps += 1
        return steps

    def _shorten(self, now_s: float) -> None:
        """End the burst at the boundary at which a request that arrives now is looked at."""
        steps, interval = self._steps_until(now_s), self.limits.recv_interval_steps
        steps += -(self._since_look + steps) % interval
        if steps < self._count:
            self._count = steps
            self.due = self._begin_of(steps)

    def _advance(self, count: int, ended: list[Sequence]) -> None:
        """Make decode steps: tokens, blocks, sequences that end."""
        ticks = self._ticks(count)
        if self._kind == "decode":
            self.cache.take(self._blocks_for(ticks))
        self._tick += ticks
        self._step += count
        self._since_look += count
        self._context += self._batch * self._accepted * count
        running = self._running
        while running and (running[0][0] <= self._tick or running[0][2].phase != "running"):
            tick, _, each = heapq.heappop(running)
            if each.phase == "running" and each.finish_tick == tick:
                each.generated = each.output_tokens
                self._leave(each)
                each.phase = "done"
                ended.append(each)

    def _join(self, each: Sequence) -> None:
        """Let a sequence whose prompt is in the cache decode."""
        each.phase = "running"
        each.stored, each.joined_tick, each.joined_step = each.prompt, self._tick, self._step
        each.finish_tick = self._tick + each.remaining
        heapq.heappush(self._running, (each.finish_tick, each.order, each))
        self._residues[(each.stored - self._tick) % self.limits.block_tokens] += 1
        self._batch += 1
        self._context += each.prompt + 1
        self._joined_s.append(self.clock)

    def _leave(self, each: Sequence) -> None:
        """Take a running sequence out of the batch."""
        since = self._tick - each.joined_tick
        self._residues[(each.stored - each.joined_tick) % self.limits.block_tokens] -= 1
        self._batch -= 1
        self._context -= each.prompt + 1 + self._accepted * (self._step - each.joined_step)
        if not self._batch:
            self._context = 0.0
        self._give_back(each, each.stored + since)

    def _give_back(self, each: Sequence, tokens: int) -> None:
        self.cache.give(-(-tokens // self.limits.block_tokens) - each.held * self.cache.prefix_blocks)
        self.cache.release(each.blocks[: each.held])
        each.held = 0

    # Ticks, steps and blocks.

    def _ticks(self, steps: int) -> int:
        """Return by how many ticks the next steps advance."""
        if self._plain:
            return steps
        accepted = self.limits.accepted_tokens
        top, bottom = accepted.numerator, accepted.denominator
        return (self._step + steps) * top // bottom - self._step * top // bottom

    def _steps_for(self, ticks: int) -> int:
        """Return the fewest steps that advance by so many ticks."""
        if self._plain:
            return ticks
        accepted = self.limits.accepted_tokens
        target = self._step * accepted.numerator // accepted.denominator + ticks
        return -(-target * accepted.denominator // accepted.numerator) - self._step

    def _blocks_for(self, ticks: int) -> int:
        """Return the new blocks that the running sequences need over the next ticks.

        A sequence needs one whenever its stored tokens are a multiple of the block; all grow alike, so it is enough
        to know how many sequences have each remainder.
        """
        size, residues, tick = self.limits.block_tokens, self._residues, self._tick
        if ticks == 1:
            return residues[-tick % size]
        whole, rest = divmod(ticks, size)
        begin = -(tick + rest - 1) % size if rest else 0
        part = residues[begin : begin + rest]
        if begin + rest > size:
            part += residues[: begin + rest - size]
        return self._batch * whole + sum(part)

    # The journal.

    def _note(self, begin_s: float, prefill_tokens: int) -> None:
        """Note the work at hand."""
        decodes = self._kind == "decode"
        count = self._count if decodes else min(self._count, 1)
        batch = self._batch if decodes or self._count else 0
        self.journal.burst(
            (
                begin_s,
                self._first_s,
                self._slope_s,
                count,
                batch,
                self._step,
                prefill_tokens,
                len(self._chunks) if prefill_tokens else 0,
                len(self._waiting) + len(self._inbox),
                self.cache.used,
                self._context / batch if batch else 0.0,
            )
        )

    def _emit(self, now_s: float) -> None:
        """Note the gap before the first tokens of a burst: the step, and what it stood behind."""
        joined, journal = self._joined_s, self.journal
        older = self._batch - len(joined)
        if older > 0:
            journal.gap(now_s - self._last_token_s, older)
        if joined:
            for joined_s in joined:
                journal.gap(now_s - joined_s, 1.0)
            joined.clear()
