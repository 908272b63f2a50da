"""CPU seconds of the main job, and of AIConfigurator on the same question. Run: python -m benchmarks.compare [PEER].

PEER is the path of an `aiconfigurator` executable (PyPI aiconfigurator 0.12.0, in an environment of its own); without
it only ours is timed. AIConfigurator answers for one chip and one engine a run, and not at all for chips that it did
not measure; ours answers six chips and every engine that runs on them.
"""

import resource
import subprocess
import sys

RUNS = 3
MODEL = "deepseek-ai/DeepSeek-V3"
LIMITS = ("--ttft", "2s", "--tpot", "50ms")
SIX = ("h20", "h100", "h200", "b200", "mi300x", "ascend-910c")
BAR_S = 3.0


def cpu_s(command: tuple[str, ...], runs: int) -> float:
    """Return the least user and system seconds of some runs of a command."""
    spent = []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(spent)


def ours(*chips: str) -> tuple[str, ...]:
    """Return the command that compares chips."""
    named = tuple(word for chip in chips for word in ("--chip", chip))
    lengths = ("--input-tokens", "4000", "--output-tokens", "500")
    return (sys.executable, "-m", "assay", "compare", "--model", MODEL, *named, *lengths, *LIMITS)


def theirs(executable: str, engine: str) -> tuple[str, ...]:
    """Return the command that searches on 32 H200 under one engine."""
    sizes = ("--total-gpus", "32", "--system", "h200_sxm", "--backend", engine)
    limits = ("--isl", "4000", "--osl", "500", "--ttft", "2000", "--tpot", "50")
    return (executable, "cli", "default", "--no-color", "--model-path", MODEL, *sizes, *limits)


def main() -> None:
    """Print CPU seconds, and the ratio where the peer is there."""
    six, one = cpu_s(ours(*SIX), RUNS), cpu_s(ours("h200"), RUNS)
    print(f"{'assay compare, 6 chips, cold':<40} {six:7.2f} CPU s   bar {BAR_S}: {'ok' if six <= BAR_S else 'MISSED'}")
    print(f"{'assay compare, H200, 3 engines, cold':<40} {one:7.2f} CPU s")
    if len(sys.argv) > 1:
        engines = ("trtllm", "vllm")
        peer = sum(cpu_s(theirs(sys.argv[1], engine), 1) for engine in engines)
        print(f"{'aiconfigurator, H200, 2 engines, cold':<40} {peer:7.2f} CPU s   {peer / one:.0f} x ours")


if __name__ == "__main__":
    main()
