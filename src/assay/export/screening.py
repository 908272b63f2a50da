"""Names against a list that the user brings: fuzzy, with the reason of every hit. No names ship with Assay."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from assay.core.errors import Unsupported, UsageError
from assay.export.ownership import Ownership, Stake, listed_ownership
from assay.export.party import Party

SCHEMA = "assay.export-screen/1"
THRESHOLD = 85.0
"""Least score of a hit, of 100."""
LEGAL_FORMS = frozenset(
    {"co", "company", "corp", "corporation", "inc", "incorporated", "ltd", "limited", "llc", "plc", "gmbh", "ag", "sa"}
    | {"srl", "bv", "nv", "oy", "ab", "as", "kk", "pte", "pvt", "jsc", "ooo", "group", "holding", "holdings", "the"}
    | {"international", "of", "and"}
)
"""Words that tell companies apart badly."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A listed party that a name may be."""

    name: str
    matched: str
    score: float
    same_country: bool | None
    party: Party

    def as_dict(self) -> dict[str, Any]:
        """Return the hit as JSON carries it."""
        return {
            "name": self.name,
            "matched": self.matched,
            "score": round(self.score, 1),
            "same_country": self.same_country,
            "countries": list(self.party.countries),
            "list": self.party.list,
            "id": self.party.id,
        }


@dataclass(frozen=True, slots=True)
class Screening:
    """What a list says of a party: hits on its name, and what listed parties own of it."""

    hits: tuple[Hit, ...]
    ownership: Ownership | None
    """None where no stakes are given."""

    def as_dict(self) -> dict[str, Any]:
        """Return the screening as JSON carries it."""
        return {
            "schema": SCHEMA,
            "hits": [hit.as_dict() for hit in self.hits],
            "ownership": self.ownership.as_dict() if self.ownership else None,
        }


def screening(
    name: str,
    parties: Sequence[Party],
    country: str | None = None,
    stakes: Sequence[Stake] = (),
    threshold: float = THRESHOLD,
) -> Screening:
    """Return the hits on a name, and the share of it that owners with hits own together; see `screen`."""
    owners = sorted({stake.owner for stake in stakes})
    listed = [owner for owner in owners if screen(owner, parties, threshold=threshold)]
    ownership = listed_ownership(name, stakes, listed) if stakes else None
    return Screening(screen(name, parties, country, threshold), ownership)


def screen(
    name: str, parties: Iterable[Party], country: str | None = None, threshold: float = THRESHOLD
) -> tuple[Hit, ...]:
    """Return the listed parties that a name may be, best first.

    The score is the mean of two of rapidfuzz's, 0 to 100, on names without accents, punctuation and legal forms: by
    letters in the order in which they stand, and by the set of words. A country that differs does not clear a name.

    Parameters
    ----------
    name
        Of a party to a transaction.
    parties
        Listed parties.
    country
        ISO code of the party; a hit says whether it is among those of the listed one.
    threshold
        Least score of a hit.

    Raises
    ------
    UsageError
        The name is empty, or the threshold is not between 0 and 100.
    Unsupported
        rapidfuzz is not installed.
    """
    try:
        from rapidfuzz import fuzz
    except ImportError as error:
        raise Unsupported("screening needs rapidfuzz", "Install it: pip install 'assay[export]'.") from error
    wanted = normalised(name)
    if not wanted:
        raise UsageError("there is no name to screen")
    if not 0 <= threshold <= 100:
        raise UsageError(f"a threshold of {threshold:g} is not between 0 and 100")
    hits = []
    for party in parties:
        scored = [
            ((fuzz.ratio(wanted, other) + fuzz.token_set_ratio(wanted, other)) / 2, listed)
            for listed in party.names
            if (other := normalised(listed))
        ]
        score, matched = max(scored, default=(0.0, ""))
        if score >= threshold:
            same = country in party.countries if country and party.countries else None
            hits.append(Hit(name, matched, score, same, party))
    return tuple(sorted(hits, key=lambda hit: (-hit.score, hit.matched)))


def normalised(name: str) -> str:
    """Return a name for comparison: no accents, punctuation or legal forms; the whole where nothing else is left."""
    bare = unicodedata.normalize("NFKD", name.casefold())
    words = re.findall(r"\w+", "".join(letter for letter in bare if not unicodedata.combining(letter)))
    telling = [word for word in words if word not in LEGAL_FORMS]
    return " ".join(telling or words)
