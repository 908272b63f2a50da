"""Serving frameworks, as data: how they schedule, what they cost beside the kernels, which kernels they run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from assay.catalogue.door import DATA, Record, read_toml
from assay.catalogue.fact import FactRecord
from assay.core.errors import NotInCatalogue
from assay.core.source import Fact

Interference = Literal["alternate", "mixed"]
"""How a prefill meets running decodes: a step of its own, or chunks inside their steps."""


class EngineNumbers(Record):
    """The few numbers of a framework. Each has its source."""

    chunk_tokens: FactRecord
    """Most prompt tokens in one step (chunked prefill)."""
    memory_fraction: FactRecord
    """Share of chip memory given to weights, activations and KV cache."""
    reserved_bytes: FactRecord
    """Memory for activations, graphs and communication buffers."""
    step_overhead_s: FactRecord
    """Scheduling and launch per step, not hidden behind the device."""
    layer_overhead_s: FactRecord
    """Per step and layer, where launches are not captured in a graph."""
    sequence_overhead_s: FactRecord
    """The same, per running sequence: sampling, detokenising."""
    floor_factor: FactRecord
    """Factor on every kernel floor: what a CUDA graph saves of the micro-benchmark's."""
    first_token_overhead_s: FactRecord
    """HTTP, tokenising and scheduling before the first token."""
    prefill_launch_s: FactRecord
    """Eager launches of a prefill, per layer and chunk."""
    stream_interval_steps: FactRecord
    """Decode steps between a token and its delivery."""


class KernelClasses(Record):
    """Kernel classes on one chip generation; an absent one is unknown (no offset in the kernel model)."""

    attention: str = ""
    mla_prefill: str = ""
    mla_decode: str = ""
    moe: dict[str, str] = Field(default_factory=dict)  # by weight format
    all_to_all: str = ""
    kv: Literal["bf16", "fp8"] = "bf16"  # default KV format where the weights are 8-bit or narrower


class EngineRecord(Record):
    """data/engines/<id>.toml."""

    id: str
    name: str
    version: str
    generations: list[str]
    """Chip generations that it supports."""
    interference: Interference
    overlaps_all_to_all: bool
    """Two half batches take turns: one computes while the other's tokens travel to their experts."""
    formats: list[str]
    """Weight formats that it multiplies natively."""
    kernels_like: str
    """The framework whose kernel coefficients stand in: sglang, trtllm or vllm."""
    numbers: EngineNumbers
    kernels: dict[str, KernelClasses]
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Engine:
    """A serving framework at a version."""

    id: str
    name: str
    version: str
    generations: tuple[str, ...]
    interference: Interference
    overlaps_all_to_all: bool
    formats: tuple[str, ...]
    kernels_like: str
    kernels: Mapping[str, KernelClasses]
    facts: Mapping[str, Fact]

    def number(self, key: str) -> float:
        """Return one of the framework's numbers, in the SI unit of its name."""
        return self.facts[key].value

    def classes(self, generation: str) -> KernelClasses:
        """Return the kernel classes on a chip generation; all unknown where the record does not name it."""
        return self.kernels.get(generation, KernelClasses())

    def runs_on(self, generation: str) -> bool:
        """Tell whether the framework supports chips of a generation."""
        return generation in self.generations


@cache
def engines(folder: Path = DATA / "engines") -> Mapping[str, Engine]:
    """Return every framework of the catalogue by id."""
    return {path.stem: _engine(path) for path in sorted(folder.glob("*.toml"))}


def engine(id: str) -> Engine:
    """Return one framework. Raises NotInCatalogue with the nearest ids."""
    try:
        return engines()[id]
    except KeyError:
        raise NotInCatalogue("framework", id, engines()) from None


def _engine(path: Path) -> Engine:
    record = read_toml(path, EngineRecord)
    facts = {key: getattr(record.numbers, key).fact() for key in EngineNumbers.model_fields}
    return Engine(
        id=record.id,
        name=record.name,
        version=record.version,
        generations=tuple(record.generations),
        interference=record.interference,
        overlaps_all_to_all=record.overlaps_all_to_all,
        formats=tuple(record.formats),
        kernels_like=record.kernels_like,
        kernels=record.kernels,
        facts=facts,
    )
