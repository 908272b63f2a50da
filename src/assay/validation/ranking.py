"""Is the layout that a prediction ranks first the one that was measured best?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Final, TypeAlias

from assay.validation.peer import PeerRow
from assay.validation.predict import Predicted

LIMITS_S: Final = (0.010, 0.015, 0.020, 0.030, 0.050, 0.100)
"""TPOT limits at which every group is judged; where fewer than two layouts keep one, there is nothing to choose."""

Times: TypeAlias = tuple[float, float]
"""TTFT and TPOT, s."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """How good the choices were."""

    groups: int
    choices: int
    """Groups times the limits at which there was a choice."""
    mean_share: float
    """Measured tok/s/chip of the layout ranked first over the best measured one of the group, mean over the groups."""
    chance_share: float
    """The same for a layout taken at random."""

    def as_dict(self) -> dict[str, float]:
        """Return the ranking as JSON carries it."""
        return {
            "groups": self.groups,
            "choices": self.choices,
            "mean_share": self.mean_share,
            "chance_share": self.chance_share,
        }


def ranking(rows: Iterable[Predicted], times: Callable[[Predicted], Times]) -> Ranking:
    """Return how much of the best measured throughput the layout ranked first reaches.

    A group is a model, chip, framework, precision and pair of lengths of one campaign; a layout (TP, DP, EP) has a row
    for each concurrency. At a TPOT limit a layout is worth its most output tok/s/chip over the concurrencies that keep
    the limit, predicted for the choice and measured for the judgement; a layout of which no row keeps the limit is
    worth nothing. Groups count alike.

    Parameters
    ----------
    times
        The TTFT and TPOT that a tool predicts for a row.
    """
    shares, chances, choices = [], [], 0
    for group in _groups(rows).values():
        found = [choice for limit_s in LIMITS_S if (choice := _choice(group, limit_s, times)) is not None]
        if found:
            choices += len(found)
            shares.append(mean(share for share, _chance in found))
            chances.append(mean(chance for _share, chance in found))
    return Ranking(len(shares), choices, mean(shares), mean(chances))


def ours(each: Predicted) -> Times:
    """Return the times that Assay predicts."""
    return each.ttft_s, each.tpot_s


def measured(each: Predicted) -> Times:
    """Return the times that were measured."""
    return each.row.ttft_s or 0.0, each.row.tpot_s or 0.0


def peers(peer: Mapping[str, PeerRow]) -> Callable[[Predicted], Times]:
    """Return the function that looks up the times of AIConfigurator."""
    return lambda each: (peer[each.row.id].ttft_s, peer[each.row.id].tpot_s)


def _groups(rows: Iterable[Predicted]) -> dict[object, list[Predicted]]:
    groups: dict[object, list[Predicted]] = defaultdict(list)
    for each in rows:
        row = each.row
        if row.ttft_s and row.tpot_s:
            lengths = (row.input_tokens, row.output_tokens)
            groups[(row.model, row.chip, row.framework, row.precision, row.harness, *lengths)].append(each)
    return groups


def _choice(
    group: Sequence[Predicted], limit_s: float, times: Callable[[Predicted], Times]
) -> tuple[float, float] | None:
    """Return the share of the layout ranked first, and of a random one; None where there is no choice."""
    real, predicted = _worth(group, limit_s, measured), _worth(group, limit_s, times)
    best = max(real.values())
    if sum(worth > 0 for worth in real.values()) < 2:
        return None
    first = max(predicted, key=lambda layout: predicted[layout])
    return real[first] / best, mean(worth / best for worth in real.values())


def _worth(
    group: Sequence[Predicted], limit_s: float, times: Callable[[Predicted], Times]
) -> dict[tuple[int, int, int], float]:
    worth: dict[tuple[int, int, int], float] = {}
    for each in group:
        row, (ttft_s, tpot_s) = each.row, times(each)
        tok_per_s = row.concurrency * row.output_tokens / (ttft_s + row.output_tokens * tpot_s) / row.world
        layout = (row.tp, row.dp, row.ep)
        worth[layout] = max(worth.get(layout, 0.0), tok_per_s if tpot_s <= limit_s else 0.0)
    return worth
