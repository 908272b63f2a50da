"""What a language model is made of, as data.

An Architecture is a sequence of blocks; a block repeats a layer; a layer is a mixer (attention or its like) and an
FFN, either of which may be absent.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from assay.llm.precision import Precision


@dataclass(frozen=True, slots=True)
class Indexer:
    """The light scorer of sparse attention: `heads` of width `head_dim`; `top_k` tokens survive."""

    heads: int
    head_dim: int
    top_k: int
    shared: bool = False  # takes the choice of an earlier layer: no weights and no work of its own


@dataclass(frozen=True, slots=True)
class BlockIndexer:
    """The index branch of block-sparse attention (MSA): `blocks` blocks of `block` tokens survive."""

    heads: int
    head_dim: int
    block: int
    blocks: int


@dataclass(frozen=True, slots=True)
class GroupedQueryAttention:
    """MHA, GQA and MQA; with a window, sinks, an output gate, QK norm, low-rank queries, or a block indexer."""

    heads: int
    kv_heads: int
    head_dim: int
    v_head_dim: int
    window: int | None = None  # tokens attended at most; a chunk (llama4) counts as its upper bound
    q_rank: int | None = None
    bias: bool = False  # on q, k, v
    output_bias: bool = False
    qk_norm: Literal["none", "head", "full"] = "none"  # full: over the whole width, so TP must reduce it
    output_gate: bool = False
    sinks: bool = False
    shared_kv: bool = False  # one projection for keys and values; both are cached, for their norms differ
    block_indexer: BlockIndexer | None = None


@dataclass(frozen=True, slots=True)
class LatentAttention:
    """MLA: low-rank queries (`q_rank` None: full rank) and one compressed KV; with an indexer, DSA."""

    heads: int
    q_rank: int | None
    kv_rank: int
    nope_dim: int
    rope_dim: int
    v_dim: int
    output_gate: bool = False
    indexer: Indexer | None = None

    @property
    def qk_dim(self) -> int:
        """Width of one query or key head before absorption."""
        return self.nope_dim + self.rope_dim


@dataclass(frozen=True, slots=True)
class CompressedSparseAttention:
    """DeepSeek-V4: multi-query over a cache compressed `ratio` times plus a window; CSA has an indexer, HCA none."""

    heads: int
    head_dim: int
    q_rank: int
    output_groups: int
    output_rank: int
    window: int
    ratio: int  # 0: window only
    indexer: Indexer | None = None


@dataclass(frozen=True, slots=True)
class LinearAttentionBlock:
    """Gated delta net (gdn), Kimi delta attention (kda) or lightning attention: a state instead of a KV cache."""

    kind: Literal["gdn", "kda", "lightning"]
    key_heads: int
    value_heads: int
    key_dim: int
    value_dim: int
    conv_width: int = 4  # 0: no convolution
    gate_rank: int | None = None  # low-rank output gate (kda); None: full rank


@dataclass(frozen=True, slots=True)
class StateSpace:
    """Mamba2."""

    heads: int
    head_dim: int
    groups: int
    state: int
    conv_width: int = 4


Mixer: TypeAlias = (
    GroupedQueryAttention | LatentAttention | CompressedSparseAttention | LinearAttentionBlock | StateSpace
)


@dataclass(frozen=True, slots=True)
class DenseFfn:
    """One MLP; gated (two input projections) or plain."""

    intermediate: int
    gated: bool = True
    bias: bool = False


@dataclass(frozen=True, slots=True)
class MoeFfn:
    """Routed and shared experts; `latent` is the width at which experts work where it is not the hidden size.

    A dense MLP beside the experts (gemma-4) is a shared expert by another name and stands as one.
    """

    experts: int
    top_k: int
    intermediate: int
    shared_intermediate: int = 0  # width of all shared experts together
    gated: bool = True
    bias: bool = False  # on the routed experts
    latent: int | None = None
    shared_gate: bool = False
    router_bias: bool = False


Ffn: TypeAlias = DenseFfn | MoeFfn


@dataclass(frozen=True, slots=True)
class Block:
    """`count` equal layers, one after another or interleaved with other blocks: order does not change time."""

    count: int
    mixer: Mixer | None
    ffn: Ffn | None


@dataclass(frozen=True, slots=True)
class Architecture:
    """A model read from a config.json."""

    id: str
    model_type: str
    hidden: int
    vocab: int
    blocks: tuple[Block, ...]
    tied_embeddings: bool
    max_context: int
    native: Precision
    """The formats of the checkpoint."""
    norms_per_sublayer: int = 1  # 2: before and after (gemma)
    residual_streams: int = 1  # hyper-connections keep several
    mtp_layers: int = 0
    mtp_block: Block | None = None
    mtp_embeddings: bool = False
    """The checkpoint repeats embedding and head in its MTP layer (DeepSeek-V3)."""
    mtp_quantised: bool = True
    """The MTP layer is stored in the formats of the other layers, else in 16 bits."""
    vision_parameters: int = 0
    """Parameters of the vision tower and its projector: their weights take memory, their compute is left out."""
    assumptions: tuple[str, ...] = field(default=())
    """What the parser had to assume, in words."""

    @property
    def layers(self) -> int:
        """Transformer layers, multi-token prediction not counted."""
        return sum(block.count for block in self.blocks)

    @property
    def mixers(self) -> Counter[Mixer]:
        """How many layers have each mixer."""
        counts: Counter[Mixer] = Counter()
        for block in self.blocks:
            if block.mixer is not None:
                counts[block.mixer] += block.count
        return counts

    @property
    def ffns(self) -> Counter[Ffn]:
        """How many layers have each FFN."""
        counts: Counter[Ffn] = Counter()
        for block in self.blocks:
            if block.ffn is not None:
                counts[block.ffn] += block.count
        return counts
