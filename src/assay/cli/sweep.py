"""`assay sweep`: a grid of requests to one verb, kept in a store that survives a kill."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from assay.core.errors import AssayError, UsageError

if TYPE_CHECKING:
    from assay.sweep.executor import Executor
    from assay.sweep.store import Store
    from assay.sweep.study import Point

TERMINATED = 143  # 128 + SIGTERM


def sweep(
    study: Path,
    /,
    *,
    store: str = "",
    executor: Literal["process", "ray"] = "process",
    address: str = "",
    workers: int | None = None,
    retry: Annotated[bool, Parameter(negative=())] = False,
    json: Annotated[bool, Parameter(negative=())] = False,
    csv: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Answer every request of a grid, and keep each answer as it comes.

    Stopped or killed, the same command goes on where it was; with nothing left to do, it prints what the store holds.
    docs/sweep.md shows a study.

    Parameters
    ----------
    study
        TOML file: the verb, the fields of its request, and the axes of the grid.
    store
        Where results are kept: path of a SQLite file (default: beside the study), or postgresql://user@host/database.
    executor
        process: processes of this machine; ray: a Ray cluster (extra `ray`).
    address
        Ray cluster to use, such as 10.0.0.1:6379; default: one started here for the sweep.
    workers
        Points computed at once; default: one for each processor.
    retry
        Compute again what failed before.
    json
        Print one JSON object (schema assay.sweep/1).
    csv
        Print one line for each result; for compare, for each chip of each result.
    """
    from assay.cli import output
    from assay.cli.sweep_study import points_of, read_study
    from assay.cli.sweep_tables import Answer, print_answer

    if address and executor != "ray":
        raise UsageError("an address is of a Ray cluster", "Say --executor ray.")
    if workers is not None and workers < 1:
        raise UsageError("a sweep needs at least one worker")
    asked = read_study(study)
    points = points_of(asked)
    keys = [point.key for point in points]
    with closing(_opened(store or str(study.with_suffix(".sqlite")))) as opened:
        if retry:
            opened.forget_failures(keys)
        _compute(asked.verb, points, opened, _workers(executor, address, workers))
        answer = Answer(asked, points, opened.results(keys))
    if json:
        output.emit_json(answer.as_dict())
    elif csv:
        output.emit_csv(answer.lines())
    else:
        print_answer(answer, output.console())
        output.console().print(f"{len(points)} points in {opened.name}", style="dim", markup=False, soft_wrap=True)
    _tell(answer.failures, len(points))


def _opened(store: str) -> Store:
    from assay.sweep.postgres import SCHEMES, open_postgres
    from assay.sweep.sqlite import open_sqlite

    if store.startswith(SCHEMES):
        return open_postgres(store)
    if "://" in store:
        raise UsageError(f"no store at '{store}'", "A store is a path, or a URL that begins with postgresql://.")
    return open_sqlite(Path(store))


def _workers(executor: str, address: str, workers: int | None) -> AbstractContextManager[Executor]:
    from assay.sweep.executor import processes
    from assay.sweep.ray import ray_cluster

    return ray_cluster(address, workers) if executor == "ray" else processes(workers or _processors())


def _processors() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _compute(verb: str, points: Sequence[Point], store: Store, workers: AbstractContextManager[Executor]) -> None:
    from assay.cli import output
    from assay.cli.sweep_verbs import VERBS
    from assay.sweep.run import sweep as run

    keys = [point.key for point in points]
    if len(store.settled(keys)) == len(keys):
        return  # no worker is started for nothing
    try:
        with output.progress(len(points), "points", file=sys.stderr) as advance, workers as started, _ends_on_sigterm():
            run(points, VERBS[verb].function, store, started, advance=advance)
    except (KeyboardInterrupt, SystemExit):
        kept = len(store.settled(keys))
        told = f"stopped: {kept} of {len(keys)} points are kept in {store.name}. Run the same command again to go on."
        print(f"assay: {told}", file=sys.stderr)  # noqa: T201
        raise


@contextmanager
def _ends_on_sigterm() -> Iterator[None]:
    """Let SIGTERM end the program as Ctrl-C does, so that workers are ended and claims given back."""

    def end(_number: int, _frame: object) -> None:
        raise SystemExit(TERMINATED)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _tell(failures: Sequence[Any], points: int) -> None:
    """Say on stderr how many points failed, and why the first; raise that error where all did."""
    if not failures:
        return
    first = failures[0]
    if len(failures) < points:
        message = f"{len(failures)} of {points} points failed, the first: {first['message']}"
        print(f"assay: {message}", file=sys.stderr)  # noqa: T201
        return
    error = AssayError(f"all {points} points failed, the first: {first['message']}", first["hint"])
    error.exit_code = first["exit_code"]
    raise error
