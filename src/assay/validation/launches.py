"""The flags that the servers of the measured InferenceX rows were launched with, and how their client drove them."""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from assay.catalogue.door import Record, read_toml
from assay.validation.measured import Measured

DATA: Final = Path(__file__).parent / "data" / "launches.toml"
HARNESS: Final = "infx"
MANY: Final = 16.0
"""Concurrency from which the launch scripts set the larger stream and receive intervals."""
STREAM_NUMBERS: Final = ("stream_steps", "stream_steps_many", "stream_steps_plain")
"""Which number of `overheads` tells when a first token is delivered."""
MARGIN_TOKENS: Final = 64
"""What the TensorRT-LLM scripts add to input and concurrency, and the multiple they round up to."""


def _rising(steps: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    starts = [start for start, _value in steps]
    if starts[:1] != [1.0] or any(later <= earlier for earlier, later in pairwise(starts)):
        raise ValueError("steps must start at 1 and rise")
    return steps


Steps = Annotated[tuple[tuple[float, float], ...], AfterValidator(_rising)]
"""(From concurrency, value) pairs."""
Day = Annotated[str, Field(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
"""An ISO date, or empty."""


class Client(Record):
    """What the benchmark client did in every run."""

    request_rate: Literal["inf"]
    """All requests are there from the start; a semaphore lets as many run as there are clients."""
    random_range_ratio: float = Field(gt=0, le=1)
    num_prompts_per_client: int = Field(gt=0)
    ignore_eos: bool
    warmups_per_client: int
    warmups_since: Day
    warmups_before: int

    def num_prompts(self, row: Measured) -> int:
        """Return how many requests were measured."""
        return self.num_prompts_per_client * int(row.concurrency)

    def num_warmups(self, row: Measured) -> int:
        """Return how many unmeasured requests had finished before the first measured one was sent."""
        if row.measured_on < self.warmups_since:
            return self.warmups_before
        return self.warmups_per_client * int(row.concurrency)


class BatchWait(Record):
    """TensorRT-LLM holds requests back until their prompts fill a batch, or some decode steps are over."""

    steps: int = Field(gt=0)
    """batch_wait_timeout_iters."""
    input_tokens: int
    output_tokens: int
    tp_below: int = 1 << 30
    concurrency: tuple[int, int] = (1, 1 << 30)
    """From, and below."""

    def holds_for(self, row: Measured) -> bool:
        """Return whether the script sets it for the load of a row."""
        lengths = (self.input_tokens, self.output_tokens) == (row.input_tokens, row.output_tokens)
        return lengths and row.tp < self.tp_below and self.concurrency[0] <= row.concurrency < self.concurrency[1]


class Launch(Record):
    """One script at one commit. A flag that is None was left at the default of the framework."""

    model: str
    chip: str
    framework: Literal["sglang", "trtllm", "vllm"]
    precision: str = ""
    """Empty: any."""
    tp: int | None = None
    """None: any."""
    since: Day = ""
    """First day of measuring that it is taken to hold for; empty: from the first."""
    script: str
    commit: str = Field(pattern=r"^[0-9a-f]{40}$")
    chunk: int | Literal["2*input", "input+concurrency"] | Steps | None = Field(default=None, alias="chunk_tokens")
    chunk_tokens_least: int = 0
    stream_interval: int | None = None
    recv: int | Steps | None = Field(default=None, alias="recv_interval")
    seqs: int | Literal["concurrency"] | Steps | None = Field(default=None, alias="max_num_seqs")
    kv: Literal["fp8", "auto"] | None = None
    memory: float | Steps | None = Field(default=None, alias="memory_fraction")
    batch_wait: BatchWait | None = None
    balance_timeout_steps: int = 0
    """Decode steps that TensorRT-LLM waits at most for prompts on all attention ranks."""
    notes: str = ""

    @property
    def key(self) -> tuple[str, str, str, str, int | None, str]:
        """What tells it from other launches."""
        return (self.model, self.chip, self.framework, self.precision, self.tp, self.since)

    def matches(self, row: Measured) -> bool:
        """Return whether the row may have been launched so."""
        return (
            (row.model, row.chip, row.framework) == (self.model, self.chip, self.framework)
            and self.precision in ("", row.precision)
            and self.tp in (None, row.tp)
            and self.since <= row.measured_on
        )

    def chunk_tokens(self, row: Measured) -> int | None:
        """Return the most tokens of one prefill step, or of one step where the framework counts both phases."""
        if self.chunk == "2*input":
            return 2 * int(row.input_tokens)
        if self.chunk == "input+concurrency":
            blocks = -(-int(row.input_tokens + row.concurrency + MARGIN_TOKENS) // MARGIN_TOKENS)
            return max(blocks * MARGIN_TOKENS, self.chunk_tokens_least)
        return _whole(self.chunk, row)

    def recv_interval(self, row: Measured) -> int | None:
        """Return after how many scheduler steps SGLang looks for new requests."""
        return _whole(self.recv, row)

    def batch_wait_steps(self, row: Measured) -> int:
        """Return how many decode steps a request that arrives alone is held back."""
        return self.batch_wait.steps if self.batch_wait is not None and self.batch_wait.holds_for(row) else 0

    def max_num_seqs(self, row: Measured) -> int | None:
        """Return the most sequences that run at once; the rest wait."""
        return int(row.concurrency) if self.seqs == "concurrency" else _whole(self.seqs, row)

    def memory_fraction(self, row: Measured) -> float | None:
        """Return the share of memory as the framework means it: of the chip, or of what the weights leave free."""
        return _at(self.memory, row)


class Launches(Record):
    """data/launches.toml."""

    client: Client
    launch: tuple[Launch, ...]

    @model_validator(mode="after")
    def _without_duplicates(self) -> Self:
        twice = [key for key, count in Counter(launch.key for launch in self.launch).items() if count > 1]
        if twice:
            raise ValueError(f"given more than once: {twice[0]}")
        return self


@cache
def launches() -> Launches:
    """Return every launch and the client. Raises BadData where the file has faults."""
    return read_toml(DATA, Launches)


def launch_of(row: Measured) -> Launch | None:
    """Return how the row's server was launched: the most specific match, then the latest; None where unknown."""
    if row.harness != HARNESS:
        return None
    found = [launch for launch in launches().launch if launch.matches(row)]
    return max(found, key=lambda each: (bool(each.precision), each.tp is not None, each.since), default=None)


def stream_number(row: Measured) -> str:
    """Return which of STREAM_NUMBERS holds for a row."""
    launch = launch_of(row)
    if launch is not None and launch.framework == "sglang" and launch.recv_interval(row) is None:
        return "stream_steps_plain"
    return "stream_steps" if row.concurrency < MANY else "stream_steps_many"


def held_steps(row: Measured) -> int:
    """Return how many decode steps the launch script lets a request wait for others."""
    launch = launch_of(row)
    return launch.batch_wait_steps(row) if launch else 0


def balance_steps(row: Measured) -> int:
    """Return how many decode steps the launch script lets attention ranks wait for each other's prompts, at most."""
    launch = launch_of(row)
    return launch.balance_timeout_steps if launch and row.dp > 1 else 0


def _at(value: float | tuple[tuple[float, float], ...] | None, row: Measured) -> float | None:
    if isinstance(value, tuple):
        return next((each for start, each in reversed(value) if row.concurrency >= start), None)
    return value


def _whole(value: float | str | tuple[tuple[float, float], ...] | None, row: Measured) -> int | None:
    found = None if isinstance(value, str) else _at(value, row)
    return None if found is None else int(found)
