"""The questionnaire of red flags."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from assay.core.errors import BadData, UsageError
from assay.export.red_flags import read_answers, red_flags

ON = date(2026, 8, 1)


def raised(**answers: object) -> set[str]:
    return {flag.id for flag in red_flags(answers, ON) if flag.raised}


def test_without_answers_every_question_is_open() -> None:
    assert {flag.raised for flag in red_flags({}, ON)} == {None}


@pytest.mark.parametrize(
    ("fact", "answer", "flag"),
    [
        ("first_order_date", date(2023, 1, 1), "new-buyer"),
        ("address_type", "residential", "address"),
        ("dc_verified", False, "capacity"),
        ("hq_country", "CN", "headquarters"),
        ("ultimate_parent_country", "MO", "headquarters"),
        ("consignee_role", "freight forwarder", "consignee"),
        ("iaas_tenants_hq", "RU", "cloud-tenants"),
        ("shared_address", True, "shared-address"),
    ],
)
def test_an_answer_raises_its_flag(fact: str, answer: object, flag: str) -> None:
    assert raised(**{fact: answer}) == {flag}


def test_a_clean_answer_raises_none() -> None:
    assert raised(first_order_date=date(2020, 1, 1), address_type="commercial", dc_verified=True) == set()


def test_an_answer_to_no_question_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="dc_verified"):
        red_flags({"dc_verify": True}, ON)


def test_answers_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "answers.toml"
    path.write_text("first_order_date = 2024-03-01\ndc_verified = true\n", encoding="utf-8")
    assert read_answers(path) == {"first_order_date": date(2024, 3, 1), "dc_verified": True}
    path.write_text("colour = 1\n", encoding="utf-8")
    with pytest.raises(BadData, match="colour"):
        read_answers(path)
