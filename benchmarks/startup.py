"""CPU seconds to start: what a user waits for before anything is computed. Run: python -m benchmarks.startup."""

import resource
import subprocess
import sys

RUNS = 7
CASES = (
    ("python -c pass", ("-c", "pass"), None),
    ("import assay", ("-c", "import assay"), 0.3),
    ("assay --help", ("-m", "assay", "--help"), 0.4),
)
"""Name, arguments of the interpreter, most CPU seconds."""


def cpu_s(arguments: tuple[str, ...]) -> float:
    """Return user and system seconds of one run of the interpreter."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the best of several runs of each case, beside its bar."""
    print(f"{'start':<16} {'CPU s':>6} {'bar':>5}")
    for name, arguments, bar_s in CASES:
        best = min(cpu_s(arguments) for _ in range(RUNS))
        verdict = "" if bar_s is None else f"{bar_s:5.1f}  {'ok' if best <= bar_s else 'MISSED'}"
        print(f"{name:<16} {best:6.3f} {verdict}")


if __name__ == "__main__":
    main()
