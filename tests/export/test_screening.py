"""Screening against lists of invented parties, and ownership by them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import BadData, UsageError
from assay.export.ownership import HALF, Stake, listed_ownership, read_stakes
from assay.export.party import Party, read_parties
from assay.export.screening import normalised, screen, screening

INVENTED = {
    "results": [
        {
            "id": "1",
            "name": "Blue Lantern Microsystems Co., Ltd.",
            "alt_names": ["Lanhua Microsystems"],
            "addresses": [{"country": "CN"}],
            "source": "Entity List (EL)",
        },
        {"id": "2", "name": "Grey Harbour Logistics LLC", "country": "RU", "source": "SDN"},
    ]
}
SIMPLE = 'id,schema,name,aliases,countries,dataset\nx-1,Company,Blue Lantern Microsystems,"Lanhua; BLM",cn,invented\n'


@pytest.fixture
def parties(tmp_path: Path) -> tuple[Party, ...]:
    path = tmp_path / "consolidated.json"
    path.write_text(json.dumps(INVENTED), encoding="utf-8")
    return read_parties(path)


def test_a_name_is_found_in_spite_of_spelling_and_legal_form(parties: tuple[Party, ...]) -> None:
    hit = screen("BLUE LANTERN Mícrosystems Company Limited", parties, "CN")[0]
    assert (hit.party.id, hit.same_country) == ("1", True)
    assert hit.score > 95
    assert screen("Blue Lantren Microsystem", parties)[0].party.id == "1"
    assert screen("Lanhua Microsystems", parties)[0].matched == "Lanhua Microsystems"


def test_another_country_does_not_clear_a_name(parties: tuple[Party, ...]) -> None:
    hit = screen("Grey Harbour Logistics", parties, "AE")[0]
    assert hit.same_country is False


def test_another_name_is_no_hit(parties: tuple[Party, ...]) -> None:
    assert screen("Green Meadow Dairy", parties) == ()


@given(name=st.text(min_size=1, max_size=40))
def test_any_text_is_screened_or_refused(name: str) -> None:
    try:
        hits = screen(name, [Party((name,), (), "own", "1")])
    except UsageError:
        assert not normalised(name)
        return
    assert hits[0].score == pytest.approx(100)


@pytest.mark.parametrize(("name", "threshold"), [("  ", 85.0), ("x", 101.0)])
def test_what_cannot_be_screened_is_refused(name: str, threshold: float) -> None:
    with pytest.raises(UsageError):
        screen(name, [], threshold=threshold)


def test_an_opensanctions_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "targets.simple.csv"
    path.write_text(SIMPLE, encoding="utf-8")
    assert read_parties(path) == (Party(("Blue Lantern Microsystems", "Lanhua", "BLM"), ("CN",), "invented", "x-1"),)


@pytest.mark.parametrize(
    ("file", "content"), [("l.json", "{}"), ("l.json", '{"results": [1]}'), ("l.csv", "a,b\n1,2\n"), ("l.json", "[")]
)
def test_a_file_that_is_no_list_is_refused(file: str, content: str, tmp_path: Path) -> None:
    path = tmp_path / file
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadData, match=file):
        read_parties(path)


def stakes(*lines: tuple[str, str, float]) -> list[Stake]:
    return [Stake(owner=owner, owned=owned, share=share) for owner, owned, share in lines]


def test_shares_of_several_listed_owners_add_up() -> None:
    found = listed_ownership("C", stakes(("A", "C", 0.3), ("B", "C", 0.25), ("X", "C", 0.45)), ["a", "b"])
    assert found.share == pytest.approx(0.55)
    assert (found.affiliate, found.through) == (True, ("a", "b"))


def test_a_chain_counts_where_every_link_is_half() -> None:
    lines = stakes(("A", "B", 0.5), ("B", "C", 0.5), ("C", "D", 0.49))
    assert listed_ownership("C", lines, ["A"]).affiliate
    assert listed_ownership("D", lines, ["A"]).share == pytest.approx(0.49)
    assert listed_ownership("C", stakes(("A", "B", 0.49), ("B", "C", 1.0)), ["A"]).share == 0


def test_a_circle_of_owners_ends() -> None:
    lines = stakes(("A", "B", 0.6), ("B", "A", 0.6))
    assert not listed_ownership("A", lines, []).affiliate
    assert listed_ownership("B", lines, ["A"]).affiliate


SHARES = st.floats(0, 0.5)
NAMES = st.sampled_from("ABCDE")


@given(lines=st.lists(st.tuples(NAMES, NAMES, SHARES), max_size=8), more=st.tuples(NAMES, NAMES, SHARES))
def test_one_more_stake_never_lowers_the_share(
    lines: list[tuple[str, str, float]], more: tuple[str, str, float]
) -> None:
    before = listed_ownership("E", stakes(*lines), ["A"])
    after = listed_ownership("E", stakes(*lines, more), ["A"])
    assert after.share >= before.share
    assert after.affiliate is (after.share >= HALF)


def test_owners_are_screened_too(parties: tuple[Party, ...]) -> None:
    lines = stakes(("Blue Lantern Microsystems", "Quiet Stream", 0.6), ("Someone", "Quiet Stream", 0.4))
    found = screening("Quiet Stream", parties, stakes=lines)
    assert found.hits == ()
    assert found.ownership is not None
    assert found.ownership.share == pytest.approx(0.6)
    assert found.as_dict()["ownership"]["affiliate"] is True


def test_a_share_above_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "owners.csv"
    path.write_text("owner,owned,share\nA,B,60\n", encoding="utf-8")
    with pytest.raises(BadData, match="share"):
        read_stakes(path)
