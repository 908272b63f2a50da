"""What a plan offers: one deployment, how fast it is, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from assay.core.interval import Interval
from assay.engine.deployment import Deployment
from assay.llm.architecture import MoeFfn
from assay.serving.planning.kind import Kind
from assay.serving.planning.variant import Variant

RoleName = Literal["aggregated", "prefill", "decode"]


@dataclass(frozen=True, slots=True)
class PlannedPool:
    """Instances of one kind."""

    role: RoleName
    variant: Variant
    deployment: Deployment
    """One instance."""
    instances: int
    batch: int
    """Sequences of an attention rank; prompts that prefill together in a prefill pool."""
    chunk_tokens: int
    load: float
    """Requests that come over those that the pool takes at this batch."""

    @property
    def kind(self) -> Kind:
        """Its chips."""
        return self.variant.kind

    @property
    def chips(self) -> int:
        """All of them."""
        return self.instances * int(self.deployment.layout.chips)

    @property
    def layout_name(self) -> str:
        """Such as TP4 DP4 EP16."""
        layout = self.deployment.layout
        axes = (("TP", layout.tp), ("DP", layout.dp), ("EP", layout.ep), ("PP", layout.pp))
        return " ".join(f"{name}{int(size)}" for name, size in axes if int(size) > 1) or "TP1"

    def as_dict(self) -> dict[str, Any]:
        """Return the pool as JSON carries it."""
        deployment, layout, precision = self.deployment, self.deployment.layout, self.deployment.precision
        experts = any(isinstance(block.ffn, MoeFfn) for block in deployment.architecture.blocks)
        return {
            "role": self.role,
            "chip": self.kind.chip.id,
            "framework": deployment.engine.id,
            "framework_version": deployment.engine.version,
            "instances": self.instances,
            "chips_per_instance": int(layout.chips),
            "tp": layout.tp,
            "pp": layout.pp,
            "ep": layout.ep,
            "dp_attention": layout.dp,
            "expert_exchange": "all_to_all" if layout.all_to_all else "gather",
            "batch_per_rank": self.batch,
            "chunk_tokens": self.chunk_tokens,
            "weights_dtype": precision.experts if experts else precision.dense,
            "kv_dtype": precision.kv,
            "quantisation": self.variant.quantisation,
            "draft_tokens": deployment.speculation.draft_tokens,
            "load": self.load,
        }


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a simulation of requests says of an option: means, and the 99th percentiles."""

    requests: int
    ttft_s: float
    tpot_s: float
    ttft_p99_s: float
    tpot_p99_s: float
    output_tok_per_s: float
    confirmed: bool
    """The means keep the service level, and the throughput is that of the closed form, both to within a tolerance."""

    def as_dict(self) -> dict[str, Any]:
        """Return the simulation as JSON carries it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Option:
    """A deployment under its load."""

    pools: tuple[PlannedPool, ...]
    """One that does everything, or prefill and then decode."""
    chips: int
    concurrency: int
    """Requests under way."""
    requests_per_s: float
    ttft_s: Interval
    tpot_s: Interval
    output_tok_per_s: Interval
    output_tok_per_s_per_chip: Interval
    """Over the chips at hand, idle ones included; over those used where a load is carried."""
    usd_per_million_output_tokens: Interval | None
    """All cost carried by the output tokens."""
    joule_per_output_token: Interval | None
    transfer_s: float
    """Of the cache of a prompt between two pools."""
    value: float
    """What was maximised; see `assay.serving.planning.objective`."""
    simulated: Simulated | None = None

    @property
    def disaggregated(self) -> bool:
        """Whether prefill and decode run in pools of their own."""
        return len(self.pools) > 1

    @property
    def kinds(self) -> tuple[str, ...]:
        """Ids of its chips, of the prefill pool first."""
        return tuple(dict.fromkeys(pool.kind.chip.id for pool in self.pools))

    @property
    def assumed(self) -> tuple[str, ...]:
        """Chip facts that nobody published, formats that are not the checkpoint's own, missing prices."""
        texts = []
        for pool in self.pools:
            kind = pool.kind
            texts += [f"{kind.chip.id}: {text}" for text in (*kind.silicon.assumed, *pool.variant.converted)]
            texts += [f"{kind.chip.id}: no price: {kind.hourly.reason}"] if kind.hourly.usd_per_chip_h is None else []
        return tuple(dict.fromkeys(texts))

    def as_dict(self) -> dict[str, Any]:
        """Return the option as JSON carries it."""
        usd, joule = self.usd_per_million_output_tokens, self.joule_per_output_token
        return {
            "mode": "disaggregated" if self.disaggregated else "aggregated",
            "layout": self.layout,
            "kinds": list(self.kinds),
            "chips": self.chips,
            "pools": [pool.as_dict() for pool in self.pools],
            "concurrency": self.concurrency,
            "requests_per_s": self.requests_per_s,
            "ttft_s": self.ttft_s.as_dict(),
            "tpot_s": self.tpot_s.as_dict(),
            "output_tok_per_s": self.output_tok_per_s.as_dict(),
            "output_tok_per_s_per_chip": self.output_tok_per_s_per_chip.as_dict(),
            "output_tok_per_s_per_user": self.tpot_s.inverse().as_dict(),
            "usd_per_million_output_tokens": usd.as_dict() if usd else None,
            "joule_per_output_token": joule.as_dict() if joule else None,
            "transfer_s": self.transfer_s,
            "assumed": list(self.assumed),
            "simulated": self.simulated.as_dict() if self.simulated else None,
        }

    @property
    def layout(self) -> str:
        """Such as '2 x sglang TP8 @96', or '1 x ... prefill + 2 x ... decode'."""
        parts = []
        for pool in self.pools:
            words = [f"{pool.instances} x", *([pool.kind.chip.id] if len(self.kinds) > 1 else [])]
            words += [pool.deployment.engine.id, pool.layout_name]
            words += [] if pool.role == "aggregated" else [pool.role]
            parts.append(" ".join(words))
        return " + ".join(parts)
