from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from assay.catalogue.chip import Chip
from assay.core.errors import NotInCatalogue, UsageError
from assay.supply.measure import LABELS, Serving
from assay.supply.run import RunRequest, RunResult, TrainingRun, run


def test_every_stock_carries_every_label(result: RunResult) -> None:
    for state in ("owned", "access"):
        assert {f"{state}.{label}" for label in LABELS} <= set(result.names)


def test_quantiles_are_in_order(result: RunResult) -> None:
    assert (np.diff(result.table[..., :5], axis=-1) >= 0).all()


def test_access_holds_ownership_and_more(result: RunResult) -> None:
    for label in LABELS:
        assert (result.series(f"access.{label}")[:, :5] >= result.series(f"owned.{label}")[:, :5]).all()


def test_the_same_seed_gives_the_same_bytes_in_any_process(request_: RunRequest) -> None:
    small = replace(request_, samples=100)
    here = [run(replace(small, seed=seed)).table.tobytes() for seed in (1, 2)]
    for workers in (1, 2):
        with ProcessPoolExecutor(workers) as pool:
            there = list(pool.map(_bytes, [replace(small, seed=seed) for seed in (1, 2)]))
        assert there == here
    assert here[0] != here[1]


def _bytes(request: RunRequest) -> bytes:
    return run(request).table.tobytes()


def test_a_threshold_is_reached_when_its_series_says(request_: RunRequest) -> None:
    asked = replace(request_, samples=200, thresholds=(("sold.units.h20", 1e5), ("sold.units.h20", 1e12)))
    result = run(asked)
    reached, never = result.crossings[:2]
    assert reached.share == 1
    assert reached.p5 <= reached.p50 <= reached.p95
    assert result.series("sold.units.h20")[result.months.index(reached.p50), 2] >= 1e5
    assert (never.share, never.p50) == (0, "")


def test_training_runs_follow_from_the_mfu_stated(request_: RunRequest) -> None:
    half = replace(request_, samples=100, training=TrainingRun(mfu=0.175))
    whole = replace(request_, samples=100)
    assert half.training.h100e() == pytest.approx(2 * whole.training.h100e())
    column = slice(0, 5)
    runs = [run(it).series("owned.training_runs")[-1, column] for it in (half, whole)]
    assert (runs[0] <= runs[1]).all()


def test_serving_is_asked_of_what_is_passed_in(request_: RunRequest) -> None:
    def tokens_per_s(chip: Chip) -> float:
        return 5000.0 if chip.id == "h20-96gb" else 1000.0

    served = run(replace(request_, samples=100, serving=Serving("a test", tokens_per_s)))
    assert served.manifest.serving == "a test"
    alone = run(replace(request_, samples=100))
    assert alone.manifest.serving.startswith("stand-in")
    assert "owned.tokens_per_s" not in alone.names
    assert served.series("owned.tokens_per_s")[-1, 2] > 1000 * served.series("sold.units.a100")[-1, 0]
    assert np.array_equal(alone.series("owned.h100e_serving"), alone.series("owned.h100e_bandwidth"))


@pytest.mark.parametrize(
    "wrong", [{"samples": 1}, {"seed": -1}, {"as_of": date(2020, 1, 1)}, {"training": TrainingRun(mfu=0)}]
)
def test_a_request_that_makes_no_sense_is_refused(request_: RunRequest, wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        run(replace(request_, **wrong))


def test_an_unknown_series_names_the_nearest(request_: RunRequest, result: RunResult) -> None:
    with pytest.raises(NotInCatalogue, match=r"owned\.h100e_fp8"):
        result.series("owned.h100e_fp9")
    with pytest.raises(NotInCatalogue):
        run(replace(request_, thresholds=(("nothing", 1.0),)))


def test_json_carries_what_the_result_rests_on(result: RunResult) -> None:
    content = result.as_dict()
    assert content["schema"] == "assay.supply/1"
    assert {"seed", "input_hash", "as_of", "version", "share", "scenario_hash"} <= set(content)
    assert all(row["basis"] and row["sources"] for row in content["inputs"])
    assert len(result.rows()) == len(result.months) * len(result.names)
