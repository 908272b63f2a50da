"""From a request to a simulation: deployments, pools, the event loop, and what it adds up to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from assay.catalogue.chip import Chip, chip
from assay.catalogue.engine import Engine, engine, engines
from assay.catalogue.node import Node, node_of
from assay.core.errors import Infeasible, Unsupported, UsageError
from assay.core.interval import Interval
from assay.economics.cost import SECONDS_PER_HOUR, TOKENS_PER_MTOK
from assay.economics.energy import power
from assay.economics.rate import rate
from assay.engine.bound import bound
from assay.engine.deployment import Deployment
from assay.engine.memory import memory_use
from assay.engine.precision import served_precision
from assay.engine.step import decode_step
from assay.engine.uncertainty import band, transfer
from assay.kernels.silicon import silicon
from assay.kernels.software import software
from assay.llm.architecture import Architecture
from assay.llm.model import Model
from assay.serving.layouts import Bounds, Fixed, layout_at, layouts
from assay.serving.results.metrics import Summary, summary
from assay.serving.simulation.cluster import Cluster, Load, Pool, run
from assay.serving.simulation.delivery import streamed
from assay.serving.simulation.limits import Role
from assay.serving.simulation.pools import Flags, pool, transfer_s
from assay.serving.simulation.request import PoolRequest, SimulateRequest
from assay.serving.simulation.served import Served
from assay.serving.traffic.requests import Requests

SCHEMA: Final = "assay.simulate/1"
ROLES: Final[dict[int, tuple[Role, ...]]] = {1: ("both",), 2: ("prefill", "decode")}


@dataclass(frozen=True, slots=True)
class Simulation:
    """What users and owner of a deployment see."""

    request: SimulateRequest
    model: str
    deployments: tuple[Deployment, ...]
    """By pool."""
    pools: tuple[Pool, ...]
    served: Served
    summary: Summary
    ttft_s: Interval
    """Mean over the requests, with the 80 % band of the closed form on that chip; so the next."""
    tpot_s: Interval
    chips: int
    joule_per_output_token: Interval | None
    usd_per_million_output_tokens: Interval | None
    """All cost carried by the output tokens; None where a chip has no price."""
    assumed: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the simulation as JSON carries it."""
        return {
            "schema": SCHEMA,
            "model": self.model,
            "pools": [self._pool(index) for index in range(len(self.pools))],
            "chips": self.chips,
            "mean_ttft_s": self.ttft_s.as_dict(),
            "mean_tpot_s": self.tpot_s.as_dict(),
            "joule_per_output_token": self.joule_per_output_token.as_dict() if self.joule_per_output_token else None,
            "usd_per_million_output_tokens": self.usd_per_million_output_tokens.as_dict()
            if self.usd_per_million_output_tokens
            else None,
            **self.summary.as_dict(),
            "assumed": list(self.assumed),
        }

    def _pool(self, index: int) -> dict[str, Any]:
        deployment, limits = self.deployments[index], self.pools[index].limits
        layout = deployment.layout
        return {
            "role": limits.role,
            "chip": deployment.silicon.id,
            "framework": deployment.engine.id,
            "replicas": self.pools[index].replicas,
            "tp": int(layout.tp),
            "dp": int(layout.dp),
            "ep": int(layout.ep),
            "pp": int(layout.pp),
            "all_to_all": bool(layout.all_to_all),
            "kv_tokens": limits.kv_blocks * limits.block_tokens,
            "max_num_seqs": limits.max_num_seqs,
            "chunk_tokens": limits.chunk_tokens,
        }


