"""Recipes that contradict themselves are refused, with what to do."""

from dataclasses import replace
from typing import Any

import pytest

from assay.core.errors import AssayError, Unsupported, UsageError
from assay.serving.launch.nodes import Nodes, nodes_of
from assay.serving.launch.recipe import Recipe
from assay.serving.launch.sglang import sglang
from assay.serving.launch.vllm import vllm
from tests.serving.launch.recipes import DECODE, KIMI_910C, PREFILL, R1_ONE_NODE, R1_WIDE, TP8


@pytest.mark.parametrize(
    "change",
    [
        {"tp": 0},
        {"replicas": 0},
        {"max_num_seqs": 0},
        {"ep": 4},
        {"all_to_all": True},
        {"memory_fraction": 1.0},
        {"draft_tokens": -1},
        {"chip": "H200\ntouch x"},
    ],
)
def test_a_role_that_contradicts_itself_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as refused:
        replace(TP8, **change)
    assert refused.value.hint


@pytest.mark.parametrize("roles", [(), (PREFILL,), (DECODE, PREFILL), (TP8, TP8)])
def test_roles_make_up_a_deployment(roles: tuple[Any, ...]) -> None:
    with pytest.raises(UsageError, match="the roles are"):
        Recipe("Qwen/Qwen3-32B", "vllm", roles)


@pytest.mark.parametrize("model", ["", "--help", "a\nb", "a\x00b"])
def test_a_model_is_an_id_or_a_path(model: str) -> None:
    with pytest.raises(UsageError, match="no id of a model"):
        Recipe(model, "vllm", (TP8,))


@pytest.mark.parametrize(
    ("change", "nodes"),
    [
        ({}, Nodes(1, 8, 1)),
        ({"tp": 16}, Nodes(2, 8, 0)),
        ({"tp": 2, "dp": 12}, Nodes(3, 8, 4)),
        ({"tp": 4, "dp": 3}, None),
        ({"tp": 6, "dp": 4}, None),
    ],
)
def test_instances_lie_evenly_on_nodes_or_not_at_all(change: dict[str, int], nodes: Nodes | None) -> None:
    role = replace(TP8, **change)
    if nodes:
        assert nodes_of(role) == nodes
    else:
        with pytest.raises(Unsupported, match="nodes of 8"):
            nodes_of(role)


def test_a_recipe_is_written_only_for_its_own_framework() -> None:
    for emit, recipe in ((vllm, R1_WIDE), (sglang, R1_ONE_NODE)):
        with pytest.raises(UsageError, match="planned for"):
            emit(recipe)


def test_ascend_hands_no_cache_over() -> None:
    roles = tuple(replace(KIMI_910C.roles[0], name=name) for name in ("prefill", "decode"))
    with pytest.raises(AssayError, match="Ascend"):
        vllm(replace(KIMI_910C, roles=roles))
