"""From the fields of a config.json to the mixer of each layer: one reader for each kind of attention."""

from __future__ import annotations

from typing import Final, Literal

from assay.llm.architecture import (
    BlockIndexer,
    CompressedSparseAttention,
    GroupedQueryAttention,
    Indexer,
    LatentAttention,
    LinearAttentionBlock,
    Mixer,
    StateSpace,
)
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


def delta_net_hybrid(fields: Fields, traits: Traits, layers: int) -> Mixers:
    """Qwen3-Next and later: gated delta net, and gated GQA in every n-th layer."""
    linear = LinearAttentionBlock(
        kind="gdn",
        key_heads=fields.integer("linear_num_key_heads"),
        value_heads=fields.integer("linear_num_value_heads"),
        key_dim=fields.integer("linear_key_head_dim"),
        value_dim=fields.integer("linear_value_head_dim"),
        conv_width=fields.integer("linear_conv_kernel_dim", default=4),
    )
    full = grouped_query(fields, traits)
    types = fields.texts("layer_types", layers)
    every = fields.integer("full_attention_interval", default=traits.full_every or 4)
    if types is None:
        return [full if (layer + 1) % every == 0 else linear for layer in range(layers)]
    for unknown in sorted(set(types) - {*FULL, *LINEAR}):
        fields.fault("layer_types", f"unknown type of layer '{unknown}'")
    return [linear if kind in LINEAR else full for kind in types]


def kimi_linear(fields: Fields, traits: Traits, layers: int) -> Mixers:
    """Kimi delta attention, and MLA in the layers listed as full (counted from 1)."""
    table = fields.table("linear_attn_config")
    if table is None:
        return list(softmax_attention(fields, traits, layers))
    heads, head_dim = table.integer("num_heads"), table.integer("head_dim")
    linear = LinearAttentionBlock(
        kind="kda",
        key_heads=heads,
        value_heads=heads,
        key_dim=head_dim,
        value_dim=head_dim,
        conv_width=table.integer("short_conv_kernel_size", default=4),
        gate_rank=None if table.flag("use_full_rank_gate", default=False) else head_dim,
    )
    full = latent_attention(fields, traits)
    places = set(table.numbers("full_attn_layers") or ())
    if not places:
        table.fault("full_attn_layers", "is missing")
    return [full if layer + 1 in places else linear for layer in range(layers)]


def lightning_hybrid(fields: Fields, traits: Traits, layers: int) -> Mixers:
    """MiniMax-M1: lightning attention where `attn_type_list` says 0."""
    full = grouped_query(fields, traits)
    linear = LinearAttentionBlock("lightning", full.heads, full.heads, full.head_dim, full.head_dim, conv_width=0)
    types = fields.numbers("attn_type_list", layers)
    return [full if kind == 1 else linear for kind in types or [1] * layers]


def mimo_hybrid(fields: Fields, traits: Traits, layers: int) -> Mixers:
    """MiMo-V2: windowed layers (pattern 1) have dimensions and sinks of their own."""
    full = grouped_query(fields, traits, v_head_dim=fields.optional("v_head_dim"))
    local = GroupedQueryAttention(
        heads=fields.integer("swa_num_attention_heads", default=full.heads),
        kv_heads=fields.integer("swa_num_key_value_heads", default=full.kv_heads),
        head_dim=fields.integer("swa_head_dim", default=full.head_dim),
        v_head_dim=fields.integer("swa_v_head_dim", default=full.v_head_dim),
        window=fields.integer("sliding_window"),
        bias=full.bias,
        sinks=fields.flag("add_swa_attention_sink_bias", default=False),
    )
    pattern = fields.numbers("hybrid_layer_pattern", layers)
    return [local if windowed else full for windowed in pattern or [0] * layers]


def gemma4_hybrid(fields: Fields, traits: Traits, layers: int) -> Mixers:
    """Gemma 4: full layers have wider heads, fewer KV heads, and keys for values."""
    local = grouped_query(fields, traits, window=fields.integer("sliding_window"))
    shared = fields.flag("attention_k_eq_v", default=False)
    full = GroupedQueryAttention(
        heads=local.heads,
        kv_heads=fields.integer("num_global_key_value_heads", default=local.kv_heads) if shared else local.kv_heads,
        head_dim=fields.integer("global_head_dim", default=local.head_dim),
        v_head_dim=fields.integer("global_head_dim", default=local.head_dim),
        qk_norm=local.qk_norm,
        shared_kv=shared,
    )
    return [local if windowed else full for windowed in windowed_layers(fields, traits, layers)]


