"""config.json to Architecture: what is read, what is refused, and that garbage never becomes a traceback."""

import json
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.errors import BadData, Unsupported
from assay.llm.architecture import (
    CompressedSparseAttention,
    DenseFfn,
    GroupedQueryAttention,
    LatentAttention,
    LinearAttentionBlock,
    MoeFfn,
    StateSpace,
)
from assay.llm.config import architecture
from assay.llm.description import describe
from assay.llm.model import Model
from tests.llm.configs import NAMES, config, read, text


@pytest.mark.parametrize("name", NAMES)
def test_every_config_is_read(name: str) -> None:
    found = read(name)
    assert found.layers == sum(block.count for block in found.blocks)
    assert found.mixers.total() <= found.layers
    assert found.ffns.total() <= found.layers
    assert "read as a plain decoder" not in " ".join(found.assumptions)


def test_latent_attention_with_leading_dense_layers() -> None:
    found = read("deepseek-ai__DeepSeek-R1")
    mixer = LatentAttention(heads=128, q_rank=1536, kv_rank=512, nope_dim=128, rope_dim=64, v_dim=128)
    assert found.mixers == Counter({mixer: 61})
    assert sorted((type(ffn).__name__, count) for ffn, count in found.ffns.items()) == [("DenseFfn", 3), ("MoeFfn", 58)]
    assert found.mtp_layers == 1
    assert found.mtp_embeddings


@pytest.mark.parametrize(
    ("name", "window", "windowed", "full"),
    [
        ("openai__gpt-oss-120b", 128, 18, 18),
        ("google__gemma-4-26B-A4B", 1024, 25, 5),
        ("XiaomiMiMo__MiMo-V2-Flash", 128, 39, 9),
        ("stepfun-ai__Step-3.7-Flash.json", 512, 33, 12),
        ("meta-llama__Llama-4-Scout", 8192, 36, 12),
        ("Qwen__Qwen2.5-32B", None, 0, 64),  # a window is stated and switched off
    ],
)
def test_windowed_layers(name: str, window: int | None, windowed: int, full: int) -> None:
    windows: Counter[int | None] = Counter()
    for mixer, count in read(name).mixers.items():
        assert isinstance(mixer, GroupedQueryAttention)
        windows[mixer.window] += count
    assert windows[None] == full
    assert windowed == (windows[window] if window else 0)


@pytest.mark.parametrize(
    ("name", "kind", "linear", "other"),
    [
        ("Qwen__Qwen3-Next-80B", "gdn", 36, 12),
        ("Qwen__Qwen3.5-397B", "gdn", 45, 15),
        ("moonshotai__Kimi-K3", "kda", 69, 24),
        ("MiniMaxAI__MiniMax-M1", "lightning", 70, 10),
    ],
)
def test_linear_attention_hybrids(name: str, kind: str, linear: int, other: int) -> None:
    kinds: Counter[str] = Counter()
    for mixer, count in read(name).mixers.items():
        kinds[mixer.kind if isinstance(mixer, LinearAttentionBlock) else "softmax"] += count
    assert kinds == {kind: linear, "softmax": other}


def test_sparse_attention_shares_indexers() -> None:
    shared: Counter[bool] = Counter()
    for mixer, count in read("zai-org__GLM-5.2.json").mixers.items():
        assert isinstance(mixer, LatentAttention)
        assert mixer.indexer is not None
        shared[mixer.indexer.shared] += count
    assert shared == {False: 21, True: 57}


def test_compressed_attention_by_layer() -> None:
    found = read("deepseek-ai__DeepSeek-V4-Flash")
    ratios: Counter[tuple[int, bool]] = Counter()
    for mixer, count in found.mixers.items():
        assert isinstance(mixer, CompressedSparseAttention)
        ratios[mixer.ratio, mixer.indexer is not None] += count
    assert ratios == {(0, False): 2, (4, True): 21, (128, False): 20}
    assert found.residual_streams == 4
    assert found.mtp_block is not None
    assert isinstance(found.mtp_block.mixer, CompressedSparseAttention)
    assert found.mtp_block.mixer.ratio == 0


def test_block_sparse_attention_after_three_dense_layers() -> None:
    found = read("MiniMaxAI__MiniMax-M3")
    sparse = {
        mixer.block_indexer is not None: count
        for mixer, count in found.mixers.items()
        if isinstance(mixer, GroupedQueryAttention)
    }
    assert sparse == {False: 3, True: 57}


def test_state_space_hybrid_has_one_part_a_layer() -> None:
    found = read("nvidia__NVIDIA-Nemotron-3-Nano")
    assert all((block.mixer is None) != (block.ffn is None) for block in found.blocks)
    kinds = {type(mixer): count for mixer, count in found.mixers.items()}
    assert kinds == {StateSpace: 23, GroupedQueryAttention: 6}
    assert found.ffns.total() == 23


