"""Reading a table key by key."""

import pytest

from assay.core.errors import BadData
from assay.llm.fields import Fields


def test_the_first_key_with_a_value_counts() -> None:
    fields = Fields({"a": None, "b": 2, "c": 3}, "file")
    assert fields.integer("a", "b", "c") == 2
    assert fields.optional("a") is None
    assert fields.has("a", "b")
    fields.check()


def test_equal_numbers_by_layer_count_as_one() -> None:
    assert Fields({"top_k": [8, 8, 8]}, "file").integer("top_k") == 8


def test_reading_goes_on_after_a_fault_and_all_are_raised() -> None:
    fields = Fields({"a": "x", "b": 1.5, "c": True, "d": {"e": []}, "f": [1, "2"], "g": "yes"}, "file")
    fields.integer("missing")
    fields.integer("a")
    fields.integer("b")
    fields.integer("c")
    inner = fields.table("d")
    assert inner is not None
    inner.integer("e")
    fields.numbers("f")
    fields.flag("g", default=False)
    fields.number("a")
    fields.table("a")
    fields.tables("a")
    with pytest.raises(BadData) as caught:
        fields.check()
    keys = [fault.key for fault in caught.value.faults]
    assert keys == ["missing", "a", "b", "c", "d.e", "f", "g", "a", "a", "a"]


def test_limits() -> None:
    fields = Fields({"huge": 10**30, "negative": -1}, "file")
    assert fields.integer("huge") == fields.integer("negative") == 1
    with pytest.raises(BadData, match="must lie between"):
        fields.check()


def test_lists_have_an_entry_for_each_layer() -> None:
    fields = Fields({"types": ["a", "b"]}, "file")
    assert fields.texts("types", 2) == ["a", "b"]
    assert fields.texts("types", 3) is None
    with pytest.raises(BadData, match="3 layers"):
        fields.check()
