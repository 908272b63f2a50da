import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.array import Number
from assay.kernels import prefill
from assay.kernels.coefficients import shipped
from assay.kernels.prefill import Heads, Span
from assay.kernels.silicon import Silicon

from .machines import A100, H200, chips

spans = st.builds(
    Span, new=st.integers(1, 3000), cached=st.integers(0, 3000), window=st.none() | st.integers(1, 4000).map(float)
)


@given(spans)
def test_pairs_are_those_of_a_loop_over_queries(span: Span) -> None:
    window = span.window or np.inf
    assert span.pairs == sum(min(span.cached + i, window) for i in range(1, span.new + 1))


@given(spans)
def test_padded_pairs_are_those_of_a_loop_over_tiles(span: Span) -> None:
    tile = min(max(2 ** int(np.ceil(np.log2(span.new))), 16), 128)
    tiles = int(np.ceil(span.new / tile))
    cached = int(np.ceil(span.cached / tile)) * tile
    window = np.inf if span.window is None else np.ceil(span.window / tile) * tile + tile
    assert span.padded_pairs == sum(tile * min(cached + j * tile, window) for j in range(1, tiles + 1))
    assert span.padded_pairs >= span.pairs


@given(st.integers(1, 8), st.integers(1, 64), st.integers(1, 64), chips)
def test_a_cached_prefix_of_whole_tiles_costs_less_than_computing_it(
    batch: int, heads: int, tiles: int, silicon: Silicon
) -> None:
    half = 128 * tiles
    theta = shipped().bounded("prefill_attention_bf16", silicon.generation, "fa3")

    def seconds(span: Span) -> Number:
        return prefill.time(batch, span, Heads(heads, heads, 128), 2, silicon.peak("bf16"), theta, silicon).seconds

    assert seconds(Span(half)) <= seconds(Span(half, half)) <= seconds(Span(2 * half)) * (1 + 1e-9)


def test_a_window_makes_long_prompts_linear() -> None:
    theta = shipped().bounded("prefill_attention_bf16", "hopper", "fa3")

    def seconds(tokens: int) -> Number:
        span = Span(tokens, window=128.0)
        return prefill.time(4, span, Heads(64, 8, 64), 2, H200.peak("bf16"), theta, H200).variable_s

    assert seconds(32768) == pytest.approx(2 * seconds(16384), rel=0.05)


def test_packed_heads_fill_a_tile_that_one_head_would_pad() -> None:
    theta = shipped().bounded("prefill_attention_bf16", "hopper", "fa3")

    def seconds(tokens: int, packed: bool) -> Number:
        heads = Heads(64, 8, 128)
        return prefill.time(64, Span(tokens), heads, 2, H200.peak("bf16"), theta, H200, packed=packed).variable_s

    assert seconds(16, packed=True) < seconds(16, packed=False) / 2
    assert seconds(4096, packed=True) == pytest.approx(seconds(4096, packed=False), rel=0.01)


def test_a_chip_that_issues_mma_sync_spends_more_energy() -> None:
    theta = shipped().bounded("prefill_attention_bf16", "ampere", "fa2")
    assert theta.efm > 2 * theta.ef

    def seconds(efm: float) -> Number:
        changed = theta.replace(efm=efm)
        return prefill.time(1, Span(16384), Heads(32, 8, 128), 2, A100.peak("bf16"), changed, A100).seconds

    assert seconds(2 * theta.efm) > seconds(theta.efm)
