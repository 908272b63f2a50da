"""The answer of `assay model show`."""

import json

import pytest

from assay.catalogue.model import model_record
from assay.llm.description import describe, listed
from assay.llm.model import Model


@pytest.mark.parametrize("name", ["deepseek-r1", "qwen3.5-397b-a17b", "nemotron-3-nano-30b-a3b", "minimax-m3"])
def test_the_answer_is_json_and_complete(name: str) -> None:
    answer = describe(Model.load(name)).as_dict()
    assert json.loads(json.dumps(answer)) == answer
    assert answer["schema"] == "assay.model/1"
    assert sum(block["count"] for block in answer["blocks"]) == answer["layers"]
    assert sum(answer["weights_bytes_by_part"].values()) == pytest.approx(answer["weights_bytes"])
    assert all(operator["count"] > 0 for operator in answer["decode"]["operators"])


def test_deepseek_r1_in_numbers() -> None:
    answer = describe(Model.load("deepseek-ai/DeepSeek-R1")).as_dict()
    assert answer["kv_bytes_per_token"] == 70_272
    assert answer["parameters"]["total"] == 671_026_419_200
    assert answer["published"] == {"total_parameters": 671e9, "active_parameters": 37e9}
    assert answer["formats"]["experts"] == "fp8_block"


def test_a_line_of_the_list() -> None:
    assert listed(model_record("deepseek-r1"))["hf_id"] == "deepseek-ai/DeepSeek-R1"
    assert not listed(model_record("qwen3.8-2.4t"))["readable"]
