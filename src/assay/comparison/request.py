"""What `assay compare` is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from assay.core.errors import UsageError
from assay.economics.rate import Basis
from assay.engine.deployment import Speculation
from assay.serving.closed_loop import Workload
from assay.serving.layouts import Fixed
from assay.serving.search import ServiceLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareRequest:
    """One question: which of these chips serves this model, at this service level, for how much?

    Raises
    ------
    UsageError
        Where the request contradicts itself.
    """

    model: str
    """HF id, alias, or path to a config.json."""
    chips: tuple[str, ...]
    """Catalogue ids, aliases, or paths to TOML files."""
    input_tokens: float
    """Mean prompt length."""
    output_tokens: float
    """Mean answer length."""
    ttft_s: float
    """Longest mean time to first token."""
    tpot_s: float
    """Longest mean time per output token after the first."""
    cached_tokens: float = 0.0
    """Prompt tokens found in the prefix cache, of input_tokens."""
    frameworks: tuple[str, ...] = ()
    """Framework ids to choose from; none: all that run on the chip."""
    max_chips: int = 64
    """Most chips of one instance."""
    tp: int | None = None
    """Tensor parallel size of attention; None: searched, as the next three."""
    dp: int | None = None
    """Attention data-parallel ranks."""
    ep: int | None = None
    """Expert parallel size."""
    pp: int | None = None
    """Pipeline stages."""
    draft_tokens: int = 0
    """Tokens drafted per step by multi-token prediction."""
    accepted_tokens: float = 1.0
    """Tokens a step yields on average with drafting, the certain one included."""
    place: str = "US"
    """Country whose prices and tariffs come first (ISO 3166-1 alpha-2)."""
    basis: Basis = "auto"
    """Rental, ownership, or (auto) the one of both that prices most of the chips, the other where it fails."""
    as_of: date = date.max
    """Prices published later are not seen; the default sees all."""
    to: str = ""
    """Country to which the chips would be exported from the US (ISO 3166-1 alpha-2); empty: not asked."""

    def __post_init__(self) -> None:
        """Refuse requests that contradict themselves."""
        for names in ("chips", "frameworks"):
            object.__setattr__(self, names, tuple(getattr(self, names)))  # lists are welcome
        if not self.chips:
            raise UsageError("no chip to compare", "Name chips with --chip, for example --chip h20 --chip h200.")
        _checked = (self.workload, self.level, self.speculation)  # each refuses what cannot be
        if self.to and self.as_of == date.max:
            raise UsageError("export rules need a date", "State as_of (--as-of) with the country.")
        sizes = (self.max_chips, self.tp, self.dp, self.ep, self.pp)
        if any(size is not None and size < 1 for size in sizes):
            raise UsageError("max_chips, tp, dp, ep and pp are at least 1")

    @property
    def workload(self) -> Workload:
        """Lengths of the requests."""
        return Workload(self.input_tokens, self.output_tokens, self.cached_tokens)

    @property
    def level(self) -> ServiceLevel:
        """Limits on the mean times."""
        return ServiceLevel(self.ttft_s, self.tpot_s)

    @property
    def fixed(self) -> Fixed:
        """What the user decided of the layout."""
        return Fixed(self.tp, self.dp, self.ep, self.pp)

    @property
    def speculation(self) -> Speculation:
        """Multi-token prediction."""
        return Speculation(self.draft_tokens, self.accepted_tokens)
