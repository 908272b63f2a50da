"""Measurements of others, read and predicted."""

import csv
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.core.errors import AssayError, BadData, Unsupported
from assay.engine.deployment import Speculation
from assay.llm.layout import Layout
from assay.validation.published import read, unpredicted
from assay.validation.published_names import chip_name, framework_id, model_id, weights_format
from assay.validation.published_phrases import kv_of, layout_of, load_of, pools_of, speculation_of
from assay.validation.published_predict import fault_of, outcome, predicted
from assay.validation.published_row import PublishedRow
from assay.validation.published_short import ShortRecord
from assay.validation.published_table import TableRecord

SHORT = {
    "id": "mine",
    "chip": "h20",
    "model": "Qwen/Qwen3-8B",
    "framework": "sglang",
    "input_tokens": "1024",
    "output_tokens": "256",
    "concurrency": "8",
    "tpot_s": "0.014",
}
LONG = {
    "id": "A-1",
    "model": "Qwen/Qwen3-8B",
    "weights_dtype": "bf16",
    "kv_dtype": "auto (bf16)",
    "chip": "H20-96G",
    "chips_per_instance": "1",
    "parallelism": "tp1",
    "deployment": "aggregated, batch 1",
    "framework": "SGLang 0.4.6.post1",
    "input_tokens": "1",
    "output_tokens": "2048",
    "batch_or_concurrency": "1",
    "batch_scope": "whole instance",
    "speculative": "none",
    "metric": "total_tok_s_per_chip",
    "value": "80",
    "confidence": "A",
    "split": "fit",
}


def written(folder: Path, *rows: Mapping[str, str]) -> Path:
    path = folder / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def one(folder: Path, **changes: str) -> PublishedRow:
    return read(written(folder, LONG | changes))[0]


def test_the_short_form_is_read_and_predicted(tmp_path: Path) -> None:
    rows = read(written(tmp_path, SHORT))
    assert (rows[0].chip, rows[0].loading, rows[0].batch) == ("h20-96gb", "closed loop", 8)
    scored, others = predicted(rows)
    assert [(each.id, each.metric) for each in scored] == [("mine", "tpot_s")]
    assert scored[0].low < scored[0].value < scored[0].high
    assert not others


def test_the_long_form_is_read_and_predicted(tmp_path: Path) -> None:
    rows = read(written(tmp_path, LONG))
    scored, others = predicted(rows)
    assert not others
    assert scored[0].by["loading"] == "fixed batch"
    assert scored[0].by["chip"] == "h20-96gb"
    assert abs(scored[0].error) < 0.5


def test_rows_of_context_are_listed_and_not_scored(tmp_path: Path) -> None:
    scored, others = predicted(read(written(tmp_path, LONG | {"split": "context"})))
    assert not scored
    assert others == [("A-1", "context: not scored")]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"chip": "Quantum-9"}, "no chip"),
        ({"model": "nobody/nothing-7B"}, "no model"),
        ({"weights_dtype": "not stated"}, "weights"),
        ({"parallelism": "not stated in the log"}, "layout"),
        ({"batch_or_concurrency": "max load"}, "batch"),
        ({"speculative": "MTP"}, "accepted tokens"),
        ({"input_tokens": ""}, "input length"),
        ({"batch_or_concurrency": "LoadGen Offline"}, "LoadGen"),
        ({"metric": "usd_per_1M_output_tokens"}, "not a speed"),
    ],
)
def test_what_is_not_said_is_a_reason_and_no_score(tmp_path: Path, changes: dict[str, str], reason: str) -> None:
    rows = read(written(tmp_path, LONG | changes))
    assert reason in rows[0].reason
    assert sum(unpredicted(rows).values()) == 1
    assert predicted(rows)[0] == []


def test_as_above_means_the_row_of_the_same_publisher_before(tmp_path: Path) -> None:
    first = LONG | {"publisher": "P", "parallelism": "tp2", "chips_per_instance": "2"}
    rows = read(written(tmp_path, first, first | {"id": "A-2", "parallelism": "as above"}))
    assert rows[1].layout == rows[0].layout == Layout(tp=2)


