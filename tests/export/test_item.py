"""Items: from the catalogue, from vendors' lists, with the choices that the text leaves."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.catalogue.chip import chip, chip_ids
from assay.catalogue.derived import tpp as catalogue_tpp
from assay.core.errors import NotInCatalogue
from assay.export import ExportRequest, check, status
from assay.export.chip_item import TppChoices, find_chip, item, total
from assay.export.item import Item
from assay.export.law import sources
from assay.export.product import level_of, product, products, words


def test_the_published_tpp_wins_and_can_be_declined() -> None:
    h100 = chip("h100-sxm")
    published, computed = total(h100, TppChoices()), total(h100, TppChoices(figure="computed"))
    assert published is not None
    assert computed is not None
    assert published.value == 15_840
    assert computed.value == pytest.approx(15_830, rel=1e-3)
    assert "computed" in computed.basis


def test_tf32_and_fp6_are_choices() -> None:
    trainium, mi355 = chip("trainium2"), chip("mi355x")
    without, with_tf32 = total(trainium, TppChoices()), total(trainium, TppChoices(tf32=True))
    with_fp6, without_fp6 = total(mi355, TppChoices()), total(mi355, TppChoices(fp6=False))
    assert without is not None and with_tf32 is not None  # noqa: PT018
    assert with_fp6 is not None and without_fp6 is not None  # noqa: PT018
    assert with_tf32.value == pytest.approx(2 * without.value, rel=1e-3)
    assert with_fp6.value == pytest.approx(1.5 * without_fp6.value, rel=1e-3)


@pytest.mark.parametrize("id", chip_ids())
def test_every_chip_of_the_catalogue_is_an_item(id: str) -> None:
    found = item(id)
    assert found.datacentre is not None, "a product must say for what the chip is marketed"
    computed = total(chip(id), TppChoices(figure="computed"))
    if computed is not None and not any(key.startswith("classification") for key in chip(id).facts):
        assert computed.value == catalogue_tpp(chip(id).peak_flop_per_s)
    verdict = check(ExportRequest(found, date(2026, 8, 1), destination="CN", hq="CN"))
    assert verdict.licence_required is not None or verdict.unknown or verdict.prohibitions


def test_a_vendor_may_stand_in_front_of_an_id() -> None:
    assert find_chip("nvidia-h20-96gb").id == "h20-96gb"
    with pytest.raises(NotInCatalogue):
        find_chip("amd-h20-96gb")


def test_interconnect_counts_both_directions_and_the_host_link() -> None:
    a800 = item("a800-sxm-80gb")
    assert a800.interconnect_bytes_per_s == 464e9


def test_density_is_undefined_without_a_non_planar_die() -> None:
    assert Item("planar", tpp=3000.0, die_area_mm2=0.0).density == 0.0
    assert Item("unknown", tpp=3000.0).density is None


@given(tpp=st.floats(1, 1e6), density=st.sampled_from([1.6, 3.2, 5.92]))
def test_a_quotient_meets_the_threshold_it_is_equal_to(tpp: float, density: float) -> None:
    assert Item("edge", tpp=tpp, die_area_mm2=tpp / density).density == density


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("H20 SXM", "H20 (HGX)"),
        ("H20 NVL16", "H20 NVL16"),
        ("RTX PRO 4500 Blackwell Server", "RTX PRO 4500 Blackwell Server"),
        ("RTX PRO 4500 Blackwell Workstation", "RTX PRO 5000, 4500, 4000, 2000 Blackwell"),
        ("B30A (half of B300)", "B30A"),
        ("mi350x", "MI350 and MI355"),
        ("ascend-910b3", "Ascend 910B"),
        ("something else", None),
    ],
)
def test_the_longest_match_of_a_name_wins(name: str, listed: str | None) -> None:
    found = product(name)
    assert (found.name if found else None) == listed


def test_names_are_compared_by_words() -> None:
    assert words("H200 SXM, no (dd) certification") == ("h200", "sxm")


@pytest.mark.parametrize(
    ("eccn", "level"),
    [
        ("3A090.a", "a"),
        ("4A090.b", "b"),
        ("5A002.z.1", "a"),
        ("4A003.z.2", "b"),
        ("4A994.l", "below"),
        ("EAR99", "below"),
    ],
)
def test_an_eccn_has_a_level(eccn: str, level: str) -> None:
    assert level_of(eccn) == level


def test_every_product_has_a_source() -> None:
    assert {id for entry in products() for id in entry.source} <= sources().keys()


def test_the_status_of_a_chip_is_a_few_words() -> None:
    on = date(2026, 8, 1)
    assert status(chip("h20"), "CN", on) == "required: is-informed; 744.23(d)"
    assert status(chip("h20"), "Germany", on) == "not required"
    assert status(chip("ascend-910c"), "MY", on) == "prohibited: GP10"
    assert status(chip("rtx-5090"), "CN", on) == "required: case-by-case, NAC open"
