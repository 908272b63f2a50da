"""Nodes: every one loads, names known chips, and the usual node of a chip is found from its head."""

from __future__ import annotations

import pytest

from assay.catalogue.chip import chip_ids
from assay.catalogue.node import node, node_ids, node_of, nodes
from assay.core.errors import NotInCatalogue


def test_every_node_loads_under_the_name_of_its_file() -> None:
    assert [found.id for found in nodes()] == list(node_ids())
    assert len(node_ids()) == 36


@pytest.mark.parametrize("id", node_ids())
def test_a_node_holds_known_chips_and_sourced_numbers(id: str) -> None:
    found = node(id)
    assert found.chip == found.chips[0]
    assert set(found.chips) <= set(chip_ids())
    assert all(fact.sources for fact in found.facts.values())
    assert (found.power_w is None) == (found.power_chips is None)


@pytest.mark.parametrize("id", node_ids())
def test_two_chips_share_at_most_the_links_of_one(id: str) -> None:
    found = node(id)
    if found.pair_bytes_per_s is not None and found.link_bytes_per_s is not None:
        assert found.pair_bytes_per_s <= found.link_bytes_per_s


@pytest.mark.parametrize("id", node_ids())
def test_the_default_node_of_a_chip_is_the_usual_one(id: str) -> None:
    found = node(id)
    for chip in found.chips:
        usual = node_of(chip)
        assert usual is not None
        assert usual.default
        assert chip in usual.chips
        assert (usual is found) == found.default


def test_usual_nodes() -> None:
    for chip, expected in {"h20-96gb": "hgx-h20", "ascend-910c": "cloudmatrix-384", "gb200": "gb200-nvl72"}.items():
        found = node_of(chip)
        assert found is not None
        assert found.id == expected
    assert node_of("enflame-l600") is None


def test_a_rack_says_how_many_chips_its_power_covers() -> None:
    rack = node("gb200-nvl72")
    assert (rack.chips_per_node, rack.domain_chips, rack.power_chips) == (4, 72, 72)


def test_a_mesh_states_what_two_chips_have() -> None:
    mi300x = node("mi300x-8")
    assert (mi300x.link_bytes_per_s, mi300x.pair_bytes_per_s) == (448e9, 64e9)


def test_an_unknown_node_names_the_nearest() -> None:
    with pytest.raises(NotInCatalogue) as caught:
        node("hgx-h21")
    assert "hgx-h20" in caught.value.nearest
