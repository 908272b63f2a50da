"""What the catalogue tells of itself."""

from __future__ import annotations

import json

import pytest

from assay.catalogue.entry import NOUNS, entries, find
from assay.catalogue.listing import COLUMNS, described, resting_on, rows
from assay.core.errors import NotInCatalogue


@pytest.mark.parametrize("noun", NOUNS)
def test_a_list_has_a_row_a_record(noun: str) -> None:
    found = rows(noun)
    assert len(found) == len(entries(noun)) > 0
    assert all(tuple(row) == COLUMNS[noun] for row in found)
    json.dumps(found)


@pytest.mark.parametrize("name", ["h20", "hgx-h20", "sglang", "deepseek-ai/DeepSeek-R1"])
def test_a_record_tells_all_its_facts_and_their_sources(name: str) -> None:
    entry = find(name)
    record = described(entry)
    assert set(record["facts"]) == set(entry.facts)
    assert {id for fact in record["facts"].values() for id in fact["sources"]} == set(record["sources"])
    json.dumps(record)


def test_conflicts_are_told() -> None:
    [conflict] = described(find("h20"))["conflicts"]
    assert conflict["key"] == "tdp_w"
    assert conflict["other"] == (500.0, 550.0)


def test_what_rests_on_a_source_cites_it() -> None:
    found = resting_on("cctv-sanjiangyuan")
    assert {"metax-c500", "t-head-ppu-zw810e"} <= {use["record"] for use in found["facts"]}
    for use in found["facts"]:
        assert "cctv-sanjiangyuan" in find(use["record"]).facts[use["key"]].sources


def test_what_is_not_there_names_the_nearest() -> None:
    for look_up, name, near in (
        (find, "hgx-h21", "hgx-h20"),
        (rows, "chip", "chips"),
        (resting_on, "cctv", "cctv-sanjiangyuan"),
    ):
        with pytest.raises(NotInCatalogue) as caught:
            look_up(name)
        assert near in caught.value.nearest
