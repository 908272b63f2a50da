"""The door: whatever a file holds, it becomes a record or a list of faults; never another error."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.catalogue.check import chip_faults
from assay.catalogue.chip import CHIPS, chip_ids, read_chip
from assay.catalogue.door import DATA, Record, heads, parse_toml, read_all, read_csv, read_json, read_toml, shown
from assay.core.errors import AssayError, BadData, Fault

TEXTS = [(CHIPS / f"{id}.toml").read_text(encoding="utf-8") for id in chip_ids()]
VALUES = [
    "",
    "0",
    "-1",
    "1e999",
    "nan",
    "true",
    '"x"',
    "[]",
    "{}",
    "1979-05-27",
    "[[1]]",
    "9" * 5000,
    '"\\u0000"',
    "'''",
]


@st.composite
def mutated_chips(draw: st.DrawFn) -> str:
    """A chip's file after a few edits that people and machines make."""
    lines = draw(st.sampled_from(TEXTS)).splitlines()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["drop", "repeat", "swap", "value", "cut", "insert"])):
            case "drop" if len(lines) > 1:
                del lines[at]
            case "repeat":
                lines.insert(at, lines[at])
            case "swap":
                other = draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
            case "value":
                key, equals, _ = lines[at].partition("value = ")
                head = f"{key}{equals}" if equals else f"{lines[at].partition(' = ')[0]} = "
                lines[at] = head + draw(st.sampled_from(VALUES)) + (' , source = "a" }' if equals else "")
            case "cut":
                lines[at] = lines[at][: draw(st.integers(0, len(lines[at])))]
            case _:
                lines.insert(at, draw(st.text(st.characters(codec="utf-8"), max_size=20)))
    return "\n".join(lines)


@settings(max_examples=500)
@given(text=mutated_chips())
def test_a_mutated_chip_is_a_chip_or_bad_data(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "mutated.toml"
    path.write_text(text, encoding="utf-8")
    try:
        chip = read_chip(path)
    except AssayError as error:
        assert isinstance(error, BadData)  # noqa: PT017
        assert all(fault.file == str(path) and fault.problem for fault in error.faults)  # noqa: PT017
    else:
        assert all(isinstance(fault, Fault) for fault in chip_faults(chip))


@given(content=st.binary(max_size=200))
def test_any_bytes_are_a_chip_or_bad_data(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.toml"
    path.write_bytes(content)
    with pytest.raises(BadData):
        read_chip(path)


@pytest.mark.parametrize("text", ["a = ", "a = 1\na = 2", "a = " + "[" * 5000, "a = " + "9" * 5000])
def test_what_is_not_toml_names_the_file(text: str) -> None:
    with pytest.raises(BadData, match=r"some\.toml: is not TOML"):
        parse_toml(text, "some.toml")


@pytest.mark.parametrize("text", ["{", "[1]", "[" * 100_000, '{"a": ' + "9" * 5000 + "}"])
def test_what_is_not_a_json_object_names_the_file(text: str, tmp_path: Path) -> None:
    path = tmp_path / "some.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadData, match=r"some\.json"):
        read_json(path)


def test_a_path_that_cannot_be_read_is_bad_data(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path, Path("nul\0.toml")):
        with pytest.raises(BadData):
            read_toml(path, Record)


def test_text_of_another_encoding_names_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes("name = 'Café'".encode("latin-1"))
    with pytest.raises(BadData, match="byte 11: is not UTF-8"):
        read_toml(path, Record)


class Point(Record):
    x: float
    y: float = 0.0


def test_csv_faults_name_the_line_and_the_column(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("x,y\n1,2\none,2\n3,\n4,5,6\n", encoding="utf-8")
    with pytest.raises(BadData) as caught:
        read_csv(path, Point)
    assert {fault.key.split(",")[0] for fault in caught.value.faults} == {"line 3", "line 5"}


def test_faults_of_many_files_come_at_once() -> None:
    def read(key: str) -> str:
        if key.startswith("bad"):
            raise BadData([Fault(key, "", "is bad")])
        return key

    assert read_all(read, ["a", "b"]) == ("a", "b")
    with pytest.raises(BadData) as caught:
        read_all(read, ["bad 1", "a", "bad 2"])
    assert [fault.file for fault in caught.value.faults] == ["bad 1", "bad 2"]


def test_heads_hold_the_names_of_records(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('id = "a"\naliases = ["b"]\n\nthis is not read', encoding="utf-8")
    assert heads(tmp_path) == {"a": {"id": "a", "aliases": ["b"]}}


def test_files_of_the_package_are_told_in_short(tmp_path: Path) -> None:
    assert shown(DATA / "chips" / "a.toml") == str(Path("chips", "a.toml"))
    assert shown(tmp_path / "a.toml") == str(tmp_path / "a.toml")
