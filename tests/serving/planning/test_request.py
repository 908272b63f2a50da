"""Questions that contradict themselves are refused."""

from __future__ import annotations

from typing import Any

import pytest

from assay.core.errors import UsageError
from tests.serving.planning.questions import asked


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"kinds": ()}, "no chip"),
        ({"chips": None}, "neither chips nor a load"),
        ({"chips": 0}, "at least 1"),
        ({"rate_per_s": 1.0, "concurrency": 4}, "not both"),
        ({"rate_per_s": 0.0}, "no load"),
        ({"rate_per_s": float("inf")}, "no load"),
        ({"objective": "chips"}, "fewest chips for what"),
        ({"objective": "beauty"}, "no objective"),
        ({"quantisations": ("int2",)}, "no such conversion"),
        ({"quantisations": ()}, "no such conversion"),
        ({"output_tokens": 0}, "at least one"),
        ({"cached_tokens": 4096.0}, "cached tokens"),
        ({"ttft_s": 0.0}, "positive"),
        ({"draft_tokens": 1, "accepted_tokens": 2.5}, "cannot be kept"),
        ({"finalists": -1}, "finalists"),
        ({"tp": 0}, "at least 1"),
    ],
)
def test_a_contradiction_is_refused(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        asked(**changed)


def test_the_usual_objectives() -> None:
    assert asked().goal == "throughput"
    assert asked(chips=None, rate_per_s=1.0).goal == "chips"
    assert asked(objective="cost").goal == "cost"
