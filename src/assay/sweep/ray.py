"""Workers of a Ray cluster, or of a Ray started for the sweep on this machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from assay.core.errors import AssayError, Unsupported, UsageError
from assay.sweep.executor import Executor
from assay.sweep.task import Outcome, Task, perform

OBJECT_STORE_BYTES = 100_000_000
"""Memory for what travels between workers of a Ray of our own: Ray's least is 75 MB, and results are small."""

PATIENCE_S = 5.0
"""How long to wait for the machine at an address to answer."""


@contextmanager
def ray_cluster(address: str = "", workers: int | None = None) -> Iterator[Executor]:
    """Connect to the cluster at an address on entry, or start Ray here where there is none; leave it on exit.

    Parameters
    ----------
    address
        Such as '10.0.0.1:6379', or 'auto' for the cluster of this machine. Its nodes have the same Assay installed.
    workers
        Tasks at once; by default the processors of the cluster.

    Raises
    ------
    UsageError
        Where no cluster answers.
    Unsupported
        Where Ray is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise Unsupported("the executor 'ray' needs Ray", "Install it: pip install 'assay[ray]'.") from error
    _check_reachable(address)
    here: dict[str, Any] = {} if address else {"num_cpus": workers, "object_store_memory": OBJECT_STORE_BYTES}
    try:
        ray.init(
            address=address or "local", include_dashboard=False, configure_logging=False, log_to_driver=False, **here
        )
    except (ConnectionError, ImportError, RuntimeError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UsageError(f"no Ray cluster at {address or 'this machine'}: {reason}", "Check --address.") from error
    try:
        yield _Cluster(ray, workers or max(int(ray.cluster_resources().get("CPU", 1)), 1))
    finally:
        ray.shutdown()


def _check_reachable(address: str) -> None:
    """Refuse an address where nobody listens; Ray itself would try for many minutes."""
    if not address or address == "auto":
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        raise UsageError(f"'{address}' is not the address of a Ray cluster", "Such as --address 10.0.0.1:6379.")
    try:
        socket.create_connection((host, int(port)), timeout=PATIENCE_S).close()
    except (OSError, OverflowError) as error:
        raise UsageError(f"no Ray cluster at {address}: {error}", "Check --address.") from error


class _Cluster:
    def __init__(self, ray: Any, workers: int) -> None:  # noqa: ANN401  the module, there with an extra only
        self.workers = workers
        self._ray = ray
        self._perform = ray.remote(num_cpus=1)(perform)
        self._running: list[Any] = []

    def submit(self, task: Task) -> None:
        self._running.append(self._perform.remote(task))

    def completed(self, timeout_s: float) -> list[list[Outcome]]:
        if not self._running:
            return []
        done, self._running = self._ray.wait(self._running, num_returns=1, timeout=timeout_s)
        try:
            return list(self._ray.get(done))
        except self._ray.exceptions.RayError as error:
            reason = str(error).strip().splitlines()[-1]
            raise AssayError(
                f"a worker of the cluster failed: {reason}",
                "What is done is kept: run the same command again. Its nodes need the same Assay installed.",
            ) from error