@pytest.mark.parametrize(
    ("words", "chips", "chip", "layout"),
    [
        ("tp8 pp1 dp1", 8, "h100-sxm", Layout(tp=8)),
        ("tp4 pp1 dp1 ep", 4, "h100-sxm", Layout(tp=4, ep=4)),
        ("tp8 pp1 dp8 dp-attention", 8, "h100-sxm", Layout(dp=8)),
        ("tp8 pp1 dp1 dp-attention", 8, "h100-sxm", Layout(tp=8)),
        ("attention-DP4 + EP4 (DEP4)", 4, "b200-sxm", Layout(dp=4, ep=4)),
        ("tp16 dp16 attention-DP, EP16 (DeepEP low latency)", 16, "h20-96gb", Layout(dp=16, ep=16, all_to_all=True)),
        ("EP320, microbatch pipeline", 160, "ascend-910c", Layout(dp=160, ep=160, all_to_all=True)),
        ("one node, 16 dies", 8, "ascend-910c", Layout(tp=8)),
        ("Atlas 800I A2, 4 cards", 4, "ascend-910b3", Layout(tp=4)),
        ("tp2 pp2; replicas fill the 72 chips", 72, "gb200", Layout(tp=2, pp=2)),
    ],
)
def test_layouts_in_words(words: str, chips: float, chip: str, layout: Layout) -> None:
    assert layout_of(words, chips, chip) == layout


def test_a_layout_larger_than_its_chips_is_refused() -> None:
    with pytest.raises(Unsupported):
        layout_of("tp8", 4, "h100-sxm")


@pytest.mark.parametrize(
    ("words", "speculation"),
    [
        ("", Speculation()),
        ("none (closed division rules)", Speculation()),
        ("MTP steps 1, draft tokens 2, accept length 1.8-1.9", Speculation(1, 1.85)),
        ("MTP 1 token, 70 % acceptance", Speculation(1, 1.7)),
        ("suffix decoding, 3 tokens, accept rate 50.0%", Speculation(3, 2.5)),
        ("MTP 3 tokens, accept 2.18", Speculation(3, 2.18)),
        ("EAGLE 3 steps, 4 draft tokens, accept 3.5", Speculation(3, 3.5)),
    ],
)
def test_speculation_in_words(words: str, speculation: Speculation) -> None:
    found = speculation_of(words)
    assert found.draft_tokens == speculation.draft_tokens
    assert found.accepted_tokens == pytest.approx(speculation.accepted_tokens)


def test_loads_in_words() -> None:
    assert load_of("aggregated", "64", "max concurrency, whole instance").loading == "closed loop"
    assert load_of("aggregated", "1000", "1000 requests at once (no cap), whole instance").loading == "all at once"
    assert load_of("aggregated, static batch", "16", "static batch, whole instance").loading == "fixed batch"
    assert load_of("aggregated", "max load (not stated)", "trtllm-bench throughput").loading == "saturated"
    assert load_of("decode-only, 2 nodes", "48", "requests per GPU").per == "chip"
    assert load_of("prefill-only", "16384 tokens", "per NPU").tokens == 16384
    assert load_of("aggregated, online", "16 req/s offered, 1000 prompts", "offered rate").arrivals_per_s == 16
    assert pools_of("2 prefill + 2 decode workers, each tp2") is not None
    assert pools_of("tp8") is None


def test_names_of_others() -> None:
    assert chip_name("MI300X-192G") == "mi300x"
    assert chip_name("Ascend-910B") == "ascend-910b3"
    assert model_id("amd/Llama-3.1-405B-Instruct-FP8-KV") == model_id("meta-llama/Llama-3.1-405B")
    assert model_id("Qwen/Qwen3-235B-A22B-Instruct-2507-FP8") == "Qwen/Qwen3-235B-A22B"
    assert framework_id("vllm-ascend 0.20.2rc1") == "vllm-ascend"
    assert framework_id("vLLM 0.11.0") == "vllm"
    assert weights_format("int4-awq") == "int4_wo"
    assert weights_format("not captured") is None
    assert (kv_of("fp8 (recipe)"), kv_of("fp8/bf16 not stated"), kv_of("auto (bf16)")) == ("fp8", "", "bf16")