def simulate(request: SimulateRequest, advance: Callable[[], None] = lambda: None) -> Simulation:
    """Serve every request of a workload on a deployment.

    Parameters
    ----------
    request
        The question.
    advance
        Called for every request that ends, for a progress bar.

    Raises
    ------
    NotInCatalogue, BadData
        Unknown names; files that cannot be used.
    Infeasible
        The model, or a request, does not fit; it says by how much.

    Notes
    -----
    One request, one result: no clock and no hidden randomness. Step times come from the engine, tabulated
    (`simulation.steps`); the scheduler follows vLLM V1 (mixed steps) or SGLang (prefills first), `simulation.instance`.
    A whole prompt is given blocks when it is admitted, attention ranks are evenly filled, and generated tokens do not
    enter the prefix cache.
    """
    requests = request.requests if isinstance(request.requests, Requests) else request.requests.drawn()
    model = Model.load(request.model)
    architecture = model.architecture
    _check(architecture, request, requests)
    chips = [chip(each.chip) for each in request.pools]
    deployments = tuple(
        _deployment(architecture, each, asked, request, requests)
        for each, asked in zip(chips, request.pools, strict=True)
    )
    pools = tuple(
        _pool(deployment, asked, role, request, requests)
        for deployment, asked, role in zip(deployments, request.pools, ROLES[len(request.pools)], strict=True)
    )
    cluster = Cluster(
        pools,
        request.policy,
        transfer_s=lambda tokens: transfer_s(deployments[0], deployments[-1], tokens),
        front_s=deployments[0].engine.number("first_token_overhead_s"),
        failures=request.failures,
    )
    served = run(cluster, Load(requests, request.concurrency, request.ramp_s), advance)
    seen = streamed(served, request.stream_interval_tokens, request.accepted_tokens)
    return _simulation(request, model, chips, deployments, pools, seen)


def _check(architecture: Architecture, request: SimulateRequest, requests: Requests) -> None:
    longest = int((requests.input_tokens + requests.output_tokens).max())
    if longest > architecture.max_context:
        raise Infeasible(
            f"{longest:,} tokens exceed the context of {architecture.id}: {architecture.max_context:,} tokens",
            "Leave the longest requests out, or choose a model with a longer context.",
        )
    for each in request.pools:
        if request.prefix_caching and requests.blocks and requests.block_tokens % each.block_tokens:
            raise UsageError(
                f"prefixes of {requests.block_tokens} tokens are no multiple of a KV block of {each.block_tokens}"
            )


def _deployment(
    architecture: Architecture, chip_: Chip, asked: PoolRequest, request: SimulateRequest, requests: Requests
) -> Deployment:
    """Return the deployment that a pool asks for; without a TP the fewest chips that hold the longest request."""
    framework = _engine(chip_, asked.framework)
    hardware = silicon(chip_, node_of(chip_.id))
    bounds = Bounds(int(hardware.chips_per_domain), int(hardware.chips_per_domain) * asked.dp * asked.pp)
    decided = asked.tp is not None or asked.ep > 1
    fixed = Fixed(asked.tp, asked.dp, asked.ep if decided else None, asked.pp)
    found = layouts(architecture, bounds, fixed)
    deployment = Deployment(
        architecture,
        hardware,
        software(framework, hardware),
        framework,
        found,
        served_precision(architecture.native, chip_, framework),
        request.speculation,
    )
    longest = requests.input_tokens + requests.output_tokens
    memory = memory_use(deployment, float(longest.max()), 0.0)
    candidates = [
        (int(each.chips), each)
        for index in range(len(np.atleast_2d(np.asarray(found.tp))))
        for each in [layout_at(found, index)]
        if bool(each.all_to_all) == asked.all_to_all
        and (not decided or int(each.ep) == asked.ep)
        and np.broadcast_to(memory.sequences, np.asarray(found.tp).shape)[index, 0] >= 1.0
    ]
    if not candidates:
        raise Infeasible(
            f"{architecture.id} and its longest request, {int(longest.max()):,} tokens, do not fit on {chip_.name} as "
            f"laid out"
            if asked.tp
            else f"{architecture.id} fits on no layout of {chip_.name} in one scale-up domain",
            "Give more chips: a larger --tp, --dp or --pp, or a chip with more memory.",
        )
    return replace(deployment, layout=min(candidates, key=lambda candidate: candidate[0])[1])


def _engine(chip_: Chip, name: str) -> Engine:
    if name:
        named = engine(name)
        if not named.runs_on(chip_.generation):
            raise Unsupported(f"{named.name} does not run on {chip_.name} (generation {chip_.generation})")
        return named
    running = [each for each in engines().values() if each.runs_on(chip_.generation)]
    if not running:
        raise Unsupported(f"no framework of the catalogue runs on {chip_.name} (generation {chip_.generation})")
    preferred = [each for each in running if each.id == "vllm"]
    return (preferred or running)[0]


