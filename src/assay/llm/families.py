"""The families: how the layers of a model_type are read. A new one is a few lines here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from assay.llm import ffns, hybrids, mixers
from assay.llm.fields import Fields
from assay.llm.traits import Traits


@dataclass(frozen=True, slots=True)
class Family:
    """How to read the mixer and the FFN of every layer, and what the config does not say."""

    traits: Traits
    mixers: Callable[[Fields, Traits, int], mixers.Mixers] = mixers.softmax_attention
    ffns: Callable[[Fields, Traits, int], ffns.Ffns] = ffns.feed_forward


GENERIC: Final = Family(Traits())
"""A decoder of softmax attention and MLPs or experts: what an unknown model_type is read as."""

_DEEPSEEK = Family(Traits(router_bias=True, mtp_embeddings=True))
_QWEN3 = Family(Traits(qk_norm="head"))
_QWEN3_NEXT = Family(Traits(qk_norm="head", output_gate=True, shared_gate=True, full_every=4), hybrids.delta_net_hybrid)
_KIMI_LINEAR = Family(
    Traits(
        router_bias=True,
        assumes="the decay of Kimi delta attention has a bottleneck of one head; residuals across layers are left out",
    ),
    hybrids.kimi_linear,
)
_LIGHTNING = Family(Traits(assumes="lightning attention keeps its state in fp32"), hybrids.lightning_hybrid)
_BOTH_CACHED = "where one projection gives keys and values, both are cached"
_GEMMA3 = Traits(qk_norm="head", norms=2, tied=True, full_every=6)

FAMILIES: Final[dict[str, Family]] = {
    "llama": Family(Traits(output_bias=True)),
    "mistral": GENERIC,
    "mixtral": GENERIC,
    "qwen2": Family(Traits(qkv_bias=True)),
    "qwen2_moe": Family(Traits(qkv_bias=True, shared_gate=True)),
    "qwen3": _QWEN3,
    "qwen3_moe": _QWEN3,
    "qwen3_vl": _QWEN3,
    "qwen3_vl_moe": _QWEN3,
    "qwen3_next": _QWEN3_NEXT,
    "qwen3_5": _QWEN3_NEXT,
    "qwen3_5_moe": _QWEN3_NEXT,
    "mimo": Family(Traits(qkv_bias=True)),
    "mimo_v2_flash": Family(Traits(router_bias=True), hybrids.mimo_hybrid),
    "glm4_moe": Family(Traits(qk_norm="head", router_bias=True)),
    "glm_moe_dsa": Family(Traits(router_bias=True)),
    "deepseek_v3": _DEEPSEEK,
    "deepseek_v32": _DEEPSEEK,
    "deepseek_v2": GENERIC,
    "deepseek_v4": Family(
        Traits(
            router_bias=True,
            assumes="compressors and index keys are in 16 bits; layers routed by hash cost what routed layers cost",
        ),
        hybrids.compressed_sparse,
    ),
    "kimi_k2": _DEEPSEEK,
    "kimi_k25": _DEEPSEEK,
    "kimi_linear": _KIMI_LINEAR,
    "kimi_k3": _KIMI_LINEAR,
    "minimax_m1": _LIGHTNING,
    "minimax_text_01": _LIGHTNING,
    "minimax_m2": Family(
        Traits(
            qk_norm="full",
            router_bias=True,
            mtp=False,
            assumes="the MTP modules in the config are not in the checkpoint: its published size leaves them out",
        )
    ),
    "minimax_m3": Family(Traits(qk_norm="head", router_bias=True), hybrids.block_sparse_hybrid),
    "gpt_oss": Family(
        Traits(qkv_bias=True, output_bias=True, sinks=True, expert_bias=True, router_bias=True, full_every=2)
    ),
    "hunyuan_v1_moe": Family(Traits(qk_norm="head", tied=True)),
    "ernie4_5_moe": Family(Traits(router_bias=True, tied=True)),
    "step3_text": GENERIC,
    "step3": GENERIC,
    "step3p7": Family(
        Traits(
            qk_norm="head",
            router_bias=True,
            full_every=4,
            mtp=False,
            assumes="all layers have the one set of heads and widths in the config; MTP layers are not counted",
        )
    ),
    "pangu_pro_moe": GENERIC,
    "gemma2": Family(Traits(norms=2, tied=True, full_every=2)),
    "gemma3": Family(_GEMMA3),
    "gemma4": Family(replace(_GEMMA3, assumes=_BOTH_CACHED), hybrids.gemma4_hybrid, ffns.gemma4_feed_forward),
    "llama4": Family(Traits(output_bias=True), hybrids.llama4_hybrid, ffns.llama4_feed_forward),
    "nemotron_h": Family(Traits(gated=False, router_bias=True), hybrids.nemotron_hybrid, ffns.nemotron_feed_forward),
    "nemotron-nas": Family(Traits(), hybrids.searched_blocks, ffns.searched_feed_forward),
}
