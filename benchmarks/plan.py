"""CPU seconds and points a second of a full deployment search. Run: python -m benchmarks.plan [PEER].

The search: DeepSeek-V3 on 32 H200 under one framework, one pool and two, finalists simulated. PEER is the path of an
`aiconfigurator` executable (PyPI aiconfigurator 0.12.0, in an environment of its own), which then answers the same.
"""

import sys
import time

from assay.serving.planning.answer import plan
from assay.serving.planning.request import PlanRequest
from benchmarks.compare import LIMITS, MODEL, RUNS, cpu_s, theirs

ENGINE = "sglang"
BAR_S = 2.0
BAR_POINTS_PER_S = 50_000.0
REQUEST = PlanRequest(
    model=MODEL,
    kinds=("h200",),
    chips=32,
    frameworks=(ENGINE,),
    input_tokens=4000,
    output_tokens=500,
    ttft_s=2.0,
    tpot_s=0.05,
    finalists=0,
)


def ours() -> tuple[str, ...]:
    """Return the command that plans."""
    sizes = ("--chip", "h200", "--chips", "32", "--framework", ENGINE)
    lengths = ("--input-tokens", "4000", "--output-tokens", "500")
    return (sys.executable, "-m", "assay", "plan", "--model", MODEL, *sizes, *lengths, *LIMITS)


def search() -> tuple[float, int, int]:
    """Return the least CPU seconds of some warm searches without simulation, the points and the pairs of one."""
    spent = []
    for _ in range(RUNS):
        before = time.process_time()
        found = plan(REQUEST)
        spent.append(time.process_time() - before)
    return min(spent), found.evaluated, found.pairs


def main() -> None:
    """Print CPU seconds and points a second, and the ratio where the peer is there."""
    cold_s = cpu_s(ours(), RUNS)
    verdict = "ok" if cold_s <= BAR_S else "MISSED"
    print(f"{'assay plan, 32 H200, cold, simulated':<44} {cold_s:9.2f} CPU s   bar {BAR_S}: {verdict}")
    warm_s, points, pairs = search()
    rate = points / warm_s
    verdict = "ok" if rate >= BAR_POINTS_PER_S else "MISSED"
    print(f"{'the search itself, warm':<44} {warm_s:9.3f} CPU s   {points:,} points, {pairs:,} pairs of pools")
    print(f"{'points a second, pairs not counted':<44} {rate:9,.0f} /s      bar {BAR_POINTS_PER_S:,.0f}: {verdict}")
    print(f"{'points and pairs a second':<44} {(points + pairs) / warm_s:9,.0f} /s")
    if len(sys.argv) > 1:
        peer_s = cpu_s(theirs(sys.argv[1], ENGINE), 1)
        print(f"{'aiconfigurator, same question, cold':<44} {peer_s:9.2f} CPU s   {peer_s / cold_s:.0f} x ours")


if __name__ == "__main__":
    main()
