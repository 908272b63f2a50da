"""Model records: names, sources, and what an estimate owes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.catalogue.door import validated
from assay.catalogue.model import CONFIGS, ModelFile, model_ids, model_record, model_records
from assay.catalogue.sources import sources
from assay.core.errors import BadData, NotInCatalogue

FILE = {"id": "toy", "hf_id": "someone/Toy", "org": "Someone", "country": "CH", "family": "toy"}


def test_every_number_and_every_config_has_a_source() -> None:
    known = sources()
    for record in model_records():
        for key, fact in record.facts.items():
            assert fact.sources, (record.id, key)
            assert set(fact.sources) <= set(known), (record.id, key)
        if record.read_config() is not None:
            assert record.config_sources, record.id
            assert set(record.config_sources) <= set(known), record.id
            assert record.config_note, record.id


def test_every_config_belongs_to_a_model() -> None:
    used = {record.config.name for record in model_records() if record.config is not None}
    assert used == {path.name for path in CONFIGS.glob("*.json")}


@given(id=st.sampled_from(model_ids()), shout=st.booleans())
def test_names_in_any_case(id: str, shout: bool) -> None:
    record = model_record(id)
    for name in (record.id, record.hf_id, *record.aliases):
        assert model_record(name.upper() if shout else name.lower()) is record


def test_repository_names_find_the_original_before_a_copy() -> None:
    assert model_record("DeepSeek-V3.1").hf_id == "deepseek-ai/DeepSeek-V3.1"
    assert model_record("meta-llama/Llama-3.1-70B-Instruct").id == "llama-3.1-70b"


def test_no_name_belongs_to_two_models() -> None:
    owners: dict[str, str] = {}
    for record in model_records():
        for name in (record.id, record.hf_id, *record.aliases):
            assert owners.setdefault(name.casefold(), record.id) == record.id


def test_unknown_names_come_with_the_nearest() -> None:
    with pytest.raises(NotInCatalogue) as caught:
        model_record("qwen3-33b")
    assert "qwen3-32b" in caught.value.nearest


def test_training_work_is_six_flop_for_each_parameter_and_token() -> None:
    assert model_record("deepseek-v3").train_flop == pytest.approx(3.29e24, rel=0.01)
    assert model_record("llama-3.1-405b").train_flop == pytest.approx(3.8e25, rel=0.01)
    assert model_record("mixtral-8x7b").train_flop is None


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"country": "Switzerland"}, "country"),
        ({"config_file": "a.json", "config_sources": ["x"], "config": {"a": 1}}, "exclude each other"),
        ({"config": {"hidden_size": 8}}, "config_sources"),
        ({"facts": {"total_parameters": {"value": -1, "source": "x"}}}, "greater than 0"),
        ({"facts": {"total_parameters": {"value": 1, "source": "x", "kind": "estimate"}}}, "90 % range"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_faults_of_a_file(change: dict[str, object], problem: str) -> None:
    validated(dict(FILE), ModelFile, "toy.toml")
    with pytest.raises(BadData, match=problem):
        validated(FILE | change, ModelFile, "toy.toml")
