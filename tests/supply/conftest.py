"""Runs that several tests look at."""

from __future__ import annotations

from datetime import date

import pytest

from assay.supply.run import RunRequest, RunResult, run
from assay.supply.scenario import scenario

AS_OF = date(2026, 11, 23)


@pytest.fixture(scope="session")
def request_() -> RunRequest:
    return RunRequest(scenario("status-quo"), AS_OF, samples=600)


@pytest.fixture(scope="session")
def result(request_: RunRequest) -> RunResult:
    return run(request_)
