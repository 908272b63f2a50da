"""Bytes of weights and of KV cache: of the whole model, and of one chip of a layout."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from assay.core.array import Number
from assay.llm.architecture import (
    Architecture,
    Block,
    CompressedSparseAttention,
    GroupedQueryAttention,
    Indexer,
    LatentAttention,
    LinearAttentionBlock,
    Mixer,
    StateSpace,
)
from assay.llm.layout import Layout
from assay.llm.parameters import layer_matrices, layer_vectors, stream_head_parameters, stream_matrices
from assay.llm.precision import KV_BYTES, Precision
from assay.llm.weights import Matrix, ffn_matrices, local_kv_heads, mixer_matrices, part_bytes

INDEX_KEY_BYTES = 132.0 / 128.0
"""A cached index key is fp8 with an fp32 scale for every 128 of them."""


def weight_bytes(architecture: Architecture, precision: Precision) -> float:
    """Return the bytes of the whole checkpoint: layers, embedding, head, vision tower and MTP layers.

    Scales of block formats count with their weights, norms and biases with 2 bytes, embeddings and vision with 2.
    The file is larger by its headers and by the fp32 storage of a few vectors: below 0.01 %.
    """
    table = architecture.vocab * architecture.hidden
    head = 0.0 if architecture.tied_embeddings else table * part_bytes(precision, "head")
    layers = sum(block.count * _layer_bytes(architecture, block, precision) for block in architecture.blocks)
    ends = 2.0 * table + head + _final_bytes(architecture)
    return ends + layers + 2.0 * architecture.vision_parameters + mtp_bytes(architecture, precision)


def mtp_bytes(architecture: Architecture, precision: Precision) -> float:
    """Return the bytes of the multi-token-prediction layers in the checkpoint, repeated embeddings included."""
    block, hidden = architecture.mtp_block, architecture.hidden
    if block is None:
        return 0.0
    precision = precision if architecture.mtp_quantised else Precision()
    repeated = 4.0 * architecture.vocab * hidden if architecture.mtp_embeddings else 0.0
    joining = 2.0 * (2 * hidden**2 + 3 * hidden)
    return architecture.mtp_layers * (_layer_bytes(architecture, block, precision) + joining + repeated)


def weight_bytes_by_part(architecture: Architecture, precision: Precision) -> dict[str, float]:
    """Return the bytes of the checkpoint by part; they sum to `weight_bytes`."""
    table = architecture.vocab * architecture.hidden
    parts: dict[str, float] = {"embedding": 2.0 * table}
    if not architecture.tied_embeddings:
        parts["head"] = table * part_bytes(precision, "head")
    for block in architecture.blocks:
        for matrix in layer_matrices(architecture, block):
            size = block.count * float(matrix.weights) * part_bytes(precision, matrix.part)
            parts[matrix.part] = parts.get(matrix.part, 0.0) + size
        vectors = 2.0 * block.count * layer_vectors(architecture, block)
        parts["vectors"] = parts.get("vectors", _final_bytes(architecture)) + vectors
    parts["mtp"] = mtp_bytes(architecture, precision)
    parts["vision"] = 2.0 * architecture.vision_parameters
    return {part: size for part, size in parts.items() if size}


def weight_bytes_per_chip(architecture: Architecture, layout: Layout, precision: Precision) -> Number:
    """Return the bytes of weights on the fullest chip of a layout, MTP layers not loaded.

    Attention over tp, routed experts over the chips of a stage, dense FFN over `dense_split`, embedding and head over
    tp; norms, routers and the down projections of MLA on every chip. Stages hold whole layers, as equal in number as
    possible; the first holds the embedding, the last the head.
    """
    hidden, tp, pp = architecture.hidden, layout.tp, np.asarray(layout.pp, dtype=float)
    layers: Number = 0.0
    for mixer, count in architecture.mixers.items():
        layers = layers + count * _bytes(mixer_matrices(mixer, hidden, tp), precision)
    for ffn, count in architecture.ffns.items():
        layers = layers + count * _bytes(ffn_matrices(ffn, hidden, layout), precision)
    for block in architecture.blocks:
        vectors = 2.0 * layer_vectors(architecture, block)
        layers = layers + block.count * (vectors + _bytes(stream_matrices(architecture), precision))
    share = np.ceil(architecture.layers / pp) / architecture.layers
    table = architecture.vocab * hidden / np.asarray(tp, dtype=float)
    embedding, head = 2.0 * table, table * part_bytes(precision, "head")
    first = embedding + 2.0 * architecture.vision_parameters / np.asarray(tp, dtype=float)
    last = head + _final_bytes(architecture)
    one_stage = first + last - (head if architecture.tied_embeddings else 0.0)
    return layers * share + np.where(pp == 1, one_stage, np.maximum(first, last))


def kv_bytes_per_chip(architecture: Architecture, tokens: Number, layout: Layout, precision: Precision) -> Number:
    """Return the bytes of cache that a sequence of `tokens` tokens takes on each chip of its attention rank.

    KV heads are split over tp but never below one a chip; a latent cache (MLA) is on every chip; a window bounds its
    layers; states of linear attention do not grow. Pipeline stages share the layers evenly.
    """
    total: Number = 0.0
    for mixer, count in architecture.mixers.items():
        cache = _cache(mixer, layout.tp, KV_BYTES[precision.kv])
        total = total + count * cache.bytes(tokens)
    return np.divide(total, layout.pp)


def kv_bytes_per_token(architecture: Architecture, precision: Precision) -> float:
    """Return the bytes that one more token adds to the cache of a long sequence, over all layers."""
    kv = KV_BYTES[precision.kv]
    return float(sum(count * _cache(mixer, 1, kv).per_token for mixer, count in architecture.mixers.items()))


def state_bytes_per_sequence(architecture: Architecture, precision: Precision) -> float:
    """Return the bytes of a long sequence that do not grow: full windows, states and convolution inputs."""
    kv = KV_BYTES[precision.kv]
    caches = ((count, _cache(mixer, 1, kv)) for mixer, count in architecture.mixers.items())
    return float(sum(count * (cache.window * cache.per_window_token + cache.state) for count, cache in caches))


@dataclass(frozen=True, slots=True)
class _Cache:
    """What one layer keeps of a sequence on one chip."""

    per_token: Number = 0.0
    window: float = 0.0
    per_window_token: Number = 0.0
    state: Number = 0.0

    def bytes(self, tokens: Number) -> Number:
        """Bytes for a sequence of `tokens` tokens."""
        return (
            np.multiply(self.per_token, tokens) + self.per_window_token * np.minimum(tokens, self.window) + self.state
        )


def _cache(mixer: Mixer, tp: Number, kv_bytes: float) -> _Cache:
    match mixer:
        case GroupedQueryAttention():
            width = local_kv_heads(mixer.kv_heads, tp) * (mixer.head_dim + mixer.v_head_dim)
            if mixer.block_indexer is not None:
                width = width + local_kv_heads(mixer.block_indexer.heads, tp) * mixer.block_indexer.head_dim
            if mixer.window is not None:
                return _Cache(window=mixer.window, per_window_token=kv_bytes * width)
            return _Cache(per_token=kv_bytes * width)
        case LatentAttention():
            return _Cache(per_token=kv_bytes * (mixer.kv_rank + mixer.rope_dim) + _index_bytes(mixer.indexer))
        case CompressedSparseAttention():
            entry = kv_bytes * mixer.head_dim + _index_bytes(mixer.indexer)
            return _Cache(entry / mixer.ratio if mixer.ratio else 0.0, mixer.window, kv_bytes * mixer.head_dim)
        case LinearAttentionBlock():
            channels = 2.0 * mixer.key_heads * mixer.key_dim + mixer.value_heads * mixer.value_dim
            conv = 2.0 * channels * max(mixer.conv_width - 1, 0)
            state = 4.0 * mixer.value_heads * mixer.key_dim * mixer.value_dim
            return _Cache(state=np.divide(state + conv, tp))
        case StateSpace():
            inner = mixer.heads * mixer.head_dim
            groups = np.maximum(np.divide(mixer.groups, tp), 1.0)
            local_channels = np.divide(inner, tp) + 2.0 * groups * mixer.state
            state_bytes = np.divide(4.0 * inner * mixer.state, tp)
            return _Cache(state=state_bytes + 2.0 * local_channels * (mixer.conv_width - 1))


def _index_bytes(indexer: Indexer | None) -> float:
    return 0.0 if indexer is None or indexer.shared else indexer.head_dim * INDEX_KEY_BYTES


def _final_bytes(architecture: Architecture) -> float:
    """Return the bytes of the last norm, and of what joins residual streams before it, kept in fp32."""
    return 2.0 * architecture.hidden + 4.0 * stream_head_parameters(architecture)


def _layer_bytes(architecture: Architecture, block: Block, precision: Precision) -> float:
    matrices = float(_bytes(layer_matrices(architecture, block), precision))
    return matrices + 2.0 * layer_vectors(architecture, block)


def _bytes(matrices: Iterable[Matrix], precision: Precision) -> Number:
    total: Number = 0.0
    for matrix in matrices:
        total = total + np.multiply(matrix.weights, part_bytes(precision, matrix.part))
    return total
