"""The recipes of the golden files, and a strategy for all others."""

from dataclasses import replace

from hypothesis import strategies as st

from assay.llm.precision import Precision
from assay.serving.launch.recipe import Recipe, Role

FP8_BLOCK = Precision("fp8_block", "fp8_block", "fp8_block", "fp8_block", "bf16", "bf16")

TP8 = Role(
    name="aggregated",
    chip="H200 SXM5 141GB",
    vendor="Nvidia",
    chips_per_node=8,
    replicas=1,
    tp=8,
    pp=1,
    dp=1,
    ep=1,
    all_to_all=False,
    max_num_seqs=256,
    chunk_tokens=8192,
    max_model_len=16384,
    memory_fraction=0.9,
    precision=FP8_BLOCK,
    draft_tokens=1,
)
PREFILL = replace(TP8, name="prefill", replicas=2, tp=1, dp=16, ep=16, all_to_all=True, max_num_seqs=8, draft_tokens=0)
DECODE = replace(TP8, name="decode", tp=1, dp=32, ep=32, all_to_all=True, max_num_seqs=64, draft_tokens=0)

R1_ONE_NODE = Recipe("deepseek-ai/DeepSeek-R1", "vllm", (TP8,))
R1_WIDE = Recipe("deepseek-ai/DeepSeek-R1", "sglang", (PREFILL, DECODE))
QWEN_H20 = Recipe(
    "Qwen/Qwen3-32B",
    "vllm",
    (
        replace(
            TP8,
            chip="H20 SXM5 96GB",
            replicas=4,
            tp=2,
            precision=Precision("fp8", "fp8", "fp8", "fp8", "bf16", "fp8"),
            draft_tokens=0,
            prefix_caching=False,
        ),
    ),
)
KIMI_910C = Recipe(
    "moonshotai/Kimi-K2-Instruct",
    "vllm-ascend",
    (
        replace(
            TP8,
            chip="Ascend 910C",
            vendor="Huawei",
            chips_per_node=16,
            tp=4,
            dp=8,
            ep=32,
            all_to_all=True,
            precision=Precision("int8", "int8", "int8", "int8", "bf16", "bf16"),
            draft_tokens=0,
        ),
    ),
)
R1_SMALL = Recipe(
    "deepseek-ai/DeepSeek-R1",
    "vllm",
    (
        replace(TP8, name="prefill", replicas=3, chunk_tokens=16384, draft_tokens=0),
        replace(DECODE, dp=16, ep=16, draft_tokens=1),
    ),
)

PRECISIONS = st.sampled_from([Precision(), FP8_BLOCK, Precision("int8", "int8", "int4_wo", "int8", "bf16", "fp8")])


@st.composite
def roles(draw: st.DrawFn, name: str = "aggregated") -> Role:
    """A role whose instances lie evenly on nodes: all sizes are powers of two."""
    power = st.sampled_from([1, 2, 4, 8])
    tp, pp, dp = draw(power), draw(st.sampled_from([1, 2])), draw(st.sampled_from([1, 2, 8, 32]))
    expert_parallel = draw(st.booleans())
    ep = tp * dp if expert_parallel else 1
    return Role(
        name=name,
        chip=draw(st.sampled_from(["H200 SXM5 141GB", "it's a chip"])),
        vendor=draw(st.sampled_from(["Nvidia", "AMD", "Huawei"])),
        chips_per_node=draw(st.sampled_from([4, 8, 16])),
        replicas=draw(st.integers(1, 9)),
        tp=tp,
        pp=pp,
        dp=dp,
        ep=ep,
        all_to_all=ep > 1 and draw(st.booleans()),
        max_num_seqs=draw(st.integers(1, 2048)),
        chunk_tokens=draw(st.integers(1, 131072)),
        max_model_len=draw(st.integers(1, 2**20)),
        memory_fraction=draw(st.floats(0.01, 0.99)),
        precision=draw(PRECISIONS),
        draft_tokens=draw(st.integers(0, 4)),
        prefix_caching=draw(st.booleans()),
    )


MODELS = st.one_of(
    st.sampled_from(["Qwen/Qwen3-32B", 'a\'b "c" $(touch x) `y`', "/models/with space", "模型/七", "null", "1e5"]),
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20).filter(lambda t: t[0] != "-"),
)


@st.composite
def recipes(draw: st.DrawFn, framework: str) -> Recipe:
    """A recipe for a framework, of one role or two."""
    names = draw(st.sampled_from([("aggregated",), ("prefill", "decode")]))
    return Recipe(draw(MODELS), framework, tuple(draw(roles(name)) for name in names))
