"""How many parameters a model has, and how many of them one token meets."""

from __future__ import annotations

from dataclasses import dataclass

from assay.llm.architecture import (
    Architecture,
    Block,
    CompressedSparseAttention,
    Ffn,
    GroupedQueryAttention,
    LatentAttention,
    LinearAttentionBlock,
    Mixer,
    MoeFfn,
    StateSpace,
)
from assay.llm.weights import Matrix, ffn_matrices, mixer_matrices


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameter counts of a model.

    Publishers count "active" parameters in three ways: as here, with the input embedding added (Qwen, Mistral, Meta),
    or with the output head left out as well (Z.ai, MiniMax). `embedding` and `head` allow each of them.
    """

    total: int
    """Embedding, layers, head and vision tower; multi-token prediction is apart."""
    active: int
    """What one token is multiplied with: chosen and shared experts and the head, not the input embedding."""
    embedding: int
    head: int
    """The output projection; where it is tied to the embedding it is counted once in `total`."""
    vision: int
    mtp: int
    """The multi-token-prediction layers of the checkpoint, without repeated embeddings."""


def parameters(architecture: Architecture) -> Parameters:
    """Return the parameter counts of an architecture, exact but for what its `assumptions` name."""
    table = architecture.vocab * architecture.hidden
    layers = active = 0.0
    for block in architecture.blocks:
        whole, met = block_parameters(architecture, block)
        layers += block.count * whole
        active += block.count * met
    final = architecture.hidden + stream_head_parameters(architecture)
    total = table * (1 if architecture.tied_embeddings else 2) + layers + final + architecture.vision_parameters
    return Parameters(
        total=round(total),
        active=round(table + active + final),
        embedding=table,
        head=table,
        vision=architecture.vision_parameters,
        mtp=round(mtp_parameters(architecture)),
    )


def block_parameters(architecture: Architecture, block: Block) -> tuple[float, float]:
    """Return the parameters of one layer of a block, and how many of them one token meets."""
    matrices = layer_matrices(architecture, block)
    whole = sum(float(matrix.weights) for matrix in matrices) + layer_vectors(architecture, block)
    idle = 0.0
    if isinstance(block.ffn, MoeFfn):
        routed = sum(float(matrix.weights) for matrix in matrices if matrix.kernel == "grouped")
        routed += _expert_biases(block.ffn, architecture.hidden)
        idle = routed * (1.0 - block.ffn.top_k / block.ffn.experts)
    return whole, whole - idle


def layer_matrices(architecture: Architecture, block: Block) -> tuple[Matrix, ...]:
    """Return all matrices of one layer, whole."""
    mixer = mixer_matrices(block.mixer, architecture.hidden) if block.mixer else ()
    ffn = ffn_matrices(block.ffn, architecture.hidden) if block.ffn else ()
    return (*mixer, *ffn, *stream_matrices(architecture))


def stream_matrices(architecture: Architecture) -> tuple[Matrix, ...]:
    """Return the mixing matrices of hyper-connections, one at each of the two sites of a layer."""
    streams = architecture.residual_streams
    if streams == 1:
        return ()
    mixed = float(streams * architecture.hidden)
    return (Matrix("hyper_connection", "fp32", mixed, float(streams * (2 + streams)), 2.0, "other"),)


def layer_vectors(architecture: Architecture, block: Block) -> float:
    """Return the parameters of one layer that are not matrices: norms, biases, convolutions, sinks."""
    sublayers = (block.mixer is not None) + (block.ffn is not None)
    norms = sublayers * architecture.norms_per_sublayer * architecture.hidden
    mixer = _mixer_vectors(block.mixer, architecture.hidden) if block.mixer else 0
    ffn = _ffn_vectors(block.ffn, architecture.hidden) if block.ffn else 0
    streams = architecture.residual_streams
    return norms + mixer + ffn + (2 * (streams * (2 + streams) + 3) if streams > 1 else 0)


def mtp_parameters(architecture: Architecture) -> float:
    """Return the parameters of all multi-token-prediction layers: a block, the joining projection, three norms."""
    if architecture.mtp_block is None:
        return 0.0
    whole, _ = block_parameters(architecture, architecture.mtp_block)
    return architecture.mtp_layers * (whole + 2 * architecture.hidden**2 + 3 * architecture.hidden)


def stream_head_parameters(architecture: Architecture) -> int:
    """Return the parameters that join the residual streams of hyper-connections before the head."""
    streams = architecture.residual_streams
    return streams * streams * architecture.hidden + streams + 1 if streams > 1 else 0


def _expert_biases(ffn: MoeFfn, hidden: int) -> int:
    width = ffn.intermediate * (2 if ffn.gated else 1) + hidden
    return ffn.experts * width if ffn.bias else 0


def _ffn_vectors(ffn: Ffn, hidden: int) -> int:
    if isinstance(ffn, MoeFfn):
        return _expert_biases(ffn, hidden) + (ffn.experts if ffn.router_bias else 0)
    return ffn.intermediate * (2 if ffn.gated else 1) + hidden if ffn.bias else 0


def _mixer_vectors(mixer: Mixer, hidden: int) -> int:
    match mixer:
        case GroupedQueryAttention():
            return _grouped_query_vectors(mixer, hidden)
        case LatentAttention():
            indexer = 0 if mixer.indexer is None or mixer.indexer.shared else 2 * mixer.indexer.head_dim
            return (mixer.q_rank or 0) + mixer.kv_rank + indexer
        case CompressedSparseAttention():
            overlap = 2 if mixer.indexer is not None else 1
            widths = mixer.head_dim + (mixer.indexer.head_dim if mixer.indexer is not None else 0)
            compressor = widths * (overlap * mixer.ratio + 1) if mixer.ratio else 0  # position biases and norms
            return mixer.q_rank + mixer.head_dim + mixer.heads + compressor
        case LinearAttentionBlock():
            return _linear_attention_vectors(mixer)
        case StateSpace():
            inner = mixer.heads * mixer.head_dim
            channels = inner + 2 * mixer.groups * mixer.state
            return channels * (mixer.conv_width + 1) + 3 * mixer.heads + inner


def _grouped_query_vectors(mixer: GroupedQueryAttention, hidden: int) -> int:
    queries = mixer.heads * mixer.head_dim
    keys = mixer.kv_heads * mixer.head_dim
    norms = {"none": 0, "head": 2 * mixer.head_dim, "full": queries + keys}[mixer.qk_norm]
    bias = queries + keys + mixer.kv_heads * mixer.v_head_dim if mixer.bias else 0
    index_norms = 2 * mixer.block_indexer.head_dim if mixer.block_indexer else 0
    extra = (hidden if mixer.output_bias else 0) + (mixer.heads if mixer.sinks else 0) + (mixer.q_rank or 0)
    return norms + bias + index_norms + extra


def _linear_attention_vectors(mixer: LinearAttentionBlock) -> int:
    keys, values = mixer.key_heads * mixer.key_dim, mixer.value_heads * mixer.value_dim
    conv = (2 * keys + values) * mixer.conv_width
    decay = {"gdn": 2 * mixer.value_heads, "kda": mixer.value_heads + keys, "lightning": 0}[mixer.kind]
    norm = values if mixer.kind == "lightning" else mixer.value_dim
    return conv + decay + norm
