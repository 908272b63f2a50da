"""What a store promises its coordinators, in SQLite and in PostgreSQL where a server is installed."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assay.core.errors import BadData
from assay.sweep.owner import is_gone, this_owner
from assay.sweep.postgres import open_postgres
from assay.sweep.sqlite import open_sqlite
from assay.sweep.store import Store, Stored
from assay.sweep.study import Study

POINTS = Study("v", {}, {"x": range(700)}).points(lambda _: "")  # more than one statement takes
FEW = POINTS[:4]
KEYS = [point.key for point in POINTS]
Open = Callable[[], Store]


@pytest.fixture(scope="session")
def server() -> Iterator[Path]:
    """A PostgreSQL server of our own, on a socket in a folder; no port is opened."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        pytest.skip("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    pytest.importorskip("psycopg", reason="psycopg is not installed (extra postgres)")
    folder = Path(f"/tmp/assay-postgres-{os.getpid()}")  # noqa: S108  a socket's path has at most 107 bytes
    folder.mkdir()
    user = "postgres" if os.geteuid() == 0 else None  # the server does not run as root
    if user:
        subprocess.run(["chown", user, folder], check=True)

    def run(*words: str) -> None:
        command = [programs[-1] / words[0], "-D", folder / "data", *words[1:]]
        subprocess.run(command, user=user, check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=60)

    run("initdb", "-A", "trust", "-U", "assay", "--no-sync")
    run("pg_ctl", "start", "-w", "-l", f"{folder}/log", "-o", f"-k {folder} -h '' -F")
    yield folder
    run("pg_ctl", "stop", "-m", "immediate")
    subprocess.run(["rm", "-r", folder], check=True)


@pytest.fixture(params=["sqlite", "postgres"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens one store as often as asked."""
    stores: list[Store] = []
    if request.param == "sqlite":
        place = tmp_path / "study.sqlite"
        yield lambda: stores.append(open_sqlite(place)) or stores[-1]  # type: ignore[func-returns-value]
    else:
        server = request.getfixturevalue("server")
        url = f"postgresql://assay@/postgres?host={server}"
        yield lambda: stores.append(open_postgres(url)) or stores[-1]  # type: ignore[func-returns-value]
        stores[0].connection.execute("DROP TABLE assay_sweep")
    for store in stores:
        store.close()


def test_a_point_is_claimed_once(opened: Open) -> None:
    one, other = opened(), opened()
    assert one.claim(FEW[:3], "one") == {point.key for point in FEW[:3]}
    assert other.claim(FEW, "other") == {FEW[3].key}
    assert one.claim([], "one") == set()


def test_what_is_recorded_is_found_again_and_cannot_be_claimed(opened: Open) -> None:
    store = opened()
    store.claim(FEW, "one")
    done, failed = Stored(FEW[0].key, "done", '{"é": 1}'), Stored(FEW[1].key, "failed", "{}")
    assert store.record(done, "one")
    assert store.record(failed, "one")
    again = opened()
    assert again.results(KEYS) == {done.key: done, failed.key: failed}
    assert again.settled(KEYS) == {done.key: "done", failed.key: "failed"}
    assert again.claim(FEW[:2], "two", lease_s=-1) == set()


def test_only_the_owner_of_a_claim_records_and_only_once(opened: Open) -> None:
    store = opened()
    store.claim(FEW, "one")
    assert not store.record(Stored(FEW[0].key, "done", "1"), "two")
    assert store.record(Stored(FEW[0].key, "done", "2"), "one")
    assert not store.record(Stored(FEW[0].key, "done", "3"), "one")
    assert store.results(KEYS)[FEW[0].key].content == "2"


def test_a_claim_runs_out_unless_renewed(opened: Open) -> None:
    store = opened()
    store.claim(FEW[:1], "one", lease_s=-1.0)
    store.claim(FEW[1:2], "two", lease_s=-1.0)
    store.renew("two")
    assert store.claim(FEW[:2], "three") == {FEW[0].key}
    assert not store.record(Stored(FEW[0].key, "done", "1"), "one")


def test_claims_are_given_back_and_failures_forgotten(opened: Open) -> None:
    store = opened()
    store.claim(FEW, "one")
    store.record(Stored(FEW[0].key, "done", "1"), "one")
    store.record(Stored(FEW[1].key, "failed", "1"), "one")
    store.release("one")
    store.forget_failures(KEYS)
    assert store.settled(KEYS) == {FEW[0].key: "done"}
    assert store.claim(FEW, "two") == {point.key for point in FEW[1:]}


def test_claims_of_the_dead_are_given_back_at_once(opened: Open) -> None:
    store = opened()
    child = subprocess.run(
        ["python3", "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True
    ).stdout.strip()
    machine, process, start, random = this_owner().rsplit("/", 3)
    dead = "/".join((machine, child, start, random))
    alive = "/".join((machine, process, start, random))
    elsewhere = "/".join(("other" + machine, child, start, random))
    assert [is_gone(owner) for owner in (dead, alive, elsewhere, "whoever")] == [True, False, False, False]
    for owner, point in zip((dead, alive, elsewhere), FEW, strict=False):
        store.claim([point], owner)
    store.release_dead()
    assert store.claim(FEW, "one") == {FEW[0].key, FEW[3].key}


def test_a_number_used_again_is_not_the_old_process() -> None:
    machine, process, start, random = this_owner().rsplit("/", 3)
    assert not start or is_gone("/".join((machine, process, start + "1", random)))


def test_many_coordinators_at_once_claim_each_point_once(opened: Open) -> None:
    got: list[str] = []
    stores = [opened() for _ in range(3)]
    ready = threading.Barrier(len(stores))

    def claim(place: int) -> None:
        # sqlite3 keeps a connection to its thread: each opens its own
        store = stores[place] if "postgresql" in stores[place].name else open_sqlite(Path(stores[place].name))
        ready.wait()
        for first in range(0, len(POINTS), 7):
            got.extend(store.claim(POINTS[first : first + 7], f"owner {place}"))
        if store is not stores[place]:
            store.close()

    threads = [threading.Thread(target=claim, args=(place,)) for place in range(len(stores))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == sorted(KEYS)


def test_a_file_that_is_no_store_is_bad_data(tmp_path: Path) -> None:
    broken = tmp_path / "broken.sqlite"
    broken.write_text("verb = 'compare', and much else that is no database " * 40)
    before = broken.read_bytes()
    with pytest.raises(BadData, match=r"broken\.sqlite: file is not a database"):
        open_sqlite(broken)
    assert broken.read_bytes() == before
    with pytest.raises(BadData, match="unable to open"):
        open_sqlite(tmp_path / "missing" / "study.sqlite")


def test_a_store_broken_in_the_middle_is_bad_data(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "study.sqlite")
    store.connection.execute("DROP TABLE assay_sweep")
    with pytest.raises(BadData, match="no such table"):
        store.claim(FEW, "one")
    store.close()


def test_a_database_that_cannot_be_reached_is_bad_data_without_the_password() -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed (extra postgres)")
    begun_s = time.monotonic()
    with pytest.raises(BadData, match=r"127\.0\.0\.1:1/study") as found:
        open_postgres("postgresql://me:secret@127.0.0.1:1/study")
    assert "secret" not in str(found.value)
    assert time.monotonic() - begun_s < 10
