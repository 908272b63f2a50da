"""What `assay export check` is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from assay.core.errors import UsageError
from assay.export.item import Item

Movement = Literal[
    "export",
    "reexport",
    "transfer",
    "continued_use",
    "use",
    "evaluation",
    "remote_access",
    "deemed_export",
    "import",
]


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """One question: may this item go from here to there, for these parties, on this date? None is: not known."""

    item: Item
    date: date
    destination: str | None
    """ISO 3166-1 alpha-2, as all countries here."""
    hq: str | None = None
    """Of the end user."""
    origin: str | None = "US"
    movement: Movement | None = "export"
    quantity: int | None = None
    parent_hq: str | None = None
    """Of the end user's ultimate parent; None where it has none, or the same."""
    end_user: str | None = None
    """By name, where a rule names end users; "unlisted" is one that no rule names."""
    exporter_hq: str | None = None
    listed: bool = False
    """Whether a party is on a list. False is an assumption that every verdict repeats: screen the parties."""
    listed_owner_share: float = 0.0
    subject_to_ear: bool | None = None
    """Of an item designed in China: whether a foreign-direct-product rule reaches it."""
    named_in_letter: bool | None = None
    """Whether a letter whose addressees and destinations are not public names this sale."""
    bona_fide_operator: bool | None = None
    certified: bool | None = None
    us_tpp_ratio: float | None = None
    designer_buys_hbm: bool | None = None
    exempt_us_use: bool | None = None
    proposals: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be. Raises UsageError."""
        if self.movement is not None and self.movement not in get_args(Movement):
            raise UsageError(f"'{self.movement}' is no movement", f"Use one of {', '.join(get_args(Movement))}.")
        if self.quantity is not None and self.quantity < 1:
            raise UsageError(f"a quantity of {self.quantity} is none")
        if not 0 <= self.listed_owner_share <= 1:
            raise UsageError(f"a share of {self.listed_owner_share:g} is not between 0 and 1")
        if self.us_tpp_ratio is not None and not self.us_tpp_ratio >= 0:
            raise UsageError(f"a TPP ratio of {self.us_tpp_ratio:g} is negative")
