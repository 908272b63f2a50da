"""What `assay compare` answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assay.comparison.request import CompareRequest
from assay.core.errors import Infeasible
from assay.core.interval import Interval
from assay.core.tree import Branch
from assay.llm.architecture import MoeFfn
from assay.serving.search import Choice

SCHEMA = "assay.compare/1"


@dataclass(frozen=True, slots=True)
class Row:
    """One chip. Everything after `reason` is None where no deployment was found."""

    chip: str
    name: str
    tpp: float | None
    reason: str | None
    """Why there is no deployment, and by how much one misses."""
    choice: Choice | None = None
    ttft_s: Interval | None = None
    tpot_s: Interval | None = None
    output_tok_per_s_per_chip: Interval | None = None
    usd_per_chip_h: Interval | None = None
    usd_per_million_output_tokens: Interval | None = None
    """All cost carried by the output tokens."""
    usd_per_million_input_tokens_split: Interval | None = None
    """The share of prefills, for each million input tokens."""
    usd_per_million_output_tokens_split: Interval | None = None
    """The share of decodes, for each million output tokens."""
    joule_per_output_token: Interval | None = None
    bound_by: str | None = None
    """compute, bandwidth, capacity, link or latency floor."""
    roofline_fraction: float | None = None
    """Speed-of-light time of the decode step over its predicted time."""
    transfer: str | None = None
    """How far the chip is from the measured ones: measured, sibling, new generation, other vendor."""
    price_basis: str | None = None
    assumed: tuple[str, ...] = ()
    """Chip facts that nobody published, and what stands in; formats that were converted."""
    explanation: Branch | None = None
    export_status: str | None = None
    """Whether a licence is required to export the chip to the country asked for, on the date, in a few words."""

    @property
    def feasible(self) -> bool:
        """A deployment keeps the service level."""
        return self.choice is not None

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON carries it."""
        choice = self.choice
        return {
            "chip": self.chip,
            "feasible": self.feasible,
            "reason": self.reason,
            "chips_per_instance": int(choice.deployment.layout.chips) if choice else None,
            "deployment": _deployment(choice) if choice else None,
            "ttft_s": _interval(self.ttft_s),
            "tpot_s": _interval(self.tpot_s),
            "output_tok_per_s_per_chip": _interval(self.output_tok_per_s_per_chip),
            "output_tok_per_s_per_user": _interval(self.tpot_s.inverse() if self.tpot_s else None),
            "usd_per_chip_h": _interval(self.usd_per_chip_h),
            "usd_per_million_output_tokens": _interval(self.usd_per_million_output_tokens),
            "usd_per_million_input_tokens_split": _interval(self.usd_per_million_input_tokens_split),
            "usd_per_million_output_tokens_split": _interval(self.usd_per_million_output_tokens_split),
            "joule_per_output_token": _interval(self.joule_per_output_token),
            "tpp": self.tpp,
            "bound_by": self.bound_by,
            "roofline_fraction": self.roofline_fraction,
            "transfer": self.transfer,
            "price_basis": self.price_basis,
            "assumed": list(self.assumed),
            "export_status": self.export_status,
        }

    def flat(self) -> dict[str, Any]:
        """Return the row as one line of a table: intervals become three columns."""
        return dict(_flat("", self.as_dict()))


@dataclass(frozen=True, slots=True)
class Report:
    """The answer to a CompareRequest: a row per chip, in the order asked."""

    request: CompareRequest
    model: str
    rows: tuple[Row, ...]
    assumptions: tuple[str, ...]
    """What had to be assumed of the model."""
    provenance: Mapping[str, Any]

    def check_feasible(self) -> None:
        """Raise Infeasible where no chip has a deployment; the message gives the reason of each."""
        if not any(row.feasible for row in self.rows):
            reasons = "\n".join(f"{row.chip}: {row.reason}" for row in self.rows)
            raise Infeasible(
                f"no chip serves {self.model} so\n{reasons}", "Relax --ttft or --tpot, or allow more chips."
            )

    def as_dict(self, *, explain: bool = False) -> dict[str, Any]:
        """Return the report as JSON carries it, with the trees of reasons where asked."""
        request = self.request
        return {
            "schema": SCHEMA,
            "model": self.model,
            "workload": {
                "input_tokens": request.input_tokens,
                "output_tokens": request.output_tokens,
                "cached_tokens": request.cached_tokens,
            },
            "slo": {"ttft_s": request.ttft_s, "tpot_s": request.tpot_s},
            "rows": [row.as_dict() | _explanation(row, explain) for row in self.rows],
            "assumptions": list(self.assumptions),
            "provenance": dict(self.provenance),
        }


def _deployment(choice: Choice) -> dict[str, Any]:
    deployment, layout = choice.deployment, choice.deployment.layout
    precision = deployment.precision
    return {
        "framework": deployment.engine.id,
        "framework_version": deployment.engine.version,
        "tp": layout.tp,
        "pp": layout.pp,
        "ep": layout.ep,
        "dp_attention": layout.dp,
        "batch_per_instance": choice.concurrency,
        "weights_dtype": precision.experts if _has_experts(choice) else precision.dense,
        "kv_dtype": precision.kv,
        "expert_exchange": "all_to_all" if layout.all_to_all else "gather",
    }


def _explanation(row: Row, wanted: bool) -> dict[str, Any]:
    return {"explanation": row.explanation.as_dict()} if wanted and row.explanation else {}


def _has_experts(choice: Choice) -> bool:
    return any(isinstance(block.ffn, MoeFfn) for block in choice.deployment.architecture.blocks)


def _interval(interval: Interval | None) -> dict[str, float] | None:
    return interval.as_dict() if interval else None


def _flat(prefix: str, value: object) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [cell for key, inner in value.items() for cell in _flat(f"{prefix}_{key}" if prefix else key, inner)]
    if isinstance(value, list):
        return [(prefix, "; ".join(str(item) for item in value))]
    return [(prefix, value)]