def _pool(deployment: Deployment, asked: PoolRequest, role: Role, request: SimulateRequest, requests: Requests) -> Pool:
    flags = Flags(
        chunk_tokens=asked.chunk_tokens,
        max_num_seqs=asked.max_num_seqs,
        block_tokens=asked.block_tokens,
        order=request.order,
        prefix_caching=request.prefix_caching,
    )
    mean_input, mean_output = float(requests.input_tokens.mean()), float(requests.output_tokens.mean())
    return pool(
        deployment,
        flags,
        input_tokens=mean_input,
        output_tokens=mean_output,
        replicas=asked.replicas,
        role=role,
    )


def _simulation(
    request: SimulateRequest,
    model: Model,
    chips: list[Chip],
    deployments: tuple[Deployment, ...],
    pools: tuple[Pool, ...],
    served: Served,
) -> Simulation:
    counts = [int(each.layout.chips) * pool_.replicas for each, pool_ in zip(deployments, pools, strict=True)]
    summed = summary(served, [each.limits for each in pools], sum(counts), ttft_s=request.ttft_s, tpot_s=request.tpot_s)
    nodes = [node_of(each.id) for each in chips]
    watts = [
        _watt(chip_, node, deployment, summed, index, request)
        for index, (chip_, node, deployment) in enumerate(zip(chips, nodes, deployments, strict=True))
    ]
    prices = [
        rate(chip_, node, place=request.place, as_of=request.as_of, basis="auto").usd_per_chip_h
        for chip_, node in zip(chips, nodes, strict=True)
    ]
    per_s = summed.output_tok_per_s
    usd = _total(prices, counts)
    joule = _total(watts, counts)
    return Simulation(
        request=request,
        model=model.id,
        deployments=deployments,
        pools=pools,
        served=served,
        summary=summed,
        ttft_s=band("ttft", transfer(deployments[0].silicon), summed.ttft_s.mean),
        tpot_s=band("tpot", transfer(deployments[-1].silicon), summed.tpot_s.mean),
        chips=sum(counts),
        joule_per_output_token=joule.scale(1 / per_s) if joule else None,
        usd_per_million_output_tokens=usd.scale(TOKENS_PER_MTOK / SECONDS_PER_HOUR / per_s) if usd else None,
        assumed=tuple(dict.fromkeys((*model.architecture.assumptions, *_assumed(deployments)))),
    )


def _watt(
    chip_: Chip, node: Node | None, deployment: Deployment, summed: Summary, index: int, request: SimulateRequest
) -> Interval | None:
    """Return the mean power of a chip: that of its mean decode step, for the share of time in which it is busy."""
    use = summed.pools[index]
    context = (summed.input_tokens + summed.output_tokens / 2) / summed.requests
    batch = max(use.mean_batch / float(deployment.layout.dp), 1.0)
    busy = bound(deployment, decode_step(deployment, batch, context), capacity_bound=False).utilisation
    drawn = power(
        chip_, node, place=request.place, as_of=request.as_of, utilisation=busy.scale(min(use.busy_share, 1.0))
    )
    return drawn.w


def _total(each: list[Interval | None], counts: list[int]) -> Interval | None:
    """Return the sum over all chips; None where one is unknown. Errors of the pools move together."""
    total = Interval.exact(0.0)
    for one, count in zip(each, counts, strict=True):
        if one is None:
            return None
        more = one.scale(count)
        total = Interval(total.value + more.value, total.low + more.low, total.high + more.high)
    return total


def _assumed(deployments: tuple[Deployment, ...]) -> list[str]:
    found: list[str] = []
    for each in deployments:
        native = each.architecture.native
        found += each.silicon.assumed
        found += [
            f"{getattr(native, part)} weights served as {getattr(each.precision, part)} on {each.silicon.id}"
            for part in ("attention", "dense", "experts", "shared")
            if getattr(native, part) != getattr(each.precision, part)
        ]
    return found
