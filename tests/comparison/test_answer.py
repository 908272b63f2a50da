"""The main job, end to end on real input."""

from __future__ import annotations

import json
import math
from datetime import date
from pathlib import Path

import pytest

import assay
from assay.catalogue.chip import chip, chip_ids
from assay.comparison import CompareRequest, Report, compare
from assay.core.errors import BadData, Infeasible, NotInCatalogue, UsageError
from assay.core.tree import Branch

SIX = ("h20", "h100", "h200", "b200", "mi300x", "ascend-910c")
MODELS = (
    "deepseek-ai/DeepSeek-R1",
    "Qwen/Qwen3-32B",
    "Qwen/Qwen3-235B-A22B",
    "moonshotai/Kimi-K2-Instruct",
    "zai-org/GLM-4.5-Air",
    "openai/gpt-oss-120b",
    "meta-llama/Meta-Llama-3.1-70B",
)


def ask(**changed: object) -> Report:
    fields = {
        "model": MODELS[0],
        "chips": SIX,
        "input_tokens": 4096,
        "output_tokens": 1024,
        "ttft_s": 2,
        "tpot_s": 0.05,
    }
    return compare(CompareRequest(**(fields | changed)))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def demo() -> Report:
    return ask()


def test_the_json_contract(demo: Report) -> None:
    answer = json.loads(json.dumps(demo.as_dict()))
    assert answer["schema"] == "assay.compare/1"
    assert answer["workload"] == {"input_tokens": 4096, "output_tokens": 1024, "cached_tokens": 0.0}
    assert answer["slo"] == {"ttft_s": 2, "tpot_s": 0.05}
    assert [row["chip"] for row in answer["rows"]] == [chip(name).id for name in SIX]
    for row in answer["rows"]:
        assert row["feasible"] is True
        assert row["reason"] is None
        layout = row["deployment"]
        assert layout["tp"] * layout["dp_attention"] * layout["pp"] == row["chips_per_instance"]
        assert {"framework", "ep", "batch_per_instance", "weights_dtype", "kv_dtype"} <= set(layout)
        for quantity in ("ttft_s", "tpot_s", "output_tok_per_s_per_chip", "usd_per_million_output_tokens"):
            assert row[quantity]["low"] < row[quantity]["value"] < row[quantity]["high"]
        assert row["joule_per_output_token"]["value"] > 0
        assert row["bound_by"] in {"compute", "bandwidth", "capacity", "link", "latency floor"}
        assert 0 < row["roofline_fraction"] < 1
    assert answer["provenance"]["assay"] == assay.__version__


def test_the_numbers_hang_together(demo: Report) -> None:
    for row in demo.as_dict()["rows"]:
        chips, batch = row["chips_per_instance"], row["deployment"]["batch_per_instance"]
        request_s = row["ttft_s"]["value"] + 1024 * row["tpot_s"]["value"]
        per_chip = row["output_tok_per_s_per_chip"]["value"]
        assert per_chip == pytest.approx(batch * 1024 / request_s / chips)
        usd = row["usd_per_chip_h"]["value"] / (per_chip * 3600) * 1e6
        assert row["usd_per_million_output_tokens"]["value"] == pytest.approx(usd)
        split = row["usd_per_million_output_tokens_split"]["value"]
        inputs = row["usd_per_million_input_tokens_split"]["value"]
        assert split + 4 * inputs == pytest.approx(usd)  # four input tokens an output token


def test_intervals_widen_with_the_distance_from_measured_chips(demo: Report) -> None:
    width = {row.transfer: row.tpot_s.up + row.tpot_s.down for row in demo.rows if row.tpot_s}
    assert width["measured"] <= width["sibling"] * (1 + 1e-9)
    assert width["sibling"] < width["other vendor"]


def test_one_request_one_answer(demo: Report) -> None:
    assert ask().as_dict(explain=True) == demo.as_dict(explain=True)


def test_keywords_and_requests_are_the_same_question(demo: Report) -> None:
    report = assay.compare(
        model=MODELS[0], chips=list(SIX), input_tokens=4096, output_tokens=1024, ttft_s=2, tpot_s=0.05
    )
    assert report.as_dict() == demo.as_dict()


def test_explanations_add_up(demo: Report) -> None:
    for row in demo.rows:
        assert row.explanation is not None
        for term in row.explanation.children:
            if term.name in {"TTFT", "TPOT"}:
                check_sum(term)


