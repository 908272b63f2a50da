"""A coordinator as a process of its own: python -m tests.sweep.coordinator STORE LOG COUNT SECONDS."""

import sys
from pathlib import Path

from assay.sweep.executor import processes
from assay.sweep.run import sweep
from assay.sweep.sqlite import open_sqlite
from assay.sweep.study import Study


def study(log: str, count: int, seconds: float) -> Study:
    return Study("logged", {"log": log, "seconds": seconds}, {"x": range(count)})


def main(store: str, log: str, count: str, seconds: str) -> None:
    opened = open_sqlite(Path(store))
    with processes(1) as executor:
        points = study(log, int(count), float(seconds)).points(lambda _: "")
        sweep(points, "tests.sweep.functions:logged", opened, executor)
    opened.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
