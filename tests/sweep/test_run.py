"""A sweep computes each point once, whatever happens to it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from assay.core.errors import AssayError
from assay.sweep.executor import Executor, processes
from assay.sweep.pace import AT_MOST, TASK_S, Pace
from assay.sweep.run import sweep
from assay.sweep.sqlite import open_sqlite
from assay.sweep.study import Study
from assay.sweep.task import Outcome, Task, perform
from tests.sweep.coordinator import study

ROOT = Path(__file__).parents[2]
PLACE = "tests.sweep.functions:"


class Here:
    """An executor without processes: a task is performed when its outcome is asked for, the last one first."""

    workers = 2

    def __init__(self) -> None:
        self.tasks: list[Task] = []
        self.sizes: list[int] = []

    def submit(self, task: Task) -> None:
        self.tasks.append(task)
        self.sizes.append(len(task.requests))

    def completed(self, timeout_s: float) -> list[list[Outcome]]:
        assert timeout_s > 0
        return [perform(self.tasks.pop())]


@pytest.fixture(scope="module")
def pool() -> Iterator[Executor]:
    with processes(2) as executor:
        yield executor


def coordinator(store: Path, log: Path, count: int, seconds: float) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "tests.sweep.coordinator", store, log, str(count), str(seconds)]
    return subprocess.Popen(list(map(str, words)), cwd=ROOT, stderr=subprocess.PIPE, text=True)


def test_every_point_gets_its_result_on_processes(tmp_path: Path, pool: Executor) -> None:
    points = Study("square", {}, {"x": range(300)}).points(lambda _: "")
    settled = []
    with closing(open_sqlite(tmp_path / "study.sqlite")) as store:
        sweep(points, PLACE + "square", store, pool, advance=lambda: settled.append(1))
        results = store.results([point.key for point in points])
    found = [json.loads(results[point.key].content) for point in points]
    assert found == [{"square": x**2} for x in range(300)]
    assert len(settled) == 300


def test_fast_points_are_handed_out_together(tmp_path: Path) -> None:
    points = Study("square", {}, {"x": range(1000)}).points(lambda _: "")
    here = Here()
    with closing(open_sqlite(tmp_path / "study.sqlite")) as store:
        sweep(points, PLACE + "square", store, here)
    assert here.sizes[0] == 1
    assert max(here.sizes) > 50
    assert sum(here.sizes) == 1000


@pytest.mark.parametrize(("seconds", "points"), [(1.0, 1), (TASK_S, 1), (TASK_S / 10, 10), (0.0, AT_MOST)])
def test_a_task_takes_long_enough(seconds: float, points: int) -> None:
    pace = Pace()
    assert pace.points(10**6, 2) == 1
    for _ in range(3):
        pace.saw(seconds)
    assert pace.points(10**6, 2) == points
    assert pace.points(2, 2) == 1  # each worker has one


def test_done_points_are_not_computed_again_and_failed_ones_only_when_asked(tmp_path: Path) -> None:
    points = Study("odd_fails", {}, {"x": range(6)}).points(lambda _: "")
    keys = [point.key for point in points]
    with closing(open_sqlite(tmp_path / "study.sqlite")) as store:
        here = Here()
        sweep(points, PLACE + "odd_fails", store, here)
        sweep(points, PLACE + "odd_fails", store, here)
        assert sum(here.sizes) == 6
        assert [store.settled(keys)[key] for key in keys] == ["done", "failed"] * 3
        assert json.loads(store.results(keys)[keys[1]].content) == {
            "message": "1 is odd",
            "hint": "Take an even one.",
            "exit_code": 4,
        }
        bug = json.loads(store.results(keys)[keys[5]].content)
        assert (bug["message"], bug["exit_code"]) == ("ZeroDivisionError: by five", 70)
        store.forget_failures(keys)
        sweep(points, PLACE + "odd_fails", store, here)
        assert sum(here.sizes) == 9


def test_a_worker_that_dies_is_told_and_its_claims_are_given_back(tmp_path: Path) -> None:
    points = Study("dies", {}, {"x": [3]}).points(lambda _: "")
    with closing(open_sqlite(tmp_path / "study.sqlite")) as store:
        with processes(1) as executor, pytest.raises(AssayError, match="worker process died"):
            sweep(points, PLACE + "dies", store, executor)
        assert store.claim(points, "next") == {points[0].key}


def test_a_claim_of_another_is_waited_for_and_taken_over_when_it_runs_out(tmp_path: Path) -> None:
    points = Study("square", {}, {"x": range(3)}).points(lambda _: "")
    with closing(open_sqlite(tmp_path / "study.sqlite")) as store:
        store.claim(points[:1], "other machine/1/1/1", lease_s=0.5)
        here = Here()
        begun_s = time.monotonic()
        sweep(points, PLACE + "square", store, here)
        assert time.monotonic() - begun_s > 0.4
        assert set(store.settled([point.key for point in points]).values()) == {"done"}
        assert sum(here.sizes) == 3


def test_killed_at_any_moment_it_goes_on_and_computes_nothing_done_again(tmp_path: Path) -> None:
    place, log, count = tmp_path / "study.sqlite", tmp_path / "log", 80
    keys = {point.key: point.request["x"] for point in study(str(log), count, 0.03).points(lambda _: "")}
    chance = random.Random(7)  # noqa: S311
    computed: Counter[int] = Counter()
    when_done: dict[int, int] = {}  # how often each point had been computed when it was first seen done
    for _ in range(5):
        process = coordinator(place, log, count, 0.03)
        wait_for_more(log, computed.total())
        time.sleep(chance.uniform(0.0, 0.25))
        process.kill()
        process.communicate()
        computed = _lines(log)
        with closing(open_sqlite(place)) as store:
            done = {keys[key] for key in store.settled(list(keys))}
        assert set(when_done) <= done
        assert when_done == {x: computed[x] for x in when_done}
        when_done = {x: computed[x] for x in done}
    assert 0 < len(when_done) < count, "killed too early or too late to show anything"
    process = coordinator(place, log, count, 0.03)
    assert process.communicate() == (None, "")
    assert process.returncode == 0
    computed = _lines(log)
    assert set(computed) == set(range(count))
    assert when_done == {x: computed[x] for x in when_done}
    with closing(open_sqlite(place)) as store:
        rows = store.connection.execute("SELECT key, state FROM assay_sweep").fetchall()
    assert sorted(rows) == sorted((key, "done") for key in keys)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the children of a process are read from /proc")
def test_workers_end_with_a_coordinator_that_is_killed(tmp_path: Path) -> None:
    process = coordinator(tmp_path / "study.sqlite", tmp_path / "log", 2000, 0.03)
    wait_for_more(tmp_path / "log", 0)
    workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert workers
    process.kill()
    process.communicate()
    end_s = time.monotonic() + 20
    while any(_runs(worker) for worker in workers):
        assert time.monotonic() < end_s, "a worker lives on"
        time.sleep(0.02)


def test_two_coordinators_share_a_store_and_compute_each_point_once(tmp_path: Path) -> None:
    place, log, count = tmp_path / "study.sqlite", tmp_path / "log", 60
    both = [coordinator(place, log, count, 0.02) for _ in range(2)]
    for process in both:
        assert process.communicate() == (None, "")
        assert process.returncode == 0
    assert _lines(log) == Counter(range(count))


def wait_for_more(log: Path, lines: int, patience_s: float = 30.0) -> None:
    end_s = time.monotonic() + patience_s
    while _lines(log).total() <= lines:
        assert time.monotonic() < end_s, "waited in vain"
        time.sleep(0.01)


def _lines(log: Path) -> Counter[int]:
    return Counter(map(int, log.read_text().split())) if log.exists() else Counter()


def _runs(process: str) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
