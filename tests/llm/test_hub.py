"""The hub, with a stand-in for `huggingface_hub`."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from assay.llm.hub import TIMEOUT_S, HubUnavailable, fetch_config


class Session:
    """An HTTP client that answers with a text, or breaks."""

    def __init__(self, text: str = "", error: Exception | None = None) -> None:
        self.text, self.error = text, error
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def get(self, url: str, **options: object) -> SimpleNamespace:
        self.asked.append((url, options))
        if self.error is not None:
            raise self.error
        return SimpleNamespace(text=self.text, raise_for_status=lambda: None)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    found = Session()
    library = ModuleType("huggingface_hub")
    library.__spec__ = SimpleNamespace(name="huggingface_hub")  # type: ignore[assignment]
    vars(library).update(
        get_session=lambda: found,
        get_token=lambda: "secret",
        hf_hub_url=lambda repository, file: f"hub:{repository}/{file}",
        try_to_load_from_cache=lambda *_: None,
    )
    monkeypatch.setitem(sys.modules, "huggingface_hub", library)
    return found


def test_one_attempt_with_a_short_timeout(session: Session) -> None:
    session.text = '{"hidden_size": 8}'
    assert fetch_config("someone/model") == {"hidden_size": 8}
    ((url, options),) = session.asked
    assert url == "hub:someone/model/config.json"
    assert options["timeout"] == TIMEOUT_S
    assert options["headers"] == {"authorization": "Bearer secret"}


def test_the_cache_is_enough(session: Session, tmp_path: Path) -> None:
    cached = tmp_path / "config.json"
    cached.write_text('{"cached": true}', encoding="utf-8")
    vars(sys.modules["huggingface_hub"])["try_to_load_from_cache"] = lambda *_: str(cached)
    assert fetch_config("someone/model") == {"cached": True}
    assert session.asked == []


@pytest.mark.parametrize(("text", "said"), [("[1]", "not a JSON object"), ("<html>", "did not give its config.json")])
def test_what_is_no_config_is_told(session: Session, text: str, said: str) -> None:
    session.text = text
    with pytest.raises(HubUnavailable, match=said):
        fetch_config("someone/model")


def test_a_broken_network_is_told_in_one_line(session: Session) -> None:
    session.error = OSError("no route to host\nmore than anyone wants to know")
    with pytest.raises(HubUnavailable, match=r"no route to host\)$"):
        fetch_config("someone/model")


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(HubUnavailable, match=r"assay\[hub\]"):
        fetch_config("someone/model")
