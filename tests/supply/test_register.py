import json
from dataclasses import replace
from pathlib import Path

import pytest

from assay.core.errors import UsageError
from assay.supply.register import digest, register
from assay.supply.run import RunRequest
from assay.supply.scenario import scenario


def test_a_register_carries_a_hash_of_all_it_says(request_: RunRequest) -> None:
    written = register(replace(request_, samples=200)).as_dict()
    assert written["sha256"] == digest(written)
    assert written == register(replace(request_, samples=200)).as_dict()
    written["forecasts"][0]["quantiles"]["p50"] += 1
    assert written["sha256"] != digest(written)


def test_a_horizon_too_short_for_a_question_is_told(request_: RunRequest, tmp_path: Path) -> None:
    path = tmp_path / "short.toml"
    path.write_text('title = "short"\nextends = "status-quo"\nmonths = 48\n')
    with pytest.raises(UsageError, match="horizon"):
        register(replace(request_, scenario=scenario(str(path))))


def test_only_open_questions_are_answered(request_: RunRequest) -> None:
    forecasts = register(replace(request_, samples=200)).content["forecasts"]
    assert all(it["resolves"] > "2026-12" for it in forecasts)
    assert {"B16", "B17", "B19", "B22", "B23"} <= {row for it in forecasts for row in it["backtest"]}
    for it in forecasts:
        ends = list(it["quantiles"].values())
        assert ends == sorted(ends)


REGISTERED = sorted((Path(__file__).parents[2] / "docs" / "forecasts").glob("*.json"))


@pytest.mark.parametrize("path", REGISTERED, ids=lambda path: path.stem)
def test_what_was_registered_has_not_been_touched(path: Path) -> None:
    written = json.loads(path.read_text(encoding="utf-8"))
    assert written["as_of"] == path.stem
    assert written["sha256"] == digest(written)
