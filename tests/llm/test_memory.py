"""Bytes of weights and cache: known values, and what must hold for every model and layout."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.llm.architecture import MoeFfn
from assay.llm.layout import Layout
from assay.llm.memory import (
    kv_bytes_per_chip,
    kv_bytes_per_token,
    mtp_bytes,
    state_bytes_per_sequence,
    weight_bytes,
    weight_bytes_by_part,
    weight_bytes_per_chip,
)
from assay.llm.parameters import parameters
from assay.llm.precision import Precision
from tests.llm.configs import NAMES, read

BF16 = Precision()
LATENT_EXACT = 61 * (512 + 64) * 2


@pytest.mark.parametrize(
    ("name", "per_token"),
    [
        ("deepseek-ai__DeepSeek-R1", LATENT_EXACT),
        ("moonshotai__Kimi-K2-Instruct", LATENT_EXACT),
        ("deepseek-ai__DeepSeek-V3.2", LATENT_EXACT + 61 * 132),  # and fp8 index keys with their scales
        ("Qwen__Qwen3-32B.json", 64 * 2 * 8 * 128 * 2),
        ("meta-llama__Meta-Llama-3.1-70B", 80 * 2 * 8 * 128 * 2),
        ("Qwen__Qwen3-235B-A22B.json", 94 * 2 * 4 * 128 * 2),
        ("openai__gpt-oss-120b", 18 * 2 * 8 * 64 * 2),  # the windowed half does not grow
        ("XiaomiMiMo__MiMo-V2-Flash", 9 * 4 * (192 + 128) * 2),
        ("Qwen__Qwen3-Next-80B", 12 * 2 * 2 * 256 * 2),
        ("moonshotai__Kimi-K3", 24 * 576 * 2),
        ("nvidia__NVIDIA-Nemotron-3-Nano", 6 * 2 * 2 * 128 * 2),
    ],
)
def test_cache_per_token_is_exact(name: str, per_token: int) -> None:
    assert kv_bytes_per_token(read(name), BF16) == per_token


def test_state_of_a_delta_net_is_exact() -> None:
    state = 32 * 128 * 128 * 4
    conv = (2 * 16 * 128 + 32 * 128) * 3 * 2
    assert state_bytes_per_sequence(read("Qwen__Qwen3-Next-80B"), BF16) == 36 * (state + conv)


@pytest.mark.parametrize(
    ("name", "stored"),
    [  # total_size in the safetensors index of the repository
        ("deepseek-ai__DeepSeek-V3.json", 688_586_727_753),
        ("Qwen__Qwen3-8B", 16_381_470_720),
        ("meta-llama__Meta-Llama-3.1-8B", 16_060_522_496),
        ("meta-llama__Meta-Llama-3.1-70B", 141_107_412_992),
    ],
)
def test_checkpoint_is_exact(name: str, stored: int) -> None:
    """The DeepSeek checkpoint holds its MTP layer, with embedding and head once more: 14B parameters."""
    found = read(name)
    assert weight_bytes(found, found.native) == pytest.approx(stored, rel=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_sixteen_bit_weights_are_two_bytes_each(name: str) -> None:
    found = read(name)
    if found.residual_streams > 1:
        return  # the matrices that mix residual streams are kept in fp32
    count = parameters(found)
    extra = mtp_bytes(found, BF16)
    assert weight_bytes(found, BF16) - extra == pytest.approx(2 * count.total, rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_parts_sum_to_the_checkpoint(name: str) -> None:
    found = read(name)
    parts = weight_bytes_by_part(found, found.native)
    assert sum(parts.values()) == pytest.approx(weight_bytes(found, found.native), rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_one_chip_holds_the_model(name: str) -> None:
    found = read(name)
    whole = weight_bytes(found, found.native) - mtp_bytes(found, found.native)
    assert float(weight_bytes_per_chip(found, Layout(), found.native)) == pytest.approx(whole, rel=1e-12)


@given(name=st.sampled_from(NAMES), tp=st.sampled_from([2, 4, 8]), wide=st.booleans())
def test_chips_of_a_layout_hold_the_model_and_no_less(name: str, tp: int, wide: bool) -> None:
    found = read(name)
    layout = Layout(tp=1 if wide else tp, dp=tp if wide else 1, ep=tp if wide else 1)
    whole = float(weight_bytes_per_chip(found, Layout(), found.native))
    chip = float(weight_bytes_per_chip(found, layout, found.native))
    assert whole * (1 - 1e-9) <= chip * tp
    assert chip < whole


@given(name=st.sampled_from(NAMES), pp=st.sampled_from([2, 4, 8]))
def test_stages_share_the_layers(name: str, pp: int) -> None:
    found = read(name)
    whole = float(weight_bytes_per_chip(found, Layout(), found.native))
    chip = float(weight_bytes_per_chip(found, Layout(pp=pp), found.native))
    assert whole / pp * (1 - 1e-9) <= chip < whole


@given(name=st.sampled_from(NAMES), tokens=st.floats(1, 2**20), tp=st.sampled_from([1, 2, 8, 16, 64]))
def test_cache_of_a_rank_is_at_least_its_share(name: str, tokens: float, tp: int) -> None:
    found = read(name)
    whole = float(kv_bytes_per_chip(found, tokens, Layout(), BF16))
    chip = float(kv_bytes_per_chip(found, tokens, Layout(tp=tp), BF16))
    assert whole / tp * (1 - 1e-9) <= chip <= whole * (1 + 1e-9)


@given(name=st.sampled_from(NAMES), tokens=st.floats(2**18, 2**20))
def test_long_caches_grow_by_the_slope(name: str, tokens: float) -> None:
    found = read(name)
    expected = tokens * kv_bytes_per_token(found, BF16) + state_bytes_per_sequence(found, BF16)
    assert float(kv_bytes_per_chip(found, tokens, Layout(), BF16)) == pytest.approx(expected, rel=1e-9)


def test_narrow_cache_halves_what_is_not_a_state_or_an_index() -> None:
    found = read("Qwen__Qwen3-32B.json")
    assert kv_bytes_per_token(found, BF16.with_kv("fp8")) == kv_bytes_per_token(found, BF16) / 2


def test_layouts_and_lengths_broadcast() -> None:
    found = read("deepseek-ai__DeepSeek-R1")
    tp, dp = np.array([[1], [8], [1]]), np.array([[1], [1], [8]])
    layouts = Layout(tp=tp, dp=dp, ep=tp * dp)
    tokens = np.array([1.0, 4096.0])
    sizes = np.broadcast_to(kv_bytes_per_chip(found, tokens, layouts, BF16), (3, 2))
    weights = np.broadcast_to(weight_bytes_per_chip(found, layouts, BF16), (3, 1))
    for row, column in np.ndindex(3, 2):
        one = Layout(tp=int(tp[row, 0]), dp=int(dp[row, 0]), ep=int(tp[row, 0] * dp[row, 0]))
        assert sizes[row, column] == pytest.approx(float(kv_bytes_per_chip(found, tokens[column], one, BF16)))
        assert weights[row, 0] == pytest.approx(float(weight_bytes_per_chip(found, one, BF16)))


def test_experts_are_split_and_latents_are_not() -> None:
    found = read("deepseek-ai__DeepSeek-R1")
    assert any(isinstance(ffn, MoeFfn) for ffn in found.ffns)
    wide = weight_bytes_per_chip(found, Layout(dp=8, ep=8), found.native)
    narrow = weight_bytes_per_chip(found, Layout(dp=64, ep=64), found.native)
    assert float(narrow) < float(wide) / 2
    cache = [float(kv_bytes_per_chip(found, 4096, Layout(tp=tp), BF16)) for tp in (1, 8)]
    assert cache[0] == cache[1]
