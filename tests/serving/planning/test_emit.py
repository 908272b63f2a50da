"""A choice becomes what launches it."""

from __future__ import annotations

import pytest

from assay.core.errors import Unsupported, UsageError
from assay.serving.planning.answer import plan
from assay.serving.planning.emit import FRAMEWORKS, Target, emit, recipe_of
from tests.serving.planning.questions import asked


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("vllm", "vllm serve Qwen/Qwen3-32B"),
        ("sglang", "python -m sglang.launch_server"),
        ("dynamo", "kind: DynamoGraphDeployment"),
        ("llm-d", "kind: Deployment"),
        ("inference-sim", "time-to-first-token"),
    ],
)
def test_every_target_is_written(target: Target, says: str) -> None:
    found = plan(asked(chips=8, kinds=("h200",), frameworks=FRAMEWORKS[target] or ("vllm",)))
    assert says in emit(found, target)


def test_a_recipe_says_what_the_plan_says() -> None:
    request = asked(chips=16, output_tokens=200.0, ttft_s=1.0)
    found = plan(request)
    option = next(each for each in found.pareto if each.disaggregated)
    recipe = recipe_of(found.model, option, request)
    assert [role.name for role in recipe.roles] == ["prefill", "decode"]
    for role, pool in zip(recipe.roles, option.pools, strict=True):
        assert (role.replicas, role.chips, role.chunk_tokens) == (
            pool.instances,
            pool.deployment.layout.chips,
            pool.chunk_tokens,
        )
        assert role.precision == pool.deployment.precision
    assert recipe.roles[1].max_num_seqs == option.pools[1].batch
    assert request.input_tokens < recipe.roles[0].max_model_len <= 40960


def test_pools_under_two_frameworks_have_no_launcher() -> None:
    question = {"output_tokens": 1000.0, "chips": 16, "frameworks": ("vllm", "vllm-ascend")}
    with pytest.raises(Unsupported, match="two frameworks: vllm, vllm-ascend"):
        emit(plan(asked(kinds=("ascend-910c", "h20"), **question)), "vllm")


def test_another_framework_is_refused() -> None:
    with pytest.raises(UsageError, match="planned for vllm"):
        emit(plan(asked()), "sglang")