def check_sum(branch: Branch) -> None:
    if not branch.children:
        return
    assert sum(child.value or 0.0 for child in branch.children) == pytest.approx(branch.value, rel=1e-6, abs=1e-9)
    for child in branch.children:
        check_sum(child)


def test_every_source_of_an_explanation_is_in_the_catalogue(demo: Report) -> None:
    from assay.catalogue.sources import sources

    def walk(branch: Branch) -> None:
        for id in branch.sources:
            assert id in sources()
        for child in branch.children:
            walk(child)

    for row in demo.rows:
        assert row.explanation is not None
        walk(row.explanation)


@pytest.mark.parametrize("model", MODELS)
def test_every_chip_of_the_catalogue_gets_a_row(model: str) -> None:
    report = ask(model=model, chips=chip_ids(), max_chips=16)
    assert [row.chip for row in report.rows] == list(chip_ids())
    for row in report.rows:
        assert row.feasible == (row.reason is None)
        if row.feasible:
            assert row.output_tok_per_s_per_chip is not None
            assert math.isfinite(row.output_tok_per_s_per_chip.value)
            assert row.roofline_fraction is not None
            assert 0 < row.roofline_fraction <= 1
        else:
            assert len(row.reason or "") > 20
    assert sum(row.feasible for row in report.rows) > 40


def test_a_chip_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "dream.toml"
    text = Path(chip("h200").origin).read_text(encoding="utf-8").replace('id = "h200-sxm"', 'id = "dream"')
    file.write_text(text, encoding="utf-8")
    row = ask(chips=(str(file),)).rows[0]
    assert row.chip == "dream"
    assert row.feasible
    assert row.transfer == "sibling"


def test_prices_of_later_days_are_not_seen() -> None:
    then, now = (ask(chips=("h100",), basis="rental", as_of=day) for day in (date(2025, 11, 1), date.max))
    assert then.rows[0].usd_per_chip_h is not None
    assert now.rows[0].usd_per_chip_h is not None
    assert then.rows[0].usd_per_chip_h.value < now.rows[0].usd_per_chip_h.value
    before = ask(chips=("h100",), basis="rental", as_of=date(2020, 1, 1)).rows[0]
    assert before.feasible
    assert before.usd_per_chip_h is None
    assert any("no price" in text for text in before.assumed)


def test_multi_token_prediction_pays() -> None:
    plain, drafting = (
        ask(chips=("h20",), draft_tokens=draft, accepted_tokens=kept).rows[0] for draft, kept in ((0, 1.0), (1, 1.85))
    )
    assert drafting.output_tok_per_s_per_chip is not None
    assert plain.output_tok_per_s_per_chip is not None
    assert drafting.output_tok_per_s_per_chip.value > 1.2 * plain.output_tok_per_s_per_chip.value


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"chips": ()}, UsageError),
        ({"input_tokens": 0}, UsageError),
        ({"cached_tokens": 4096}, UsageError),
        ({"ttft_s": -1}, UsageError),
        ({"tp": 0}, UsageError),
        ({"draft_tokens": 1, "accepted_tokens": 3.0}, UsageError),
        ({"chips": ("h21",)}, NotInCatalogue),
        ({"model": "deepseek-ai/DeepSeek-R9"}, NotInCatalogue),
        ({"frameworks": ("vlm",)}, NotInCatalogue),
        ({"input_tokens": 200_000}, Infeasible),
    ],
)
def test_wrong_questions_are_refused(changed: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        ask(**changed)


def test_a_broken_chip_file_names_all_its_faults(tmp_path: Path) -> None:
    file = tmp_path / "broken.toml"
    file.write_text('id = "x"\nname = "X"\n[facts]\nmemory_bytes = { value = -1, source = "s" }\n', encoding="utf-8")
    with pytest.raises(BadData) as caught:
        ask(chips=(str(file),))
    assert len(caught.value.faults) >= 3
    assert all(fault.file == str(file) for fault in caught.value.faults)


def test_export_status_on_a_date() -> None:
    report = ask(chips=("h20", "h200", "l20"), to="CN", as_of=date(2026, 9, 1))
    status = {row.chip: row.export_status for row in report.rows}
    assert status["l20"] == "not required"
    assert status["h20-96gb"] is not None
    assert status["h20-96gb"].startswith("required")
    assert ask(chips=("h20",)).rows[0].export_status is None
    with pytest.raises(UsageError, match="need a date"):
        ask(to="CN")
