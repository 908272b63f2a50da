"""Export checks per second on one core, every request another. Run: python -m benchmarks.export."""

from datetime import date, timedelta
from time import process_time
from typing import TypeVar

import numpy as np

from assay.export import ExportRequest, Item, check
from assay.export.country import country_codes

T = TypeVar("T")
CHECKS = 100_000
BAR_S = 10.0


def requests(count: int) -> list[ExportRequest]:
    """Return requests with random chips, dates, routes and parties; a tenth of the facts is missing."""
    random = np.random.default_rng(0)
    codes = [*country_codes(), *(["CN"] * 60)]

    def known(value: T) -> T | None:
        return None if random.random() < 0.1 else value

    found = []
    for tpp, area, dram, link, days in zip(
        random.uniform(500, 40_000, count),
        random.uniform(200, 1_600, count),
        random.uniform(1e11, 9e12, count),
        random.uniform(6e10, 2e12, count),
        random.integers(0, 1_500, count),
        strict=True,
    ):
        item = Item(
            "x",
            tpp=known(float(tpp)),
            die_area_mm2=known(float(area)),
            dram_bytes_per_s=known(float(dram)),
            interconnect_bytes_per_s=known(float(link)),
            datacentre=known(bool(random.random() < 0.5)),
            vendor=("NVIDIA", "AMD", "Intel")[random.integers(3)],
            designed_in="US",
        )
        to, hq = codes[random.integers(len(codes))], codes[random.integers(len(codes))]
        found.append(ExportRequest(item, date(2022, 9, 1) + timedelta(days=int(days)), destination=to, hq=hq))
    return found


def main() -> None:
    """Print how long 100,000 checks take."""
    asked = requests(CHECKS)
    begun_s = process_time()
    for request in asked:
        check(request)
    taken_s = process_time() - begun_s
    print(f"{CHECKS:,} checks: {taken_s:.1f} s of one core, {taken_s / CHECKS * 1e6:.0f} us each (bar: {BAR_S:.0f} s)")


if __name__ == "__main__":
    main()