def llama4_hybrid(fields: Fields, traits: Traits, layers: int) -> Mixers:
    """Llama 4: chunked attention with rotary positions, full attention without them in every fourth layer."""
    full = grouped_query(fields, traits)
    local = grouped_query(fields, traits, window=fields.integer("attention_chunk_size"))
    rotary = fields.numbers("no_rope_layers", layers) or [(layer + 1) % 4 for layer in range(layers)]
    return [local if rotates else full for rotates in rotary]


def block_sparse_hybrid(fields: Fields, traits: Traits, layers: int) -> Mixers:
    """MiniMax-M3: GQA over blocks chosen by an index branch where `sparse_attention_freq` says 1."""
    full = grouped_query(fields, traits)
    table = fields.table("sparse_attention_config")
    if table is None or not table.flag("use_sparse_attention", default=True):
        return [full] * layers
    indexer = BlockIndexer(
        heads=table.integer("sparse_num_index_heads"),
        head_dim=table.integer("sparse_index_dim"),
        block=table.integer("sparse_block_size"),
        blocks=table.integer("sparse_topk_blocks"),
    )
    sparse = GroupedQueryAttention(
        full.heads, full.kv_heads, full.head_dim, full.v_head_dim, qk_norm=full.qk_norm, block_indexer=indexer
    )
    places = table.numbers("sparse_attention_freq", layers) or [1] * layers
    return [sparse if place else full for place in places]


def compressed_sparse(fields: Fields, _traits: Traits, layers: int) -> Mixers:
    """DeepSeek-V4: `compress_ratios` by layer; the low ratio has the indexer (CSA), the high one none (HCA)."""
    ratios = fields.numbers("compress_ratios")
    if ratios is None or len(ratios) < layers or min(ratios) < 0:
        fields.fault("compress_ratios", f"must have a number of 0 or more for each of the {layers} layers")
        ratios = [0] * layers
    return [compressed_attention(fields, ratio) for ratio in ratios[:layers]]


def compressed_attention(fields: Fields, ratio: int) -> CompressedSparseAttention:
    """Read one layer of DeepSeek-V4 attention."""
    indexer = Indexer(
        heads=fields.integer("index_n_heads"),
        head_dim=fields.integer("index_head_dim"),
        top_k=fields.integer("index_topk"),
    )
    return CompressedSparseAttention(
        heads=fields.integer("num_attention_heads"),
        head_dim=fields.integer("head_dim"),
        q_rank=fields.integer("q_lora_rank"),
        output_groups=fields.integer("o_groups"),
        output_rank=fields.integer("o_lora_rank"),
        window=fields.integer("sliding_window"),
        ratio=ratio,
        indexer=indexer if 0 < ratio < 16 else None,
    )


def nemotron_hybrid(fields: Fields, traits: Traits, _layers: int) -> Mixers:
    """Nemotron-H: each layer is one of Mamba2, attention, experts or MLP."""
    state_space = StateSpace(
        heads=fields.integer("mamba_num_heads"),
        head_dim=fields.integer("mamba_head_dim"),
        groups=fields.integer("n_groups", default=1),
        state=fields.integer("ssm_state_size"),
        conv_width=fields.integer("conv_kernel", default=4),
    )
    attention = grouped_query(fields, traits)
    known: dict[str, Mixer] = {"mamba": state_space, "attention": attention}
    return [known.get(kind) for kind in hybrid_layer_types(fields)]


def hybrid_layer_types(fields: Fields) -> list[str]:
    """Return the type of each layer of a hybrid: 'mamba', 'attention', 'moe' or 'mlp'."""
    types = fields.texts("layers_block_type")
    if types is None:
        pattern = fields.text("hybrid_override_pattern")
        types = [_LETTERS.get(letter, letter) for letter in pattern]
    for unknown in sorted(set(types) - set(_LETTERS.values())):
        fields.fault("layers_block_type", f"unknown type of layer '{unknown[:20]}'")
    return types


_LETTERS: Final = {"M": "mamba", "*": "attention", "E": "moe", "-": "mlp"}


def searched_blocks(fields: Fields, traits: Traits, layers: int) -> Mixers:
    """Nemotron-NAS: attention by layer, as a search left it."""
    found: Mixers = []
    for block in fields.tables("block_configs", layers):
        table = block.table("attention")
        if table is None:
            block.fault("attention", "is missing")
        elif table.flag("no_op", default=False):
            found.append(None)
        elif table.flag("replace_with_linear", default=False):
            table.fault("replace_with_linear", "attention replaced by a linear layer is not modelled")
        else:
            heads, group = fields.integer("num_attention_heads"), table.integer("n_heads_in_group")
            window = table.optional("window_length")
            found.append(grouped_query(fields, traits, window=window, kv_heads=max(heads // group, 1)))
    return found


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
