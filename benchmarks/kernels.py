"""Kernel predictions per second on one core, large and at the size of a search. Run: python -m benchmarks.kernels."""

from collections.abc import Callable
from time import perf_counter

import numpy as np

from assay.catalogue.chip import chip
from assay.catalogue.node import node_of
from assay.core.array import Number
from assay.kernels.cost import cost
from assay.kernels.silicon import silicon
from assay.kernels.software import Software
from assay.llm import operator as op

RUNS = 7
LARGE, SEARCH = 200_000, 2_000
"""Points of a batch: one that fills caches, and one operator of one chip in a search."""
BARS_PER_S = {"GEMM": 1e6}

SOFTWARE = Software("sglang", "fa3", "trtllm_bf", "flash_attention", {"fp8_block": "triton"}, "sglang")


def operators(points: int) -> dict[str, op.Operator]:
    """Return operators with `points` random shapes each."""
    random = np.random.default_rng(0)

    def draw(low: int, high: int) -> Number:
        return random.integers(low, high, points).astype(float)

    batch, tokens, widths = draw(1, 512), draw(1, 16384), draw(64, 16384)
    return {
        "GEMM": op.Gemm(role="", m=tokens, n=widths, k=draw(64, 16384), format="fp8_block"),
        "prefill attention": op.PrefillAttention(
            role="", batch=batch, new_tokens=tokens, heads=32.0, kv_heads=8.0, head_dim=128.0
        ),
        "decode attention": op.DecodeAttention(
            role="", batch=batch, kv_tokens=tokens, heads=32.0, kv_heads=8.0, head_dim=128.0
        ),
        "MLA decode": op.LatentDecodeAttention(
            role="", batch=batch, kv_tokens=tokens, heads=128.0, kv_rank=512.0, rope_dim=64.0
        ),
        "experts": op.Moe(
            role="",
            tokens=tokens,
            pairs=tokens * 8,
            active_experts=draw(1, 256),
            local_experts=256.0,
            hidden=7168.0,
            intermediate=2048.0,
            format="fp8_block",
        ),
        "all-reduce": op.Collective(role="", kind="all_reduce", message_bytes=tokens * 14336, ranks=draw(1, 16)),
        "expert all-to-all": op.ExpertAllToAll(
            role="", phase="dispatch", mode="normal", tokens=tokens, hidden=7168.0, top_k=8.0, ranks=draw(1, 64)
        ),
        "element-wise": op.Elementwise(role="", traffic_bytes=tokens * 1e4, launches=4.0),
    }


def best_s(call: Callable[[], object]) -> float:
    """Return the shortest of several runs."""
    times = []
    for _ in range(RUNS):
        start = perf_counter()
        call()
        times.append(perf_counter() - start)
    return min(times)


def main() -> None:
    """Print predictions per second in batches of 200,000, and milliseconds for 2,000 points."""
    h200 = silicon(chip("h200-sxm"), node_of("h200-sxm"))
    searched = operators(SEARCH)
    print(f"{'kernel':<20} {'M/s':>6} {'bar':>5} {'ms for 2,000':>14}")
    for name, operator in operators(LARGE).items():
        rate = LARGE / best_s(lambda operator=operator: cost(operator, h200, SOFTWARE))
        small_s = best_s(lambda operator=searched[name]: cost(operator, h200, SOFTWARE))
        bar = BARS_PER_S.get(name)
        verdict = "" if bar is None else ("ok" if rate >= bar else "MISSED")
        print(f"{name:<20} {rate / 1e6:6.2f} {'' if bar is None else bar / 1e6:>5} {small_s * 1e3:14.2f}  {verdict}")


if __name__ == "__main__":
    main()
