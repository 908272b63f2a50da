"""Output: JSON that parses, CSV that reads back, tables that fit, bars that are honest."""

import csv
import io
import json
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.cli.output import bar, console, emit_csv, emit_json, progress

content = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def strict(text: str) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(max_size=4), content, max_size=4))
def test_json_is_strict_and_reads_back(capsys: pytest.CaptureFixture[str], sent: dict[str, Any]) -> None:
    emit_json(sent)
    read = strict(capsys.readouterr().out)
    assert list(read) == list(sent)
    assert emptied(read) == emptied(sent)


def emptied(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: emptied(member) for key, member in value.items()}
    return [emptied(member) for member in value] if isinstance(value, list) else value


def test_csv_has_every_key_once_and_empty_cells_for_what_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    emit_csv([{"chip": "h20", "ttft_s": 0.5}, {"chip": "l2", "reason": "no, it does not fit", "ttft_s": math.nan}])
    text = capsys.readouterr().out
    assert list(csv.DictReader(io.StringIO(text))) == [
        {"chip": "h20", "ttft_s": "0.5", "reason": ""},
        {"chip": "l2", "ttft_s": "", "reason": "no, it does not fit"},
    ]
    assert "\r" not in text


@given(st.floats(-1.0, 2.0), st.integers(1, 60))
def test_a_bar_is_as_long_as_its_fraction(fraction: float, width: int) -> None:
    drawn = bar(fraction, width)
    eighths = sum(8 if mark == "█" else " ▏▎▍▌▋▊▉".index(mark) for mark in drawn)
    assert len(drawn) <= width
    assert abs(eighths / 8 - min(max(fraction, 0.0), 1.0) * width) <= 1 / 16 + 1e-9


@pytest.mark.parametrize(("columns", "width"), [("", 100), ("60", 100), ("180", 180), ("wide", 100)])
def test_a_table_in_a_file_is_at_least_100_wide(
    columns: str, width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert console().width == width
    console().print("[bold]plain[/]")
    assert capsys.readouterr().out == "plain\n"


def test_the_other_console_writes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    console(stderr=True).print("word")
    assert capsys.readouterr() == ("", "word\n")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_silent_where_nobody_watches_and_where_work_is_short() -> None:
    for stream in (io.StringIO(), Terminal()):
        with progress(3, "chips", file=stream) as advance:
            advance()
        assert "chips" not in stream.getvalue()


def test_progress_is_shown_once_work_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assay.cli.output.PATIENCE_S", -1.0)
    stream = Terminal()
    with progress(3, "chips", file=stream) as advance:
        advance()
    assert "chips" in stream.getvalue()
