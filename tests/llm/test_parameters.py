"""Parameter counts against what publishers say."""

import pytest

from assay.catalogue.model import ModelRecord, model_records
from assay.llm.architecture import Architecture, Block, DenseFfn, GroupedQueryAttention
from assay.llm.model import Model
from assay.llm.parameters import parameters
from assay.llm.precision import Precision
from tests.llm.configs import NAMES, read

TOLERANCE = 0.025

ROUNDED = {
    # Sizes in the names of models are whole billions, cut or rounded; what the shapes give beyond 2.5 % of them:
    ("ernie-4.5-21b-a3b", "total"): 21.8,
    ("ernie-4.5-21b-a3b", "active"): 3.09,
    ("qwen3.5-9b", "total"): 9.41,  # 8.95 without the vision tower
    ("nemotron-3-nano-30b-a3b", "total"): 31.6,
    ("nemotron-3-nano-30b-a3b", "active"): 2.88,
    ("gemma-4-26b-a4b", "active"): 3.82,
    ("qwen3-next-80b-a3b", "active"): 3.25,
    ("minimax-m3", "active"): 23.6,
}

RECORDS = [record for record in model_records() if record.read_config() is not None and record.total_parameters]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_total_is_the_published_size(record: ModelRecord) -> None:
    assert record.total_parameters is not None
    _agree(record, "total", [Model.load(record.id).parameters.total], record.total_parameters)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_active_is_the_published_size_by_one_of_the_conventions(record: ModelRecord) -> None:
    """Publishers add the input embedding or leave out the head; dense models name their total."""
    model = Model.load(record.id)
    count = model.parameters
    conventions = [count.active, count.active - count.head]
    if not model.architecture.tied_embeddings:
        conventions.append(count.active + count.embedding)
    if not any(hasattr(ffn, "experts") for ffn in model.architecture.ffns):
        conventions.append(count.total)
    assert record.active_parameters is not None
    _agree(record, "active", conventions, record.active_parameters)


def _agree(record: ModelRecord, which: str, counts: list[int], published: float) -> None:
    nearest = min(counts, key=lambda count: abs(count / published - 1))
    known = ROUNDED.get((record.id, which))
    if known is not None:
        assert nearest == pytest.approx(known * 1e9, rel=0.005)
        assert abs(nearest / published - 1) > TOLERANCE, "no longer an exception"
    else:
        assert nearest == pytest.approx(published, rel=TOLERANCE)


@pytest.mark.parametrize(
    ("name", "total"),
    [  # counts that the safetensors index of the repository states
        ("Qwen__Qwen3-8B", 8_190_735_360),
        ("Qwen__Qwen3-VL-8B", 8_767_123_696),
        ("meta-llama__Meta-Llama-3.1-8B", 8_030_261_248),
        ("mistralai__Mixtral-8x7B", 46_702_792_704),
    ],
)
def test_count_is_exact(name: str, total: int) -> None:
    assert parameters(read(name)).total == total


def test_a_model_counted_by_hand() -> None:
    attention = GroupedQueryAttention(heads=4, kv_heads=2, head_dim=8, v_head_dim=8, qk_norm="head")
    toy = Architecture(
        id="toy",
        model_type="toy",
        hidden=16,
        vocab=100,
        blocks=(Block(3, attention, DenseFfn(32)),),
        tied_embeddings=False,
        max_context=128,
        native=Precision(),
    )
    layer = 16 * (32 + 16 + 16) + 32 * 16 + 2 * 8 + 3 * 16 * 32 + 2 * 16
    assert parameters(toy).total == 3 * layer + 2 * 100 * 16 + 16
    assert parameters(toy).active == 3 * layer + 100 * 16 + 16


@pytest.mark.parametrize("name", NAMES)
def test_no_more_is_active_than_there_is(name: str) -> None:
    count = parameters(read(name))
    assert 0 < count.active <= count.total
    assert count.vision + count.embedding < count.total
