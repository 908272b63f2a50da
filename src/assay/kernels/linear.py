"""Linear attention and its convolutions: gated delta net, KDA, lightning, Mamba2."""

from __future__ import annotations

from typing import Final

import numpy as np

from assay.core.array import Number
from assay.kernels import single
from assay.kernels.machine import Cost, Machine
from assay.kernels.single import Work
from assay.llm.operator import CausalConv, LinearAttention, StateSpaceScan

CHUNK: Final = 64
"""Tokens that a prefill kernel takes at a time."""

KERNELS: Final[dict[tuple[str, str], dict[str, str]]] = {
    ("gdn", "prefill"): {
        "sglang": "sglang:chunk_gated_delta_rule",
        "trtllm": "trtllm:chunk_gated_delta_rule",
        "vllm": "vllm:chunk_gated_delta_rule_flashinfer",
    },
    ("gdn", "decode"): {
        "sglang": "sglang:fused_recurrent_gated_delta_rule_packed_decode",
        "trtllm": "trtllm:fused_recurrent_gated_delta_rule",
        "vllm": "vllm:fused_recurrent_gated_delta_rule_packed_decode",
    },
    ("kda", "prefill"): {"sglang": "sglang:chunk_kda", "vllm": "vllm:flashkda_fwd"},
    ("kda", "decode"): {
        "sglang": "sglang:fused_recurrent_kda_packed_decode",
        "vllm": "vllm:fused_recurrent_kda_packed_decode",
    },
}
"""The measured kernel of each framework, a class of the coefficients."""

# The KDA prefill convolution of vLLM was measured through a copy of 580 us: SGLang's stands in.
CONV_KERNELS: Final[dict[tuple[str, str], dict[str, str]]] = {
    ("gdn", "prefill"): {framework: f"{framework}:causal_conv1d_fn" for framework in ("sglang", "trtllm", "vllm")},
    ("gdn", "decode"): {framework: f"{framework}:causal_conv1d_update" for framework in ("sglang", "trtllm", "vllm")},
    ("kda", "prefill"): dict.fromkeys(("sglang", "vllm"), "sglang:causal_conv1d_fn_qkv3"),
    ("kda", "decode"): {framework: f"{framework}:causal_conv1d_update" for framework in ("sglang", "vllm")},
}
MAMBA_CONV_KERNELS: Final[dict[str, str]] = {"prefill": "causal_conv1d_fn", "decode": "causal_conv1d_update"}

FAMILIES: Final[dict[str, str]] = {"gdn": "gdn", "kda": "kda"}
CONV_FAMILIES: Final[dict[str, str]] = {"gdn": "gdn", "kda": "kda", "mamba2": "mamba2_conv"}
NEAREST: Final = "gdn"
"""Family of recurrences that were not measured: lightning attention and the Mamba2 scan."""


def cost(operator: LinearAttention, machine: Machine) -> Cost:
    """Return the cost of a linear attention kernel."""
    name = FAMILIES.get(operator.kind, NEAREST)
    kernel = KERNELS[name, operator.phase].get(machine.software.framework, "")
    return single.time(work(operator), machine.theta(name, kernel), machine.silicon)


def family(operator: LinearAttention, _: Machine) -> str | None:
    """Return the family whose measurements stand behind the cost; None for lightning attention."""
    return FAMILIES.get(operator.kind)


def work(operator: LinearAttention) -> Work:
    """Count a linear attention step: in decode the fp32 state read and written, in prefill the products of chunks."""
    qkv_passes = 6.0 if operator.kind == "kda" else 4.0
    return _recurrence(
        operator.batch,
        operator.new_tokens,
        operator.key_heads,
        operator.value_heads,
        operator.key_dim,
        operator.value_dim,
        operator.phase,
        qkv_passes,
    )


def scan_cost(operator: StateSpaceScan, machine: Machine) -> Cost:
    """Return the cost of a Mamba2 scan: bytes and FLOP in the form of the gated delta net. Not measured."""
    kernel = KERNELS[NEAREST, operator.phase].get(machine.software.framework, "")
    return single.time(scan_work(operator), machine.theta(NEAREST, kernel), machine.silicon)


def scan_work(operator: StateSpaceScan) -> Work:
    """Count a scan: B and C are keys and queries of width `state`, x the values."""
    return _recurrence(
        operator.batch,
        operator.new_tokens,
        operator.groups,
        operator.heads,
        operator.state,
        operator.head_dim,
        operator.phase,
        qkv_passes=4.0,
    )


def conv_cost(operator: CausalConv, machine: Machine) -> Cost:
    """Return the cost of a short causal convolution."""
    name = CONV_FAMILIES[operator.kind]
    framework = machine.software.framework
    if operator.kind == "mamba2":
        kernel = MAMBA_CONV_KERNELS[operator.phase]
    else:
        kernel = CONV_KERNELS[operator.kind, operator.phase].get(framework, "")
    serial = per_sequence(operator, framework)
    return single.time(conv_work(operator, per_sequence=serial), machine.theta(name, kernel), machine.silicon)


def per_sequence(operator: CausalConv, framework: str) -> bool:
    """Whether the convolution kernel of a framework walks a sequence serially, a CTA per channel."""
    return operator.kind == "mamba2" or framework == "trtllm"


def conv_family(operator: CausalConv, _: Machine) -> str:
    """Return the family whose measurements stand behind the cost."""
    return CONV_FAMILIES[operator.kind]


def conv_work(operator: CausalConv, *, per_sequence: bool) -> Work:
    """Count a convolution of width 4. `per_sequence`: kernels that walk a sequence serially, a CTA per channel."""
    tokens = np.multiply(operator.batch, operator.new_tokens)
    channels = np.asarray(operator.channels, dtype=float)
    flop, traffic = 8.0 * tokens * channels, 4.0 * tokens * channels
    if operator.phase == "decode":
        state = 16.0 * operator.batch * channels
        return Work(flop, traffic + state, operator.batch * np.ceil(channels / 256.0))
    if per_sequence:
        return Work(flop, traffic, operator.batch * channels, np.ceil(np.divide(operator.new_tokens, 512.0)))
    return Work(flop, traffic, tokens / 64.0 * channels / 256.0)


def _recurrence(
    batch: Number,
    new_tokens: Number,
    key_heads: Number,
    value_heads: Number,
    key_dim: float,
    value_dim: float,
    phase: str,
    qkv_passes: float,
) -> Work:
    """Count a recurrence with a state of value_heads x key_dim x value_dim per sequence."""
    tokens = np.multiply(batch, new_tokens)
    qkv = 2.0 * tokens * (2.0 * np.multiply(key_heads, key_dim) + 2.0 * np.multiply(value_heads, value_dim))
    state = np.multiply(value_heads, key_dim * value_dim)
    if phase == "decode":  # queries beyond the first, under speculation, reuse the loaded state
        return Work(8.0 * tokens * state, 8.0 * batch * state + qkv, np.multiply(batch, value_heads) * value_dim / 32.0)
    return Work(
        flop=tokens * value_heads * (128.0 * (3.0 * key_dim + 2.0 * value_dim) + 6.0 * key_dim * value_dim),
        bytes=qkv_passes * qkv + 4.0 * tokens / CHUNK * state,
        ctas=np.multiply(batch, value_heads) * value_dim / 64.0,
        steps=np.maximum(np.divide(new_tokens, CHUNK), 1.0),
    )
