"""The publications that facts point to: data/sources/*.toml, a table per source."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from assay.catalogue.door import DATA, Record, read_toml
from assay.core.errors import NotInCatalogue
from assay.core.source import Source


class SourceRecord(Record):
    """`[source.some-id]` with a title, and a URL where the address is known."""

    title: str
    url: str = ""
    read: str = ""

    def source(self, id: str) -> Source:
        """Return the source that the file states under `id`."""
        return Source(id, self.title, self.url, self.read)


class SourcesFile(Record):
    """One file of sources."""

    source: dict[str, SourceRecord]


@cache
def sources(folder: Path = DATA / "sources") -> dict[str, Source]:
    """Return every source of the catalogue by id."""
    found: dict[str, Source] = {}
    for path in sorted(folder.glob("*.toml")):
        for id, record in read_toml(path, SourcesFile).source.items():
            found[id] = record.source(id)
    return found


def source(id: str) -> Source:
    """Return one source. Raises NotInCatalogue with the nearest ids."""
    try:
        return sources()[id]
    except KeyError:
        raise NotInCatalogue("source", id, sources()) from None
