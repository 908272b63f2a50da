"""Variants: one kind of chip under one framework, in one set of formats, drafting or not; all its layouts at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

import numpy as np

from assay.catalogue.chip import Chip
from assay.catalogue.engine import Engine
from assay.core.array import FloatArray
from assay.core.errors import Infeasible
from assay.engine.deployment import Deployment, Speculation
from assay.engine.precision import served_precision
from assay.kernels.software import software
from assay.llm.architecture import Architecture, MoeFfn
from assay.llm.layout import Layout
from assay.llm.precision import WEIGHT_BYTES, Precision
from assay.serving.layouts import Bounds, layout_at, layouts
from assay.serving.planning.kind import Kind
from assay.serving.planning.request import PlanRequest, Quantisation

CHUNKS: Final = (2048.0, 4096.0, 8192.0, 16384.0)
"""Prompt tokens of a step that are tried beside the framework's own limit."""
PARTS: Final = ("attention", "dense", "experts", "shared")


@dataclass(frozen=True, slots=True)
class Variant:
    """Deployments that differ in layout, batch and chunk only."""

    kind: Kind
    deployment: Deployment
    """Its layouts are columns, shape (n, 1); its chunk sizes an axis before them, shape (k, 1, 1)."""
    quantisation: Quantisation

    @property
    def chunks(self) -> FloatArray:
        """Chunk sizes, the framework's own first; shape (k, 1, 1)."""
        return np.asarray(self.deployment.engine.number("chunk_tokens"))

    @property
    def converted(self) -> tuple[str, ...]:
        """Parts that are not served in the checkpoint's own format, in words."""
        native, served = self.deployment.architecture.native, self.deployment.precision
        changed = {
            f"{getattr(native, part)} weights served as {getattr(served, part)}"
            for part in PARTS
            if getattr(native, part) != getattr(served, part)
        }
        return tuple(sorted(changed))

    def at(self, layout: int, chunk_tokens: float) -> Deployment:
        """Return one of the deployments, all plain numbers."""
        deployment = self.deployment
        return replace(
            deployment,
            layout=layout_at(deployment.layout, layout),
            engine=with_chunks(deployment.engine, chunk_tokens),
        )


def variants(architecture: Architecture, kinds: Sequence[Kind], request: PlanRequest) -> tuple[Variant, ...]:
    """Return every variant that runs.

    Raises
    ------
    Infeasible
        None does, or what is fixed leaves no layout on any kind; with the first reason.
    """
    found: list[Variant] = []
    refusals: list[Infeasible] = []
    for kind in kinds:
        if not kind.engines:
            name, generation = kind.chip.name, kind.chip.generation
            refusals.append(Infeasible(f"none of the frameworks asked for runs on {name} (generation {generation})"))
            continue
        try:
            bounds = Bounds(int(kind.silicon.chips_per_domain), request.largest_instance)
            each = layouts(architecture, bounds, request.fixed)
            found += _of_kind(architecture, kind, each, request, refusals)
        except Infeasible as refusal:
            refusals.append(refusal)
    if not found:
        raise refusals[0]
    return tuple(found)


def _of_kind(
    architecture: Architecture, kind: Kind, layout: Layout, request: PlanRequest, refusals: list[Infeasible]
) -> Iterator[Variant]:
    for engine in kind.engines:
        seen: set[Precision] = set()
        for quantisation in request.quantisations:
            try:
                precision = _precision(architecture, quantisation, kind.chip, engine)
            except Infeasible as refusal:
                refusals.append(refusal)
                continue
            if precision in seen:
                continue
            seen.add(precision)
            for speculation in request.speculations:
                yield _variant(architecture, kind, engine, layout, precision, speculation, quantisation)


def _variant(
    architecture: Architecture,
    kind: Kind,
    engine: Engine,
    layout: Layout,
    precision: Precision,
    speculation: Speculation,
    quantisation: Quantisation,
) -> Variant:
    own = engine.number("chunk_tokens")
    chunks = np.array([own, *(size for size in CHUNKS if size != own)])[:, np.newaxis, np.newaxis]
    several, stack = with_chunks(engine, chunks), software(engine, kind.silicon)
    deployment = Deployment(architecture, kind.silicon, stack, several, layout, precision, speculation)
    return Variant(kind, deployment, quantisation)


def with_chunks(engine: Engine, chunk_tokens: float | FloatArray) -> Engine:
    """Return a framework with other chunk sizes; an array of them broadcasts like every number of the engine."""
    fact = replace(engine.facts["chunk_tokens"], value=cast("float", chunk_tokens))
    return replace(engine, facts={**engine.facts, "chunk_tokens": fact})


def _precision(architecture: Architecture, quantisation: Quantisation, chip: Chip, engine: Engine) -> Precision:
    """Return the formats that are served. Raises Infeasible where the conversion asked for does not run."""
    wanted = converted(architecture, quantisation)
    precision = served_precision(wanted, chip, engine)
    if quantisation != "native" and any(getattr(precision, part) != getattr(wanted, part) for part in PARTS):
        raise Infeasible(f"{engine.name} on {chip.name} does not run {quantisation} weights")
    return precision


def converted(architecture: Architecture, quantisation: Quantisation) -> Precision:
    """Return the formats of a checkpoint after a conversion: weights that are wider take the new format.

    nvfp4 goes to the experts alone where there are any, as in the published NVFP4 checkpoints of such models.
    """
    native = architecture.native
    if quantisation == "native":
        return native
    experts = any(isinstance(block.ffn, MoeFfn) for block in architecture.blocks)
    parts = ("experts",) if quantisation == "nvfp4" and experts else PARTS
    changed: dict[str, Any] = {part: quantisation for part in parts if _narrows(getattr(native, part), quantisation)}
    return replace(native, **changed, static_scales=native.static_scales and not changed)


def _narrows(native: str, quantisation: str) -> bool:
    """Tell whether a conversion saves bytes, or leaves fp8 for the int8 units of chips that lack it."""
    saves = WEIGHT_BYTES[native] > 1.5 * WEIGHT_BYTES[quantisation]
    return saves or (quantisation == "int8" and native in ("fp8", "fp8_block"))
