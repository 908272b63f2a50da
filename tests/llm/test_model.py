"""Models by name, by file, and from a hub that the tests stand in for."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.catalogue.model import model_ids, model_record, model_records
from assay.core.errors import AssayError, BadData, NotInCatalogue, Unsupported
from assay.llm import model as module
from assay.llm.hub import HubUnavailable
from assay.llm.model import Model
from tests.llm.configs import NAMES, config


@pytest.mark.parametrize("name", NAMES)
def test_every_config_is_found_by_its_hugging_face_id(name: str) -> None:
    hf_id = name.removesuffix(".json").replace("__", "/")
    for spelling in (hf_id, hf_id.upper(), hf_id.lower()):
        assert Model.load(spelling).architecture.layers > 0


def test_every_model_is_read_or_says_why_not() -> None:
    unread = {record.id for record in model_records() if record.read_config() is None}
    assert unread == {"qwen3.8-2.4t", "pangu-ultra-moe-718b"}
    assert len(model_ids()) == 103
    for record in model_records():
        if record.id not in unread:
            assert Model.load(record.id).record is record
            continue
        with pytest.raises(Unsupported) as caught:
            Model.load(record.id)
        assert "config.json" in caught.value.hint


def test_published_dimensions_agree_with_the_record() -> None:
    for record in model_records():
        if record.config_table is not None and record.context_tokens is not None:
            assert Model.load(record.id).architecture.max_context == record.context_tokens


def test_a_path_is_read(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(config("Qwen__Qwen3-8B")), encoding="utf-8")
    for name in (str(file), str(tmp_path)):
        found = Model.load(name)
        assert found.record is None
        assert found.origin == str(file)
        assert found.parameters == Model.load("Qwen/Qwen3-8B").parameters
    assert Model.from_config(file, "mine").id == "mine"


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "\x00", "null", '{"a": 1e999999}'])
def test_broken_files_are_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises((BadData, Unsupported), match=r"config\.json"):
        Model.load(str(file))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="No such file"):
        Model.load(str(tmp_path / "none.json"))


def test_unknown_names_come_with_the_nearest() -> None:
    with pytest.raises(NotInCatalogue) as caught:
        Model.load("deepseek-r2")
    assert "deepseek-r1" in caught.value.nearest
    assert "config.json" in caught.value.hint


def _offline(_: str) -> dict[str, Any]:
    raise HubUnavailable("there is no network")


def test_the_hub_is_asked_for_what_looks_like_a_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def fetch(hf_id: str) -> dict[str, Any]:
        asked.append(hf_id)
        return config("Qwen__Qwen3-8B")

    monkeypatch.setattr(module, "fetch_config", fetch)
    found = Model.load("someone/new-model")
    assert (found.id, found.origin, found.record) == ("someone/new-model", "someone/new-model/config.json", None)
    for name in ("new-model", "a/b/c", "./new", "~/model"):
        with pytest.raises(NotInCatalogue):
            Model.load(name)
    assert asked == ["someone/new-model"]


def test_without_the_hub_the_message_says_what_else_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "fetch_config", _offline)
    with pytest.raises(NotInCatalogue) as caught:
        Model.load("Qwen/Qwen3-33B")
    assert "Qwen/Qwen3-32B" in caught.value.nearest
    assert "config.json" in caught.value.hint
    assert "there is no network" in caught.value.hint


def test_a_broken_config_of_the_hub_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "fetch_config", lambda _: {"model_type": "llama", "hidden_size": "x"})
    with pytest.raises(BadData, match=r"someone/broken/config\.json: hidden_size"):
        Model.load("someone/broken")


@given(name=st.text(max_size=20))
def test_any_name_is_answered_in_words(name: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "fetch_config", _offline)
        try:
            Model.load(name)
        except AssayError:
            return
    assert model_record(name).id
