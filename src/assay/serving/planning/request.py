"""What `assay plan` is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal, get_args

from assay.core.errors import UsageError
from assay.economics.rate import Basis
from assay.engine.deployment import Speculation
from assay.serving.closed_loop import Workload
from assay.serving.layouts import Fixed
from assay.serving.search import ServiceLevel
from assay.serving.traffic.requests import Requests

Objective = Literal["throughput", "chips", "cost", "energy"]
Quantisation = Literal["native", "fp8", "int8", "nvfp4"]
LARGEST_INSTANCE: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """One question: which deployment of these chips serves this load best within a service level?

    Raises
    ------
    UsageError
        Where the request contradicts itself.
    """

    model: str
    """HF id, alias, or path to a config.json."""
    kinds: tuple[str, ...]
    """Kinds of chip: catalogue ids, aliases, or paths to TOML files."""
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
    chips: int | None = None
    """Chips at hand, of one kind or of two together; with a load, the most it may take."""
    rate_per_s: float | None = None
    """Load to carry: requests a second."""
    concurrency: int | None = None
    """Load to carry: requests under way at any time."""
    objective: Objective | None = None
    """What is best; None: most throughput of the chips at hand, fewest chips for a load."""
    frameworks: tuple[str, ...] = ()
    """Framework ids to choose from; none: all that run on a chip."""
    quantisations: tuple[Quantisation, ...] = ("native",)
    """Formats of the weights to choose from: the checkpoint's own, and what it could be converted to."""
    tp: int | None = None
    """Tensor parallel size of attention; None: searched, as the next three. Both pools where there are two."""
    dp: int | None = None
    """Attention data-parallel ranks."""
    ep: int | None = None
    """Expert parallel size."""
    pp: int | None = None
    """Pipeline stages."""
    draft_tokens: int = 0
    """Tokens drafted per step where multi-token prediction is on; 0: it stays off."""
    accepted_tokens: float = 1.0
    """Tokens a step yields on average with drafting, the certain one included."""
    requests: Requests | None = field(default=None, repr=False)
    """Requests whose lengths are simulated, and of which every instance holds the longest; None: all have the mean
    lengths."""
    finalists: int = 3
    """Most candidates that are simulated until one keeps the service level."""
    place: str = "US"
    """Country whose prices and tariffs come first (ISO 3166-1 alpha-2)."""
    basis: Basis = "auto"
    """Rental, ownership, or (auto) the one of both that prices most of the kinds."""
    as_of: date = date.max
    """Prices published later are not seen; the default sees all."""

    def __post_init__(self) -> None:
        """Refuse requests that contradict themselves."""
        for names in ("kinds", "frameworks", "quantisations"):
            object.__setattr__(self, names, tuple(dict.fromkeys(getattr(self, names))))  # lists are welcome
        self._check_question()
        _checked = (self.workload, self.level, self.speculations)  # each refuses what cannot be
        sizes = (self.chips, self.concurrency, self.tp, self.dp, self.ep, self.pp)
        if any(size is not None and size < 1 for size in sizes):
            raise UsageError("chips, concurrency, tp, dp, ep and pp are at least 1")
        if self.finalists < 0:
            raise UsageError("the number of finalists is at least 0")

    def _check_question(self) -> None:
        if not self.kinds:
            raise UsageError("no chip to plan with", "Name kinds of chip with --chip, for example --chip h200.")
        if self.rate_per_s is not None and self.concurrency is not None:
            raise UsageError("a load is a rate or a concurrency, not both")
        if self.rate_per_s is not None and not 0 < self.rate_per_s < float("inf"):
            raise UsageError(f"{self.rate_per_s:g} requests a second are no load")
        if self.chips is None and not self.has_load:
            raise UsageError(
                "neither chips nor a load", "State the chips at hand (--chips), or --rate or --concurrency."
            )
        if self.objective not in (None, *get_args(Objective)):
            raise UsageError(f"'{self.objective}' is no objective", f"Use one of {', '.join(get_args(Objective))}.")
        if self.objective == "chips" and not self.has_load:
            raise UsageError("the fewest chips for what?", "State the load with --rate or --concurrency.")
        unknown = set(self.quantisations) - set(get_args(Quantisation))
        if unknown or not self.quantisations:
            raise UsageError(
                f"no such conversion: {', '.join(sorted(unknown)) or 'none'}",
                f"Use {', '.join(get_args(Quantisation))}.",
            )

    @property
    def has_load(self) -> bool:
        """A load is to be carried, rather than as much as the chips can."""
        return self.rate_per_s is not None or self.concurrency is not None

    @property
    def goal(self) -> Objective:
        """The objective, or the usual one."""
        return self.objective or ("chips" if self.has_load else "throughput")

    @property
    def largest_instance(self) -> int:
        """Most chips of one instance."""
        return min(self.chips or LARGEST_INSTANCE, LARGEST_INSTANCE)

    @property
    def longest_tokens(self) -> float:
        """Tokens of the longest request, answer included; of the mean one where only means are known."""
        mean = self.input_tokens + self.output_tokens
        if self.requests is None:
            return mean
        return max(mean, float((self.requests.input_tokens + self.requests.output_tokens).max()))

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
    def speculations(self) -> tuple[Speculation, ...]:
        """Multi-token prediction: off, and on where its acceptance is stated."""
        drafting = Speculation(self.draft_tokens, self.accepted_tokens)
        return (Speculation(), drafting) if self.draft_tokens else (Speculation(),)