def test_a_batch_of_one_takes_as_long_as_its_prompt_and_its_steps(tmp_path: Path) -> None:
    result = outcome(one(tmp_path))
    assert result.tpot_s is not None
    assert result.decode_s == pytest.approx(2047 * result.tpot_s)
    assert result.ttft_s == pytest.approx(result.prefill_s)


@given(st.integers(1, 400), st.sampled_from(["all at once", "fixed batch"]))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_more_requests_take_longer_and_give_more_tokens_per_second(tmp_path: Path, requests: int, loading: str) -> None:
    row = replace(one(tmp_path), input_tokens=200.0, output_tokens=100.0, loading=loading, batch=float(requests))
    few, many = outcome(row), outcome(replace(row, batch=2.0 * requests))
    assert many.seconds >= few.seconds
    assert many.output_tokens / many.seconds >= 0.95 * few.output_tokens / few.seconds


def test_outputs_that_stop_by_themselves_thin_the_batch_out(tmp_path: Path) -> None:
    row = replace(one(tmp_path), input_tokens=200.0, output_tokens=200.0, loading="all at once", batch=200.0)
    even, varied = outcome(row), outcome(replace(row, varied=True))
    assert varied.output_tokens == even.output_tokens
    assert varied.seconds > even.seconds


def test_an_offered_rate_bounds_the_throughput(tmp_path: Path) -> None:
    row = replace(one(tmp_path), input_tokens=100.0, output_tokens=20.0, loading="all at once", batch=100.0)
    slow = outcome(replace(row, arrivals_per_s=0.5))
    assert slow.seconds == pytest.approx(200.0)


def test_weights_that_do_not_fit_are_a_reason(tmp_path: Path) -> None:
    changes = {"model": "meta-llama/Llama-3.1-405B", "batch_scope": "concurrency", "deployment": "aggregated"}
    scored, others = predicted(read(written(tmp_path, LONG | changes)))
    assert not scored
    assert "exceed the memory" in others[0][1]


def test_known_faults_of_software_are_marked(tmp_path: Path) -> None:
    gptq = {"model": "Qwen/Qwen3-30B-A3B", "weights_dtype": "int4-gptq"}
    assert fault_of(one(tmp_path, **gptq)) == "int4 experts under SGLang 0.4.6"
    assert fault_of(one(tmp_path)) == ""


def test_every_fault_of_a_file_is_named_with_its_line_and_column(tmp_path: Path) -> None:
    path = written(tmp_path, SHORT, SHORT | {"id": "b", "concurrency": "many"}, SHORT | {"id": "c", "tpot_s": "-1"})
    with pytest.raises(BadData) as error:
        read(path)
    assert [fault.key for fault in error.value.faults] == ["line 3, concurrency", "line 4, tpot_s"]


def test_unknown_forms_missing_columns_and_repeated_ids_are_bad_data(tmp_path: Path) -> None:
    for rows in (
        [{"a": "1"}],
        [SHORT | {"colour": "red"}],
        [{key: value for key, value in SHORT.items() if key != "model"}],
        [SHORT, SHORT],
    ):
        with pytest.raises(BadData):
            read(written(tmp_path, *rows))


CELLS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["", "0", "8", "-1", "nan", "tp0", "tp8 ep3", "dp0", "ep64", "pp0", "MTP 3", "fp8", "h20", "9" * 12, "1e400"]
    ),
)


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_cells_are_read_or_refused_but_never_crash(tmp_path: Path, data: st.DataObject) -> None:
    base = data.draw(st.sampled_from([SHORT, LONG]))
    schema = ShortRecord if base is SHORT else TableRecord
    row = base | data.draw(st.dictionaries(st.sampled_from(list(schema.model_fields)), CELLS, max_size=4))
    with suppress(BadData):
        predicted(read(written(tmp_path, row)))


@given(st.binary(max_size=300))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_refused_with_an_error_for_people(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "noise.csv"
    path.write_bytes(content)
    with pytest.raises(AssayError):
        read(path)
