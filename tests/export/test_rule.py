"""Rules as data: every file is whole, sourced, and true to the cases beside it."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import BadData
from assay.export.condition import leaves
from assay.export.decision import check
from assay.export.facts import FACTS
from assay.export.law import law, sources
from assay.export.rule import Case, Rule
from assay.export.rulebook import RULES, breakpoints, overlaid, proposals, read_rules, rulebook, rules
from tests.export.given import request_of

CASES = [(rule, case, ()) for rule in rules().values() for case in rule.cases] + [
    (record.rule(), case, (proposal.id,))
    for proposal in proposals().values()
    for record in proposal.rule
    for case in record.rule().cases
]


@pytest.mark.parametrize(
    ("rule", "case", "laid_over"), CASES, ids=[f"{rule.id}: {case.name}" for rule, case, _ in CASES]
)
def test_the_case_beside_the_rule_comes_out(rule: Rule, case: Case, laid_over: tuple[str, ...]) -> None:
    assert check(request_of(case.given, case.on, laid_over)).met(rule.id) is case.met


@pytest.mark.parametrize("rule", rules().values(), ids=str)
def test_every_rule_has_a_case(rule: Rule) -> None:
    assert rule.cases


def test_a_file_is_named_after_its_rule_and_lies_in_its_stage() -> None:
    for path in RULES.rglob("*.toml"):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        assert (path.stem, path.parent.name) == (content["id"], content["stage"])


def test_every_source_exists_and_every_fact_is_asked() -> None:
    versions = [version for rule in rules().values() for version in rule.versions]
    assert {id for version in versions for id in version.source} <= sources().keys()
    assert {id for record in proposals().values() for id in record.source} <= sources().keys()
    asked = {
        leaf.fact for version in versions for part in (version.when, version.otherwise) if part for leaf in leaves(part)
    }
    assert asked <= FACTS.keys()


def test_what_follows_is_labelled() -> None:
    for rule in rules().values():
        if rule.stage not in ("definition", "classification"):
            assert all(version.label for version in rule.versions)


@given(on=st.dates(date(2020, 1, 1), date(2030, 1, 1)), later=st.integers(0, 2000))
def test_time_only_goes_forward_through_the_versions(on: date, later: int) -> None:
    for rule in rules().values():
        first, second = rule.at(on), rule.at(on + timedelta(days=later))
        if first is not None and second is not None:
            assert rule.versions.index(first) <= rule.versions.index(second)


@given(on=st.dates(date(2022, 1, 1), date(2028, 1, 1)))
def test_the_rulebook_of_a_day_holds_the_versions_of_that_day(on: date) -> None:
    book = rulebook(on)
    assert {version.rule: version for version in book.versions} == {
        id: version for id, rule in rules().items() if (version := rule.at(on)) is not None
    }


def test_a_rule_is_decided_after_those_it_asks() -> None:
    for on in breakpoints():
        seen: set[str] = set()
        for version in rulebook(on).versions:
            present = {asked for asked in version.asks() if asked not in rulebook(on).absent}
            assert present <= seen
            seen.add(version.rule)


def test_a_proposal_changes_only_what_it_says() -> None:
    after = overlaid(("stay-extended",))
    assert after["affiliates"].at(date(2026, 11, 10)).status == "stayed"  # type: ignore[union-attr]
    assert after["affiliates"].at(date(2025, 10, 1)) == rules()["affiliates"].at(date(2025, 10, 1))
    assert {id for id in rules() if after[id] != rules()[id]} == {"affiliates"}


def test_the_text_was_read_after_the_first_rule() -> None:
    assert law().known_from < law().verified_until


HEAD = 'id = "r"\ntitle = "t"\nstage = "{stage}"\n'
VERSION = '[[version]]\nfrom = {since}\ncite = "c"\nbasis = "primary"\nsource = ["ear-ccl"]\nwhen = {when}\n'


def rule_file(*when: str, stage: str = "review") -> str:
    return HEAD.format(stage=stage) + "".join(VERSION.format(since="2024-01-01", when=each) for each in when)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (rule_file('{ fact = "tpps", is = 1 }'), "tpps"),
        (rule_file('{ fact = "tpp", above = 1 }'), "above"),
        (rule_file("{ all = [] }", stage="reviews"), "stage"),
        (rule_file('{ rule = "none" }'), "none"),
        (rule_file("{ all = [] }", "{ all = [] }"), "overlap"),
        (rule_file(), "version"),
    ],
)
def test_a_broken_rule_file_says_where_and_what(content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(content, encoding="utf-8")
    with pytest.raises(BadData, match=said):
        read_rules(tmp_path)
