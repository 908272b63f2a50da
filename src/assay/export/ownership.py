"""Ownership by listed parties, summed over owners and through chains: the 50 % test of the affiliates rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from assay.catalogue.door import Record, read_csv

HALF = 0.5
"""Share from which an entity is treated as its listed owners are."""


class Stake(Record):
    """One line of an ownership file: who owns how much of whom, 0 to 1."""

    owner: str = Field(min_length=1)
    owned: str = Field(min_length=1)
    share: float = Field(ge=0, le=1)


@dataclass(frozen=True, slots=True)
class Ownership:
    """What listed parties own of an entity together, and through whom."""

    entity: str
    share: float
    through: tuple[str, ...]
    """Owners that are listed, or count as listed because listed parties own half of them."""

    @property
    def affiliate(self) -> bool:
        """Return whether the affiliates rule reaches the entity."""
        return self.share >= HALF

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as JSON carries it."""
        return {
            "entity": self.entity,
            "listed_owner_share": self.share,
            "affiliate": self.affiliate,
            "through": list(self.through),
        }


def read_stakes(path: Path) -> tuple[Stake, ...]:
    """Return the stakes in a CSV file with the columns owner, owned, share. Raises BadData, all faults."""
    return tuple(read_csv(path, Stake))


def listed_ownership(entity: str, stakes: Iterable[Stake], listed: Iterable[str]) -> Ownership:
    """Return the share of an entity that listed parties own, directly or through entities that they own to half.

    An owner of which listed parties own at least 50 % counts as listed, with the whole of what it owns; below that
    it does not count. Several owners add up.

    Parameters
    ----------
    entity
        Whose owners are asked.
    stakes
        Who owns how much of whom; names are compared without case.
    listed
        Names of listed parties.
    """
    owners = _owners(stakes)
    counted = {name.casefold() for name in listed}
    while added := {
        owned
        for owned, shares in owners.items()
        if owned not in counted and sum(share for owner, share in shares.items() if owner in counted) >= HALF
    }:
        counted |= added
    shares = owners.get(entity.casefold(), {})
    through = tuple(owner for owner in shares if owner in counted)
    return Ownership(entity, min(1.0, sum(shares[owner] for owner in through)), through)


def _owners(stakes: Iterable[Stake]) -> Mapping[str, Mapping[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for stake in stakes:
        shares = found.setdefault(stake.owned.casefold(), {})
        owner = stake.owner.casefold()
        shares[owner] = shares.get(owner, 0.0) + stake.share
    return found
