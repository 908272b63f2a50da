"""Service levels that have a name."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import PositiveFloat

from assay.catalogue.door import Record, read_toml
from assay.core.errors import NotInCatalogue
from assay.serving.search import ServiceLevel

DATA = Path(__file__).parent / "data"


class LimitsRecord(Record):
    """Limits of one scenario of one benchmark."""

    ttft_ms: PositiveFloat
    tpot_ms: PositiveFloat


class NamedLevels(Record):
    """data/mlperf.toml: model, scenario, limits."""

    source: str
    limits: dict[str, dict[str, LimitsRecord]]


def named_level(name: str) -> ServiceLevel:
    """Return the service level of a name such as ``mlperf:deepseek-r1:interactive``.

    The limits become limits on the means here; MLPerf asks them of 99 % of the requests.

    Raises
    ------
    NotInCatalogue
        An unknown name; the hint holds the nearest.
    """
    levels = named_levels()
    try:
        return levels[name.casefold()]
    except KeyError:
        raise NotInCatalogue("service level", name, levels, f"Known: {', '.join(levels)}.") from None


@cache
def named_levels() -> dict[str, ServiceLevel]:
    """Return all service levels that have a name."""
    table = read_toml(DATA / "mlperf.toml", NamedLevels)
    return {
        f"mlperf:{model}:{scenario}": ServiceLevel(record.ttft_ms * 1e-3, record.tpot_ms * 1e-3)
        for model, scenarios in table.limits.items()
        for scenario, record in scenarios.items()
    }
