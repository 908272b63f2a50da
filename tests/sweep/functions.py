"""Functions for workers, which import them by name."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from assay.core.errors import Infeasible


def square(request: dict[str, Any]) -> dict[str, Any]:
    return {"square": request["x"] ** 2}


def logged(request: dict[str, Any]) -> dict[str, Any]:
    """Take a moment, and say in a file that x was computed: one write of one line, so that lines do not mix."""
    time.sleep(request.get("seconds", 0.0))
    with Path(request["log"]).open("a") as log:
        log.write(f"{request['x']}\n")
    return {"x": request["x"]}


def odd_fails(request: dict[str, Any]) -> dict[str, Any]:
    if request["x"] == 5:
        raise ZeroDivisionError("by five")
    if request["x"] % 2:
        raise Infeasible(f"{request['x']} is odd", "Take an even one.")
    return {"x": request["x"]}


def dies(request: dict[str, Any]) -> dict[str, Any]:
    os._exit(request["x"])
