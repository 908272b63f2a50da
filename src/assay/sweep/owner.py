"""Who has claimed a point: one coordinating process, which may have died."""

from __future__ import annotations

import os
import socket
import uuid
from pathlib import Path

_PROCESSES = Path("/proc")
_START = 19  # field 22 of /proc/PID/stat (proc(5)), counted after the name: when the process started, in clock ticks


def this_owner() -> str:
    """Return a name that no other coordinator has: its machine, its process, when that began, and a random part."""
    return "/".join((_machine(), str(os.getpid()), _start(os.getpid()), uuid.uuid4().hex))


def is_gone(owner: str) -> bool:
    """Say whether the owner was a process of this machine that runs no more. Of other machines nothing is known."""
    here = f"{_machine()}/"
    if not owner.startswith(here):
        return False
    process, start, _random = owner.removeprefix(here).split("/")
    return not (_runs(int(process)) and _start(int(process)) == start)


def _machine() -> str:
    """Return the name of the machine and, where there is one, its name space of process numbers."""
    space = _PROCESSES / "self" / "ns" / "pid"
    return f"{socket.gethostname()}/{space.stat().st_ino if space.exists() else ''}"


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _start(process: int) -> str:
    """Return when a process began, where the system tells, so that a reused number is not taken for the old process."""
    try:
        fields = (_PROCESSES / str(process) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "ended" if fields[0] == "Z" else fields[_START]  # Z: dead, but its parent has not asked for it yet
