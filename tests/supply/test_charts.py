import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from assay.supply.charts import diff_fan, fan, tornado
from assay.supply.diff import diff
from assay.supply.run import RunRequest, RunResult
from assay.supply.scenario import scenario
from assay.supply.sensitivity import sensitivity
from assay.supply.svg import fan_svg, tornado_svg

SVG = "{http://www.w3.org/2000/svg}"


def test_a_fan_is_plain_data_with_two_bands_and_a_line(result: RunResult) -> None:
    spec = json.loads(json.dumps(fan(result, "owned.h100e_fp8")))
    assert [layer["mark"]["type"] for layer in spec["layer"]] == ["area", "area", "line"]
    assert len(spec["data"]["values"]) == len(result.months)
    assert spec["layer"][0]["encoding"]["y"]["title"] == "H100e"


def test_a_fan_draws(result: RunResult) -> None:
    root = ET.fromstring(fan_svg(fan(result, "owned.h100e_fp8")))  # noqa: S314  our own text
    assert len(root.findall(f"{SVG}polygon")) == 2
    assert len(root.findall(f"{SVG}polyline")) == 1
    assert root.find(f"{SVG}title") is not None


def test_a_difference_shows_where_nothing_differs(request_: RunRequest) -> None:
    result = diff(request_, replace(request_, scenario=scenario("hbm-tight")))
    spec = diff_fan(result, "owned.h100e_fp8")
    assert spec["layer"][-1]["mark"] == "rule"
    ET.fromstring(fan_svg(spec))  # noqa: S314


def test_a_tornado_draws_a_bar_an_input(request_: RunRequest) -> None:
    spec = tornado(sensitivity(replace(request_, samples=100), "owned.h100e_fp8", "2026-12"), most=7)
    root = ET.fromstring(tornado_svg(spec))  # noqa: S314
    assert len(root.findall(f"{SVG}rect")) == len(spec["data"]["values"]) == 7


@pytest.mark.parametrize("series", ["ratio.h100e_fp8", "sold.units.h200"])
def test_any_series_draws(result: RunResult, series: str) -> None:
    ET.fromstring(fan_svg(fan(result, series)))  # noqa: S314
