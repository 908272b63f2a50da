"""Sparse attention, hyper-connections, absorbed BMMs: kernels of the one law, work as their operators count it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

import numpy as np

from assay.kernels import hyper, single, sparse
from assay.kernels.coefficients import Theta
from assay.kernels.fit.families.family import US, FamilyFit, priors
from assay.kernels.fit.rows import Column, Rows
from assay.kernels.fit.tables import Rule, Table, read
from assay.kernels.silicon import Silicon
from assay.llm.operator import HyperConnection, IndexerLogits, LatentBmm, SparseLatentAttention, TopK
from assay.llm.precision import KvFormat

_SPAN = ("batch_size", "isl", "step")
LOGITS: Final = Table("sparse_attention", "glm5_mqa_logits_module_perf", _SPAN)
PAGED: Final = Table("sparse_attention", "dsv4_paged_mqa_logits_module_perf", _SPAN)
TOP_K: Final = Table("sparse_attention", "glm5_topk_module_perf", (*_SPAN, "score_mode"))
ATTENTION: Final = Table("sparse_attention", "glm5_dsa_attn_module_perf", _SPAN)
HYPER: Final = Table("mhc", "mhc_module_perf", ("op_name", "kernel_source", "num_tokens", "hidden_size"))
BMM: Final = Table(
    "mla_bmm",
    "mla_bmm_perf",
    ("op_name", "kernel_source", "bmm_dtype", "num_tokens", "num_heads"),
    (
        Rule("older than the rest", chip="l40s", framework="trtllm", versions=frozenset({"1.0.0"})),
        Rule("on one chip only", framework="vllm", versions=frozenset({"0.27.0"})),
    ),
)

INDEX_HEADS: Final = {"indexer_logits": 32.0, "indexer_logits_paged": 64.0}
"""GLM-5 and DeepSeek-V4; the table of GLM-5 prints its attention heads instead."""
COMPRESSION: Final = 4.0
"""Tokens behind a key of the paged indexer."""
CHOSEN: Final = 2048.0
HEADS: Final = 64.0
STREAMS: Final = 4.0

PRIORS: Final = priors(
    e=(0.7, 0.3),
    phi=(64.0, 1.0),
    eta=(0.8, 0.2),
    t0=(5 * US, 1.0),
    ts=(0.3 * US, 1.5),
    p=(2.0, 0.5),
    kap=(0.5, 0.7),
)
"""Of every kernel of the one law."""
BY_GENERATION: Final = ("e", "eta", "t0")
BY_SOFTWARE: Final = ("e", "phi", "eta", "t0", "ts")


def seconds(work: single.Work, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of kernels of the one law as a benchmark times them."""
    return np.asarray(single.time(work, theta, chip_, warm=True).seconds)


def mean_keys(rows: Rows) -> Column:
    """Keys that a query of `isl` new tokens behind `step` cached ones sees, mean over the queries."""
    keys: Column = rows.shapes["step"] + (rows.shapes["isl"] + 1.0) / 2.0
    return keys


