"""The engine: what must hold for every request."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import NotInCatalogue, UsageError
from assay.export import check
from assay.export import rulebook as book_module
from assay.export.item import Item
from assay.export.law import law
from assay.export.request import ExportRequest
from assay.export.rule import Rule
from assay.export.rulebook import rules
from tests.export.strategies import requests

STRICTNESS = {False: 0, None: 1, True: 2}
OF_ITEM = (
    "kind",
    "tpp",
    "die_area_mm2",
    "dram_bytes_per_s",
    "interconnect_bytes_per_s",
    "hbm_density_bytes_per_s_per_mm2",
    "datacentre",
    "vendor",
    "designed_in",
)
OF_ROUTE = (
    "destination",
    "hq",
    "origin",
    "movement",
    "quantity",
    "end_user",
    "exporter_hq",
    "subject_to_ear",
    "named_in_letter",
    "bona_fide_operator",
    "certified",
    "us_tpp_ratio",
    "designer_buys_hbm",
    "exempt_us_use",
)


@given(request=requests(), more=st.floats(1.0, 20.0))
def test_more_tpp_never_loosens(request: ExportRequest, more: float) -> None:
    assert request.item.tpp is not None
    faster = replace(request, item=replace(request.item, tpp=request.item.tpp * more))
    before, after = check(request), check(faster)
    assert STRICTNESS[after.licence_required] >= STRICTNESS[before.licence_required]
    assert STRICTNESS[after.text.licence_required] >= STRICTNESS[before.text.licence_required]


@given(
    request=requests(),
    items=st.sets(st.sampled_from(OF_ITEM)),
    routes=st.sets(st.sampled_from(OF_ROUTE)),
)
def test_a_missing_input_never_yields_a_false_no(request: ExportRequest, items: set[str], routes: set[str]) -> None:
    whole = check(request)
    less = replace(request, item=replace(request.item, **dict.fromkeys(items)), **dict.fromkeys(routes))  # type: ignore[arg-type]
    partial = check(less)
    if partial.licence_required is not None:
        assert partial.licence_required is whole.licence_required
    else:
        assert partial.unknown or partial.prohibitions


@given(request=requests(), rule=st.sampled_from([rule for rule in rules().values() if rule.stage == "requirement"]))
def test_a_stay_never_tightens(request: ExportRequest, rule: Rule) -> None:
    in_force = check(request)
    stayed = replace(rule, versions=tuple(replace(version, status="stayed") for version in rule.versions))
    with patch.object(book_module, "overlaid", lambda _: {**rules(), rule.id: stayed}):
        book_module._compiled.cache_clear()
        after = check(request)
    book_module._compiled.cache_clear()
    assert STRICTNESS[after.licence_required] <= STRICTNESS[in_force.licence_required]


@given(request=requests())
def test_the_text_never_asks_less_than_what_is_enforced(request: ExportRequest) -> None:
    verdict = check(request)
    assert STRICTNESS[verdict.text.licence_required] >= STRICTNESS[verdict.licence_required]
    assert set(verdict.keys) <= set(verdict.text.keys)


@given(request=requests())
def test_the_same_request_gives_the_same_answer_with_its_reasons(request: ExportRequest) -> None:
    verdict = check(request)
    assert verdict.as_dict() == check(request).as_dict()
    assert bool(verdict.keys) is (verdict.licence_required is True)
    if not verdict.licence_required:
        assert verdict.review_policy is None
    assert len(verdict.trail) == len({step.rule.rule for step in verdict.trail})


@given(request=requests())
def test_where_no_licence_is_required_no_requirement_is_met(request: ExportRequest) -> None:
    verdict = check(request)
    met = {step.met for step in verdict.trail if step.rule.stage == "requirement" and step.rule.binds}
    if verdict.licence_required is False:
        assert met <= {False}
        assert not verdict.prohibitions


H100 = Item("H100", tpp=15840.0, datacentre=True, dram_bytes_per_s=3.35e12, vendor="NVIDIA", designed_in="US")


def test_before_the_first_rule_the_answer_is_unknown_with_a_warning() -> None:
    verdict = check(ExportRequest(H100, date(2021, 1, 1), destination="CN", hq="CN"))
    assert verdict.licence_required is None
    assert verdict.warnings
    assert verdict.unknown


def test_after_what_was_verified_the_answer_comes_with_a_warning() -> None:
    on = date.fromordinal(law().verified_until.toordinal() + 1)
    verdict = check(ExportRequest(H100, on, destination="CN", hq="CN"))
    assert verdict.licence_required is True
    assert str(law().verified_until) in verdict.warnings[0]
    assert not check(replace(verdict.request, date=law().verified_until)).warnings


def test_text_and_enforcement_are_two_things() -> None:
    verdict = check(ExportRequest(H100, date(2026, 6, 15), destination="DE", hq="DE"))
    assert (verdict.licence_required, verdict.text.licence_required) == (False, True)
    assert [opening.name for opening in verdict.text.exceptions if opening.open] == ["AIA"]
    enforced = check(replace(verdict.request, proposals=("ai-diffusion-enforced",)))
    assert enforced.licence_required is True


def test_the_keys_are_independent() -> None:
    verdict = check(ExportRequest(H100, date(2026, 2, 15), destination="CN", hq="CN", listed=True))
    assert verdict.keys == ("destination", "entity list", "headquarters")
    assert verdict.exceptions == ()


def test_a_prohibition_is_no_licence_question_and_no_clearance() -> None:
    ascend = Item("Ascend", tpp=5120.0, datacentre=True, designed_in="CN", family="Ascend 910B")
    request = ExportRequest(ascend, date(2025, 6, 1), destination="MY", hq="MY", origin="MY", movement="use")
    verdict = check(request)
    assert verdict.licence_required is None
    assert [version.label for version in verdict.prohibitions] == ["GP10"]
    assert not check(replace(request, movement="evaluation")).prohibitions


@pytest.mark.parametrize(
    "wrong",
    [{"movement": "smuggle"}, {"quantity": 0}, {"listed_owner_share": 1.5}, {"us_tpp_ratio": -1.0}],
)
def test_a_request_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        ExportRequest(H100, date(2026, 2, 15), destination="CN", **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_an_item_that_cannot_be_is_refused(value: float) -> None:
    with pytest.raises(UsageError, match="tpp"):
        Item("x", tpp=value)


def test_an_unknown_proposal_names_the_nearest() -> None:
    with pytest.raises(NotInCatalogue, match="stay-extended"):
        check(ExportRequest(H100, date(2026, 2, 15), destination="CN", proposals=("stay-extend",)))
