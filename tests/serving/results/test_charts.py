"""Charts as data and as pictures."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from assay.core.errors import Unsupported
from assay.serving.results.charts import latency_against_load, state_over_time
from assay.serving.results.metrics import summary
from assay.serving.results.over_time import over_time
from assay.serving.results.render import png, svg
from tests.serving.results.runs import LIMITS, apart, crowd, requests, serve

SUMMED = summary(crowd(), [LIMITS], 8)


def latency() -> dict[str, Any]:
    return latency_against_load([(1.0, SUMMED), (2.0, SUMMED)])


def test_latency_is_a_line_a_percentile_and_a_facet_a_metric() -> None:
    spec = json.loads(json.dumps(latency(), allow_nan=False))
    assert spec["$schema"].endswith("vega-lite/v6.json")
    assert spec["spec"]["mark"]["type"] == "line"
    assert spec["facet"]["column"]["field"] == "metric"
    values = spec["data"]["values"]
    assert len(values) == 2 * 3 * 3
    (found,) = [
        row["ms"] for row in values if (row["load"], row["metric"], row["percentile"]) == (2.0, "TTFT (ms)", "p90")
    ]
    assert found == pytest.approx(1e3 * SUMMED.ttft_s.p90)


def test_what_has_no_value_is_not_drawn() -> None:
    lone = summary(serve(requests([0.0], [10], [1])), [LIMITS], 1)
    metrics = {row["metric"] for row in latency_against_load([(1.0, lone)])["data"]["values"]}
    assert metrics == {"TTFT (ms)", "E2EL (ms)"}


def test_state_is_a_line_a_pool_and_a_facet_a_quantity() -> None:
    served, limits = apart()
    spec = json.loads(json.dumps(state_over_time(over_time(served, limits, 10)), allow_nan=False))
    assert spec["spec"]["mark"]["type"] == "line"
    assert spec["facet"]["row"]["sort"] == ["queue", "batch", "KV share"]
    assert len(spec["data"]["values"]) == 10 * 3 * 2


@pytest.mark.parametrize("spec", [latency(), state_over_time(over_time(crowd(), [LIMITS], 10))])
def test_pictures_are_drawn(spec: dict[str, Any]) -> None:
    drawn = svg(spec)
    assert ElementTree.fromstring(drawn).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314
    assert spec["title"] in drawn
    assert png(spec).startswith(b"\x89PNG\r\n\x1a\n")


def test_a_chart_fetches_nothing() -> None:
    spec = latency() | {"data": {"url": "https://example.org/data.json"}}
    with pytest.raises(ValueError, match="not allowed"):
        svg(spec)


def test_without_the_extra_the_hint_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(Unsupported, match=r"assay\[charts\]"):
        svg(latency())
