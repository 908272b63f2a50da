"""From the fields of a config.json to the mixer of each layer: one reader for each kind of attention."""

from __future__ import annotations

from typing import Final, Literal

from assay.llm.architecture import GroupedQueryAttention, Indexer, LatentAttention, Mixer
from assay.llm.fields import Fields
from assay.llm.traits import Traits

Mixers = list[Mixer | None]

FULL: Final = ("full_attention", "attention", "global")
LINEAR: Final = ("linear_attention",)
WINDOWED: Final = ("sliding_attention", "chunked_attention", "local")


def softmax_attention(fields: Fields, traits: Traits, layers: int) -> Mixers:
    """MLA where there is a KV rank, else GQA; `layer_types` or a pattern says which layers are windowed."""
    if fields.has("kv_lora_rank"):
        return [latent_attention(fields, traits, own_indexer=own) for own in _own_indexers(fields, layers)]
    full = grouped_query(fields, traits)
    window = fields.optional("sliding_window", "attention_chunk_size")
    if window is None or not fields.flag("use_sliding_window", default=True):
        return [full] * layers
    local = grouped_query(fields, traits, window=window)
    return [local if windowed else full for windowed in windowed_layers(fields, traits, layers)]


def windowed_layers(fields: Fields, traits: Traits, layers: int) -> list[bool]:
    """Which layers see only a window: as `layer_types` says, else all but every n-th, else all."""
    types = fields.texts("layer_types", layers)
    if types is not None:
        for unknown in sorted(set(types) - {*FULL, *WINDOWED, *LINEAR}):
            fields.fault("layer_types", f"unknown type of layer '{unknown}'")
        return [kind in WINDOWED for kind in types]
    every = fields.integer("sliding_window_pattern", default=traits.full_every, low=0)
    return [every == 0 or (layer + 1) % every != 0 for layer in range(layers)]


def grouped_query(
    fields: Fields,
    traits: Traits,
    window: int | None = None,
    kv_heads: int | None = None,
    head_dim: int | None = None,
    v_head_dim: int | None = None,
) -> GroupedQueryAttention:
    """Read MHA, GQA or MQA; arguments replace what the fields say."""
    heads = fields.integer("num_attention_heads")
    head_dim = head_dim or _head_dim(fields, heads)
    kv_heads = kv_heads or fields.integer("num_key_value_heads", "num_attention_groups", default=heads)
    if kv_heads > heads:
        fields.fault("num_key_value_heads", f"must not exceed the {heads} attention heads (given {kv_heads})")
    bias = fields.flag("attention_bias", "use_qkv_bias", default=traits.qkv_bias)
    return GroupedQueryAttention(
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        v_head_dim=v_head_dim or head_dim,
        window=window,
        q_rank=fields.optional("q_lora_rank", "share_q_dim"),
        bias=bias,
        output_bias=bias and traits.output_bias,
        qk_norm=_qk_norm(fields, traits),
        output_gate=fields.flag("attn_output_gate", "attention_output_gate", default=traits.output_gate),
        sinks=traits.sinks,
    )


def latent_attention(fields: Fields, traits: Traits, *, own_indexer: bool = True) -> LatentAttention:
    """Read MLA, and its indexer where there is one."""
    indexer = None
    if fields.has("index_topk"):
        indexer = Indexer(
            heads=fields.integer("index_n_heads"),
            head_dim=fields.integer("index_head_dim"),
            top_k=fields.integer("index_topk"),
            shared=not own_indexer,
        )
    return LatentAttention(
        heads=fields.integer("num_attention_heads"),
        q_rank=fields.optional("q_lora_rank"),
        kv_rank=fields.integer("kv_lora_rank"),
        nope_dim=fields.integer("qk_nope_head_dim"),
        rope_dim=fields.integer("qk_rope_head_dim", low=0),
        v_dim=fields.integer("v_head_dim"),
        output_gate=fields.flag("mla_use_output_gate", default=traits.output_gate),
        indexer=indexer,
    )


def _head_dim(fields: Fields, heads: int) -> int:
    hidden = fields.integer("hidden_size")
    if not fields.has("head_dim") and hidden % heads:
        fields.fault("num_attention_heads", f"must divide hidden_size {hidden} where head_dim is not given")
    return fields.integer("head_dim", default=max(hidden // heads, 1))


def _qk_norm(fields: Fields, traits: Traits) -> Literal["none", "head", "full"]:
    if not fields.flag("use_qk_norm", default=True):
        return "none"
    return traits.qk_norm


def _own_indexers(fields: Fields, layers: int) -> list[bool]:
    types = fields.texts("indexer_types", layers)
    return [kind == "full" for kind in types] if types is not None else [True] * layers
