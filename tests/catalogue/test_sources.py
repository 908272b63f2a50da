"""Sources: each has a title, each is cited, and what is cited exists."""

from __future__ import annotations

import re

import pytest

from assay.catalogue.entry import NOUNS, entries
from assay.catalogue.sources import source, sources
from assay.core.errors import NotInCatalogue


def test_every_source_has_a_title_and_an_id_that_reads() -> None:
    for id, found in sources().items():
        assert found.id == id
        assert re.fullmatch(r"[a-z0-9]+([.-][a-z0-9]+)*", id), id
        assert len(found.title) > 10
        assert not found.url or found.url.startswith("https://")


@pytest.mark.parametrize("noun", NOUNS)
def test_every_number_has_a_living_source(noun: str) -> None:
    for entry in entries(noun):
        for key, fact in entry.facts.items():
            assert fact.sources, (entry.id, key)
            assert set(fact.sources) <= set(sources()), (entry.id, key)


def test_an_unknown_source_names_the_nearest() -> None:
    with pytest.raises(NotInCatalogue) as caught:
        source("stas00-accelerator")
    assert "stas00-accelerators" in caught.value.nearest
