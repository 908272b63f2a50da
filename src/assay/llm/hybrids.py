"""From the fields of a config.json to the mixers of families whose layers differ: a reader for each pattern."""

from __future__ import annotations

from typing import Final

from assay.llm.architecture import (
    BlockIndexer,
    CompressedSparseAttention,
    GroupedQueryAttention,
    Indexer,
    LinearAttentionBlock,
    Mixer,
    StateSpace,
)
from assay.llm.fields import Fields
from assay.llm.mixers import (
    FULL,
    LINEAR,
    Mixers,
    grouped_query,
    latent_attention,
    softmax_attention,
    windowed_layers,
)
from assay.llm.traits import Traits


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
