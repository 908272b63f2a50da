"""What there is to know of a model before it meets a chip: the answer of `assay model show`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np

from assay.catalogue.model import ModelRecord
from assay.llm.layout import Layout
from assay.llm.memory import (
    kv_bytes_per_token,
    state_bytes_per_sequence,
    weight_bytes,
    weight_bytes_by_part,
)
from assay.llm.model import Model
from assay.llm.operator import Operator
from assay.llm.operators import attention_operators, head_operators, linear_operators
from assay.llm.parameters import Parameters

SCHEMA: Final = "assay.model/1"
MODELS_SCHEMA: Final = "assay.models/1"
CONTEXT_TOKENS: Final = 4096
PARTS: Final = ("attention", "dense", "experts", "shared", "head", "kv")


@dataclass(frozen=True, slots=True)
class Description:
    """A model in numbers: parameters, bytes, blocks, and the operators of one decode step."""

    model: Model
    parameters: Parameters
    weight_bytes: float
    weight_bytes_by_part: dict[str, float]
    kv_bytes_per_token: float
    state_bytes_per_sequence: float
    operators: tuple[Operator, ...]
    """One sequence of 4,096 tokens on one chip, in the formats of the checkpoint."""

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON answer, schema assay.model/1."""
        architecture, record = self.model.architecture, self.model.record
        published = ("total_parameters", "active_parameters")
        return {
            "schema": SCHEMA,
            "model": self.model.id,
            "origin": self.model.origin,
            "model_type": architecture.model_type,
            "layers": architecture.layers,
            "hidden": architecture.hidden,
            "vocabulary": architecture.vocab,
            "context_tokens": architecture.max_context,
            "parameters": _values(self.parameters),
            "published": {key: getattr(record, key) for key in published} if record is not None else None,
            "formats": {part: getattr(architecture.native, part) for part in PARTS},
            "weights_bytes": self.weight_bytes,
            "weights_bytes_by_part": self.weight_bytes_by_part,
            "kv_bytes_per_token": self.kv_bytes_per_token,
            "state_bytes_per_sequence": self.state_bytes_per_sequence,
            "blocks": [
                {"count": block.count, "mixer": _tagged(block.mixer), "ffn": _tagged(block.ffn)}
                for block in architecture.blocks
            ],
            "decode": {
                "sequences": 1,
                "context_tokens": CONTEXT_TOKENS,
                "operators": [
                    {"role": operator.role, "count": float(operator.count), "kind": type(operator).__name__}
                    | {"shape": shape(operator)}
                    for operator in self.operators
                ],
            },
            "assumptions": list(architecture.assumptions),
        }


def describe(model: Model) -> Description:
    """Return the description of a model. Units: bytes and tokens."""
    architecture = model.architecture
    native, layout = architecture.native, Layout()
    operators = (
        *linear_operators(architecture, 1, 1, layout, native, "decode"),
        *attention_operators(architecture, 1, 1, CONTEXT_TOKENS, layout, native, "decode"),
        *head_operators(architecture, 1, layout, native),
    )
    return Description(
        model=model,
        parameters=model.parameters,
        weight_bytes=weight_bytes(architecture, native),
        weight_bytes_by_part=weight_bytes_by_part(architecture, native),
        kv_bytes_per_token=kv_bytes_per_token(architecture, native),
        state_bytes_per_sequence=state_bytes_per_sequence(architecture, native),
        operators=tuple(operator for operator in operators if operator.count > 0),
    )


def listed(record: ModelRecord) -> dict[str, Any]:
    """Return a model of the catalogue as one line."""
    keys = ("id", "hf_id", "org", "country", "license", "release_date", "total_parameters", "active_parameters")
    return {key: getattr(record, key) for key in keys} | {
        "readable": record.config is not None or bool(record.config_table)
    }


def shape(operator: Operator) -> dict[str, Any]:
    """Return what distinguishes an operator from others of its kind, by name; scalars only."""
    return {key: value for key, value in _values(operator).items() if key not in ("role", "count")}


def _tagged(part: Any) -> dict[str, Any] | None:  # noqa: ANN401  any mixer or FFN
    return None if part is None else {"kind": type(part).__name__, **_values(part)}


def _values(record: Any) -> dict[str, Any]:  # noqa: ANN401  any dataclass
    return {field.name: _plain(getattr(record, field.name)) for field in fields(record)}


def _plain(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, np.generic | np.ndarray):
        value = value.item()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return _values(value) if hasattr(value, "__dataclass_fields__") else value
