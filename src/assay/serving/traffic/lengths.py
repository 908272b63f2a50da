"""How long prompts and answers are: distributions of whole numbers of tokens, at least 1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from assay.core.errors import UsageError
from assay.core.quantity import parse_count
from assay.serving.traffic.part import MOST_TOKENS
from assay.serving.traffic.requests import IntArray

_FORMS: Final = (
    "Write 4096 or 4K, uniform:512-1024, range:4096,0.8 (0.8 x 4096 to 4096), normal:4096,512 (mean, standard "
    "deviation) or lognormal:4096,0.8 (mean, coefficient of variation)."
)
_LARGEST_CV = 100.0


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same. Raises UsageError unless it lies between 1 and 1e9."""

    tokens: int

    def __post_init__(self) -> None:
        """Refuse what is no length."""
        _check_length(self.tokens)

    def draw(self, random: np.random.Generator, count: int) -> IntArray:  # noqa: ARG002  # nothing is random
        """Return `count` lengths."""
        return np.full(count, self.tokens, np.int64)


@dataclass(frozen=True, slots=True)
class Uniform:
    """Every whole number from `low` to `high`, both included. Raises UsageError unless 1 <= low <= high <= 1e9."""

    low: int
    high: int

    def __post_init__(self) -> None:
        """Refuse ends that are no lengths or change places."""
        _check_length(self.low)
        _check_length(self.high)
        if self.low > self.high:
            raise UsageError(f"a length from {self.low} to {self.high}: the first is the larger", "Swap them.")

    def draw(self, random: np.random.Generator, count: int) -> IntArray:
        """Return `count` independent lengths."""
        return random.integers(self.low, self.high, count, np.int64, endpoint=True)


@dataclass(frozen=True, slots=True)
class Normal:
    """Normal distribution cut off below 1 and rounded, as of AIPerf's mean and standard deviation.

    What falls below 1 is drawn again, so the mean lies above `mean` where the deviation is not small against it.
    Raises UsageError unless the mean lies between 1 and 1e9 and the deviation between 0 and 1e9.
    """

    mean: float
    deviation: float

    def __post_init__(self) -> None:
        """Refuse parameters outside the range."""
        _check_length(self.mean)
        if not 0 <= self.deviation <= MOST_TOKENS:
            raise UsageError(f"a standard deviation of {self.deviation:g} tokens: not from 0 to {MOST_TOKENS:,}")

    def draw(self, random: np.random.Generator, count: int) -> IntArray:
        """Return `count` independent lengths."""
        drawn = np.rint(random.normal(self.mean, self.deviation, count))
        while (short := np.flatnonzero(drawn < 1)).size:  # at most half of them, as the mean is 1 or more
            drawn[short] = np.rint(random.normal(self.mean, self.deviation, short.size))
        return drawn.astype(np.int64)


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Log-normal distribution of a mean and a coefficient of variation (standard deviation / mean), rounded.

    Formula: sigma^2 = ln(1 + cv^2), mu = ln(mean) - sigma^2 / 2. Lengths are cut at 1 and 1e9. Raises UsageError unless
    the mean lies between 1 and 1e9 and the coefficient between 0 and 100.
    """

    mean: float
    cv: float

    def __post_init__(self) -> None:
        """Refuse parameters outside the range."""
        _check_length(self.mean)
        if not 0 <= self.cv <= _LARGEST_CV:
            raise UsageError(f"a coefficient of variation of {self.cv:g}: not from 0 to {_LARGEST_CV:g}")

    def draw(self, random: np.random.Generator, count: int) -> IntArray:
        """Return `count` independent lengths."""
        variance = math.log1p(self.cv**2)
        drawn = random.lognormal(math.log(self.mean) - variance / 2, math.sqrt(variance), count)
        return np.clip(np.rint(drawn), 1, MOST_TOKENS).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Empirical:
    """Lengths seen elsewhere, such as a column of a trace, drawn with replacement.

    Inputs and outputs drawn from two columns are independent; to keep their pairs, draw rows of the trace. Raises
    UsageError where there are no lengths, or one below 1.
    """

    tokens: IntArray

    def __post_init__(self) -> None:
        """Refuse columns that hold no lengths."""
        if not self.tokens.size or self.tokens.min() < 1:
            raise UsageError("lengths to draw from must be there, and be 1 or more")

    def draw(self, random: np.random.Generator, count: int) -> IntArray:
        """Return `count` independent lengths."""
        return random.choice(self.tokens, count)


Length: TypeAlias = Fixed | Uniform | Normal | LogNormal | Empirical


def around(nominal: int, ratio: float) -> Uniform:
    """Return the lengths of ``--random-range-ratio`` of vLLM's benchmark: (1 - r) to (1 + r) times the nominal length.

    The ends are rounded outwards (releases of vLLM differ by a token here), the lower one is at least 1. Raises
    UsageError unless 0 <= ratio < 1.
    """
    if not 0 <= ratio < 1:
        raise UsageError(f"a range ratio of {ratio:g} around the nominal length: not from 0 to below 1")
    return Uniform(max(math.floor(nominal * (1 - ratio)), 1), math.ceil(nominal * (1 + ratio)))


def up_to(nominal: int, ratio: float) -> Uniform:
    """Return the lengths of the range ratio of InferenceX's benchmark: r times the nominal length to all of it.

    The lower end is rounded down and at least 1. Raises UsageError unless 0 <= ratio <= 1.
    """
    if not 0 <= ratio <= 1:
        raise UsageError(f"a range ratio of {ratio:g} up to the nominal length: not from 0 to 1")
    return Uniform(max(int(nominal * ratio), 1), nominal)


def parse_length(text: str) -> Length:
    """Return the distribution that a text names.

    ``4096`` and ``4K`` are fixed, ``uniform:512-1024`` has both ends included, ``range:4096,0.8`` is InferenceX's range
    ratio (`up_to`), ``normal:4096,512`` has a mean and a standard deviation, ``lognormal:4096,0.8`` a mean and a
    coefficient of variation. Counts may be written 4K. Raises UsageError.
    """
    family, colon, parameters = text.partition(":")
    if not colon:
        return Fixed(_count(text, text))
    match family.strip():
        case "uniform":
            low, high = _two(parameters, "-", text)
            return Uniform(_count(low, text), _count(high, text))
        case "range":
            nominal, ratio = _two(parameters, ",", text)
            return up_to(_count(nominal, text), _number(ratio, text))
        case "normal":
            mean, deviation = _two(parameters, ",", text)
            return Normal(_count(mean, text), _number(deviation, text))
        case "lognormal":
            mean, cv = _two(parameters, ",", text)
            return LogNormal(_count(mean, text), _number(cv, text))
    raise UsageError(f"'{text}' is no length: '{family}' is no distribution", _FORMS)


def _two(parameters: str, separator: str, text: str) -> tuple[str, str]:
    parts = parameters.split(separator)
    if len(parts) != 2:
        raise UsageError(f"'{text}' is no length: it needs two numbers with '{separator}' between", _FORMS)
    return parts[0], parts[1]


def _count(part: str, text: str) -> int:
    try:
        return parse_count(part)
    except UsageError as error:
        raise UsageError(f"'{text}' is no length: {error.message}", _FORMS) from None


def _number(part: str, text: str) -> float:
    try:
        return float(part)
    except ValueError:
        raise UsageError(f"'{text}' is no length: '{part}' is not a number", _FORMS) from None


def _check_length(tokens: float) -> None:
    if not 1 <= tokens <= MOST_TOKENS:
        raise UsageError(f"a length of {tokens:g} tokens: not from 1 to {MOST_TOKENS:,}")