def test_searched_architecture_drops_attention() -> None:
    found = read("nvidia__Llama-3_3-Nemotron-Super-49B")
    assert found.layers == 80
    assert found.mixers.total() == 49
    widths = {ffn.intermediate for ffn in found.ffns if isinstance(ffn, DenseFfn)}
    assert 28672 in widths


def test_interleaved_experts_and_wide_dense_layers() -> None:
    ffns = {type(ffn): (ffn, count) for ffn, count in read("meta-llama__Llama-4-Maverick").ffns.items()}
    assert ffns[DenseFfn] == (DenseFfn(16384), 24)
    moe, count = ffns[MoeFfn]
    assert isinstance(moe, MoeFfn)
    assert (moe.experts, moe.shared_intermediate, count) == (128, 8192, 24)


def test_latent_experts() -> None:
    (moe,) = (ffn for ffn in read("moonshotai__Kimi-K3").ffns if isinstance(ffn, MoeFfn))
    assert (moe.latent, moe.shared_intermediate) == (3584, 2 * 3072)


def test_unknown_family_is_read_as_a_plain_decoder_and_says_so() -> None:
    content = config("Qwen__Qwen3-8B") | {"model_type": "novel"}
    found = architecture(content, "novel", "novel.json")
    assert any("'novel'" in note for note in found.assumptions)
    assert found.layers == 36


def test_all_faults_are_named_at_once() -> None:
    content = config("deepseek-ai__DeepSeek-R1")
    del content["num_hidden_layers"], content["v_head_dim"]
    content |= {"hidden_size": "wide", "n_routed_experts": -1, "num_experts_per_tok": True}
    with pytest.raises(BadData) as caught:
        architecture(content, "broken", "broken.json")
    keys = {fault.key for fault in caught.value.faults}
    assert keys == {"num_hidden_layers", "v_head_dim", "hidden_size", "n_routed_experts", "num_experts_per_tok"}
    assert all(fault.file == "broken.json" for fault in caught.value.faults)


def test_a_fault_in_a_wrapper_names_the_inner_key() -> None:
    content = config("Qwen__Qwen3-VL-8B")
    content["text_config"]["hidden_size"] = 0
    content["vision_config"]["depth"] = None
    with pytest.raises(BadData) as caught:
        architecture(content, "broken", "broken.json")
    assert {fault.key for fault in caught.value.faults} >= {"text_config.hidden_size", "vision_config.depth"}


@pytest.mark.parametrize("content", [{}, {"model_type": "clip"}, {"text_config": {"model_type": "t5"}}])
def test_what_is_no_decoder_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises((Unsupported, BadData)):
        architecture(content, "none", "none.json")


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("layer_types", ["full_attention"] * 3, "one entry for each of the 36 layers"),
        ("layer_types", ["mystery"] * 36, "unknown type of layer 'mystery'"),
        ("num_key_value_heads", 4096, "must not exceed"),
        ("num_hidden_layers", 10**9, "must lie between"),
    ],
)
def test_contradictions_are_explained(key: str, value: object, problem: str) -> None:
    content = config("Qwen__Qwen3-8B") | {"sliding_window": 128, "use_sliding_window": True, key: value}
    with pytest.raises(BadData, match=problem):
        architecture(content, "broken", "broken.json")


GARBAGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([10**6, 2**24, 10**9, 2**63, -(10**30), 10**400]),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["", "re:(", "*", "[", "fp8", "M*E-", "full_attention"]),
    st.lists(st.one_of(st.integers(-2, 200), st.text(max_size=3), st.none()), max_size=4),
    st.dictionaries(
        st.text(max_size=4), st.one_of(st.integers(), st.text(max_size=3), st.lists(st.integers())), max_size=3
    ),
)


def _places(content: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a nested config."""
    if isinstance(content, dict):
        return [place for key, value in content.items() for place in ((*path, key), *_places(value, (*path, key)))]
    if isinstance(content, list) and content:  # the ends stand for all
        ends = {0, len(content) - 1}
        return [place for end in ends for place in ((*path, end), *_places(content[end], (*path, end)))]
    return []


PLACES = {name: _places(json.loads(text(name))) for name in NAMES}


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A real config with up to four places dropped, or replaced by garbage."""
    name = draw(st.sampled_from(NAMES))
    content: dict[str, Any] = json.loads(text(name))
    for *path, last in draw(st.lists(st.sampled_from(PLACES[name]), min_size=1, max_size=4)):
        holder: Any = content
        with suppress(KeyError, IndexError, TypeError):  # the place went with an earlier mutation
            for step in path:
                holder = holder[step]
            if draw(st.booleans()):
                del holder[last]
            else:
                holder[last] = draw(GARBAGE)
    return content


@settings(max_examples=2500)
@given(content=mutated())
def test_garbage_is_refused_in_words_or_read(content: dict[str, Any]) -> None:
    try:
        described = describe(Model.from_config(content, "mutated.json"))
    except (BadData, Unsupported):
        return
    assert described.parameters.total > 0
    assert described.weight_bytes > 0
    assert json.dumps(described.as_dict())
