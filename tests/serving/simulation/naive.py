"""The scheduler of an instance step by step, in the plainest words: the oracle of the jumping one.

One Python loop a step, one entry a sequence; no closed forms, no residues, no ticks. Only the prefix cache's class and
the step times are shared with the code under test.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from assay.serving.simulation.cache import KvCache
from assay.serving.simulation.limits import Limits
from assay.serving.simulation.steps import Steps
from assay.serving.traffic.requests import Requests


@dataclass
class Job:
    """One request."""

    index: int
    arrival_s: float
    input: int
    output: int
    ids: tuple[int, ...]
    order: int = 0
    prompt: int = 0
    done: int = 0
    generated: int = 0
    held: int = 0
    own: int = 0
    stored: int = 0
    growth: Fraction = Fraction(0)
    first_s: float | None = None
    finish_s: float | None = None
    preemptions: int = 0


@dataclass
class Naive:
    """State of the instance."""

    steps: Steps
    limits: Limits
    prefix_tokens: int
    clock: float = 0.0
    step: int = 0
    since_look: int = 0
    waiting: list[Job] = field(default_factory=list)
    inbox: list[Job] = field(default_factory=list)
    filling: list[Job] = field(default_factory=list)
    running: list[Job] = field(default_factory=list)
    admitted: list[Job] = field(default_factory=list)
    peak: int = 0
    generated: int = 0

    def run(self, requests: Requests) -> list[Job]:
        limits = self.limits
        self.cache = KvCache(limits.kv_blocks, max(self.prefix_tokens // limits.block_tokens, 1))
        jobs = [
            Job(i, float(requests.arrival_s[i]), int(requests.input_tokens[i]), int(requests.output_tokens[i]),
                requests.blocks[i] if requests.blocks else (), i, int(requests.input_tokens[i]))
            for i in range(len(requests))
        ]  # fmt: skip
        upcoming = list(jobs)
        while upcoming or self.inbox or self.waiting or self.filling or self.running:
            while upcoming and upcoming[0].arrival_s <= self.clock:
                self.inbox.append(upcoming.pop(0))
            if not (self.inbox or self.waiting or self.filling or self.running):
                self.clock = upcoming[0].arrival_s
                continue
            self.one_step()
            self.peak = max(self.peak, self.cache.used)
        return jobs

    def key(self, job: Job) -> tuple[int, int]:
        shortest = self.limits.order == "shortest" and not job.preemptions
        return (job.input if shortest else 0, job.order)

    def one_step(self) -> None:
        limits, mixed = self.limits, self.limits.interference == "mixed"
        if not self.running or self.since_look % limits.recv_interval_steps == 0:
            self.waiting += self.inbox
            self.inbox = []
            self.since_look = 0
        preempted = mixed and self.make_room()
        if not preempted:
            self.admit()
        if self.filling:
            chunks = self.chunks()
            if chunks:
                self.prefill(chunks, mixed)
                return
        self.make_room()
        self.decode(0.0)

    def yields(self) -> int:
        """Tokens of every running sequence in this step."""
        accepted = self.limits.accepted_tokens
        return (self.step + 1) * accepted.numerator // accepted.denominator - (
            self.step * accepted.numerator // accepted.denominator
        )

    def needed(self) -> int:
        return sum(self.blocks(job.stored + self.yields()) - self.blocks(job.stored) for job in self.running)

    def blocks(self, tokens: int) -> int:
        return -(-tokens // self.limits.block_tokens)

    def make_room(self) -> bool:
        preempted = False
        while self.running and self.needed() > self.cache.available:
            victim = self.admitted.pop()
            (self.running if victim in self.running else self.filling).remove(victim)
            self.free(victim)
            victim.done, victim.prompt = 0, victim.input + victim.generated
            victim.preemptions += 1
            self.waiting.append(victim)
            preempted = True
        return preempted

    def free(self, job: Job) -> None:
        self.cache.give(job.own)
        self.cache.release(job.ids[: job.held])
        job.own = job.held = 0

    def budget(self) -> int:
        whole = self.limits.chunk_tokens * self.steps.ranks
        mixed = self.limits.interference == "mixed"
        return whole - len(self.running) * (1 + self.limits.draft_tokens) if mixed else whole

    def admit(self) -> None:
        limits = self.limits
        budget = self.budget() - sum(job.prompt - job.done for job in self.filling)
        while self.waiting and budget > 0:
            job = min(self.waiting, key=self.key)
            if len(self.running) + len(self.filling) >= limits.max_num_seqs:
                return
            hits = 0
            if limits.prefix_caching and self.prefix_tokens and job.ids:
                hits = min(self.cache.resident(job.ids), (job.prompt - 1) // self.prefix_tokens)
            own = self.blocks(job.prompt) - hits * self.cache.prefix_blocks
            idle = self.cache.idle_among(job.ids[:hits]) * self.cache.prefix_blocks
            if self.cache.available - self.needed() < own + idle:
                return
            self.cache.hold(job.ids[:hits])
            self.cache.take(own)
            job.held, job.own, job.done = hits, own, hits * self.prefix_tokens
            self.waiting.remove(job)
            self.admitted.append(job)
            self.filling.append(job)
            budget -= job.prompt - job.done

    def chunks(self) -> list[tuple[Job, int]]:
        budget, found = self.budget(), []
        for job in self.filling:
            tokens = min(job.prompt - job.done, self.limits.chunk_tokens, budget)
            if tokens <= 0:
                break
            found.append((job, tokens))
            budget -= tokens
        return found

    def prefill(self, chunks: list[tuple[Job, int]], mixed: bool) -> None:
        batch = len(self.running) if mixed else 0
        seconds = self.steps.prefill_s([(tokens, job.done) for job, tokens in chunks], batch)
        busy_s = seconds / self.steps.stages
        if batch:
            self.decode(busy_s)
        else:
            self.clock += busy_s
        self.since_look = 0
        for job, tokens in chunks:
            job.done += tokens
            if job.done < job.prompt:
                continue
            self.filling.remove(job)
            if self.limits.prefix_caching and self.prefix_tokens and job.ids:
                full = job.ids[: job.prompt // self.prefix_tokens]
                shared = self.cache.share(full[job.held :])
                job.held += shared
                job.own -= shared * self.cache.prefix_blocks
            job.generated += 1
            self.generated += 1
            if job.first_s is None:
                job.first_s = self.clock + seconds - busy_s
            if job.generated == job.output:
                self.end(job)
            else:
                job.stored, job.growth = job.prompt, Fraction(job.prompt + 1)
                self.running.append(job)

    def decode(self, beside_s: float) -> None:
        batch = len(self.running)
        context = float(sum(job.growth for job in self.running) / batch)
        line = self.steps.decode(batch, context)
        self.clock += line.base_s + line.per_token_s * context + beside_s
        yields = self.yields()
        self.step += 1
        self.since_look += 1
        # Of those that end in one step, speculation lets some end at an earlier token: their prefixes idle longer.
        self.running.sort(key=lambda job: (job.output - job.generated, job.order))
        for job in self.running:
            more = self.blocks(job.stored + yields) - self.blocks(job.stored)
            self.cache.take(more)
            job.own += more
            job.stored += yields
            job.growth += self.limits.accepted_tokens
            kept = min(yields, job.output - job.generated)
            job.generated += kept
            self.generated += kept
        for job in [job for job in self.running if job.generated == job.output]:
            self.running.remove(job)
            self.end(job)

    def end(self, job: Job) -> None:
        job.finish_s = self.clock
        self.free(job)
        if job in self.admitted:
            self.admitted.remove(job)
