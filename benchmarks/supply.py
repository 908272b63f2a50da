"""Time and memory of `assay supply`: one process, one thread."""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is loaded: the bar is for one core

import resource
import time
from datetime import date

from assay.supply.diff import diff
from assay.supply.run import RunRequest, run
from assay.supply.scenario import scenario, scenario_names

AS_OF = date(2026, 11, 23)
BAR_S = {10_000: 0.4, 100_000: 3.0}
BAR_BYTES = 250e6


def main() -> None:
    """Print the seconds and bytes of runs, and how far pairing narrows each shipped scenario's difference."""
    quo = scenario("status-quo")
    run(RunRequest(quo, AS_OF, samples=100))  # load the catalogue
    for samples, bar in BAR_S.items():
        request = RunRequest(quo, AS_OF, samples=samples)
        best = min(_seconds(request) for _ in range(3))
        classes = len(request.plan().classes.names)
        print(f"{samples:>7,} samples x {quo.months} months x {classes} classes: {best:.2f} s CPU (bar {bar:g} s)")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"peak memory of the process: {peak / 1e6:.0f} MB (bar {BAR_BYTES / 1e6:.0f} MB)")
    base = RunRequest(quo, AS_OF)
    for name in scenario_names():
        if name != "status-quo":
            result = diff(base, RunRequest(scenario(name), AS_OF))
            by_label = {label: result.narrowing[result.names.index(f"owned.{label}")] for label in ("h100e_fp8", "tpp")}
            print(
                f"{name}: interval narrower "
                + ", ".join(f"{ratio:.1f} x ({label})" for label, ratio in by_label.items())
            )


def _seconds(request: RunRequest) -> float:
    begun = time.process_time()
    run(request)
    return time.process_time() - begun


if __name__ == "__main__":
    main()
