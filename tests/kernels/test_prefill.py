import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.array import Number
from assay.kernels import prefill
from assay.kernels.coefficients import shipped
from assay.kernels.prefill import Heads, Span
from assay.kernels.silicon import Silicon

from .machines import H20, H100, H200, chips

PUBLISHED = [(H20, 4867.3), (H100, 1095.2), (H200, 1090.6)]  # one prompt of 8,192, 32/8 heads of 128, fa3: us


@pytest.mark.parametrize(("silicon", "expected_us"), PUBLISHED)
def test_published_times(silicon: Silicon, expected_us: float) -> None:
    theta = shipped().theta("prefill_attention_bf16", "hopper", "fa3")
    price = prefill.time(1, Span(8192), Heads(32, 8, 128), 2, silicon.peak("bf16"), theta, silicon)
    assert price.seconds * 1e6 == pytest.approx(expected_us, rel=0.001)


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