def logits_predict(name: str, rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of indexer scores."""
    paged = name == "indexer_logits_paged"
    operator = IndexerLogits(
        role="",
        batch=rows.shapes["batch_size"],
        new_tokens=rows.shapes["isl"],
        kv_tokens=mean_keys(rows) / (COMPRESSION if paged else 1.0),
        heads=INDEX_HEADS[name],
        head_dim=128.0,
        paged=paged,
    )
    return seconds(sparse.logits_work(operator), theta, chip_)


def top_k_rows() -> Iterable[Rows]:
    """Yield top-k rows by kind of scores; rows of up to 2,048 keys, where nothing ran, have no time."""
    for rows in read(TOP_K):
        for mode, some in rows.split_by("score_mode"):
            yield some.of(mode)


def top_k_predict(rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of top-k rows."""
    queries = rows.shapes["batch_size"] * rows.shapes["isl"]
    work = sparse.top_k_work(TopK(role="", queries=queries, candidates=mean_keys(rows), k=CHOSEN))
    return seconds(work, theta, chip_)


def attention_predict(rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of attention on chosen tokens."""
    operator = SparseLatentAttention(
        role="",
        batch=rows.shapes["batch_size"],
        queries=rows.shapes["isl"],
        kv_tokens=rows.shapes["step"] + rows.shapes["isl"],
        heads=HEADS,
        top_k=CHOSEN,
        phase="prefill",
    )
    padded = sparse.PADDED_HEADS.get(chip_.generation, sparse.HEADS_PER_CTA)
    return seconds(sparse.attention_work(operator, padded), theta, chip_)


def hyper_rows() -> Iterable[Rows]:
    """Yield hyper-connections by framework and site. Left out: SGLang's fallback to plain PyTorch, on one chip."""
    for rows in read(HYPER):
        for site, some in rows.split_by("op_name"):
            native = some.where(some.shapes["kernel_source"] != "sglang_torch_mhc_pre")
            if len(native):
                yield native.of(f"{rows.framework}_{site}")


def hyper_predict(rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of hyper-connections."""
    operator = HyperConnection(
        role="",
        tokens=rows.shapes["num_tokens"],
        hidden=rows.shapes["hidden_size"],
        streams=STREAMS,
        site="pre" if rows.kernel.endswith("_pre") else "post",
    )
    return seconds(hyper.work(operator), theta, chip_)


def bmm_rows() -> Iterable[Rows]:
    """Yield absorbed projections by framework and format, the query side and the value side apart."""
    for rows in read(BMM):
        for format_, some in rows.split_by("bmm_dtype"):
            for source, these in some.split_by("kernel_source"):
                name = "bf16" if format_ == "bfloat16" else format_
                yield these.of(sparse.bmm_class(rows.framework, name, dequantised="dequant" in source))


def bmm_predict(rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of absorbed projections."""
    found = np.zeros(np.broadcast_shapes(np.shape(theta.t0), (1, len(rows))))
    format_: KvFormat = "bf16" if rows.kernel.endswith("_bf") else "fp8"
    for first, name in ((True, "mla_gen_pre"), (False, "mla_gen_post")):
        mine = rows.shapes["op_name"] == name
        operator = LatentBmm(
            role="",
            tokens=rows.shapes["num_tokens"][mine],
            heads=rows.shapes["num_heads"][mine],
            k=128.0 if first else 512.0,
            n=512.0 if first else 128.0,
            format=format_,
            first=first,
        )
        found[:, mine] = seconds(sparse.bmm_work(operator), theta, chip_)
    return found if np.ndim(theta.t0) else found[0]


def _one_law(
    name: str, file: str, what: str, rows: Callable[[], Iterable[Rows]], predict: Callable[..., Column], axis: str
) -> FamilyFit:
    return FamilyFit(
        name, file, what, rows, predict, PRIORS, BY_GENERATION, BY_SOFTWARE if axis else (), software_axis=axis
    )


FAMILIES: Final = (
    _one_law("mla_bmm", "latent", "absorbed projections of MLA decode", bmm_rows, bmm_predict, "framework and format"),
    *(
        _one_law(name, "sparse", what, partial(read, table), partial(logits_predict, name), axis)
        for name, what, table, axis in (
            ("indexer_logits", "indexer scores, prefill", LOGITS, ""),
            ("indexer_logits_paged", "indexer scores, paged", PAGED, "framework"),
        )
    ),
    _one_law("top_k", "sparse", "top-k 2048", top_k_rows, top_k_predict, "scores: flat, or top_last (ordered)"),
    _one_law("sparse_mla", "sparse", "sparse MLA attention", partial(read, ATTENTION), attention_predict, ""),
    _one_law("mhc", "sparse", "hyper-connections", hyper_rows, hyper_predict, "framework and site"),
)
