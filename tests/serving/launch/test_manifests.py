"""Manifests are YAML, say what was planned, and hand on only flags that the engines take."""

import shlex
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.errors import Unsupported
from assay.serving.launch.argument import Argument
from assay.serving.launch.dynamo import dynamo
from assay.serving.launch.flags import flags_of
from assay.serving.launch.llm_d import llm_d
from assay.serving.launch.manifest import document, label
from assay.serving.launch.recipe import Recipe
from tests.serving.launch.recipes import KIMI_910C, R1_ONE_NODE, R1_SMALL, R1_WIDE, recipes
from tests.serving.launch.started import arguments

TEXT = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), min_size=1, max_size=12)
NODES = st.recursive(
    st.one_of(TEXT, st.integers(), st.booleans(), st.floats(0.001, 1000), st.sampled_from(["a\nb", "x: 1", "- y"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(TEXT, NODES, min_size=1, max_size=3))
def test_what_is_written_is_what_is_read(node: dict[str, Any]) -> None:
    assert yaml.safe_load(document(node)) == node


@given(st.text())
def test_labels_are_names_for_kubernetes(text: str) -> None:
    assert all(letter.isascii() and (letter.isalnum() or letter == "-") for letter in label(text))
    assert label(text)[0].isalpha()
    assert label(text)[-1] != "-"
    assert len(label(text)) <= 42


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(["vllm", "sglang"]).flatmap(recipes))
def test_dynamo_hands_on_what_its_engine_takes(recipe: Recipe) -> None:
    nvidia = Recipe(recipe.model, recipe.framework, tuple(replace(role, vendor="Nvidia") for role in recipe.roles))
    manifest = yaml.safe_load(dynamo(nvidia))
    assert (manifest["apiVersion"], manifest["kind"]) == ("nvidia.com/v1alpha1", "DynamoGraphDeployment")
    frontend, *workers = manifest["spec"]["services"].values()
    assert frontend["componentType"] == "frontend"
    for role, worker in zip(nvidia.roles, workers, strict=True):
        assert worker["replicas"] == role.replicas
        assert worker.get("subComponentType", "aggregated") == role.name
        nodes = worker.get("multinode", {"nodeCount": 1})["nodeCount"]
        assert nodes * int(worker["resources"]["limits"]["gpu"]) == role.chips
        container = worker["extraPodSpec"]["mainContainer"]
        assert container["command"] == ["python3", "-m", f"dynamo.{recipe.framework}"]
        model, *given = arguments(container["args"])
        assert model[1] == recipe.model
        mode = [argument for argument in given if argument[0] == "--disaggregation-mode"]
        assert mode == ([] if role.name == "aggregated" else [("--disaggregation-mode", role.name)])
        engine = [argument for argument in given if argument not in mode]
        assert [flags_of(recipe.framework).obstacle(Argument(*argument)) for argument in engine] == [""] * len(engine)


def test_dynamo_calls_workers_as_its_own_deployments_do() -> None:
    assert list(yaml.safe_load(dynamo(R1_SMALL))["spec"]["services"]) == [
        "Frontend",
        "VllmPrefillWorker",
        "VllmDecodeWorker",
    ]
    assert list(yaml.safe_load(dynamo(R1_WIDE))["spec"]["services"]) == ["Frontend", "prefill", "decode"]


@settings(max_examples=50, deadline=None)
@given(recipes("vllm"))
def test_llm_d_hands_on_what_vllm_takes(recipe: Recipe) -> None:
    roles = tuple(replace(role, vendor="Nvidia", chips_per_node=512) for role in recipe.roles)
    for role, workload in zip(roles, yaml.safe_load_all(llm_d(replace(recipe, roles=roles))), strict=True):
        assert (workload["kind"], workload["spec"]["replicas"]) == ("Deployment", role.replicas)
        template = workload["spec"]["template"]
        assert template["metadata"]["labels"] == workload["spec"]["selector"]["matchLabels"]
        (container,) = template["spec"]["containers"]
        assert int(container["resources"]["limits"]["nvidia.com/gpu"]) == role.chips
        model, *words = container["args"]
        assert model == recipe.model
        given = arguments(words)
        assert [flags_of("vllm").obstacle(Argument(*argument)) for argument in given] == [""] * len(given)
        assert int(dict(given)["--port"] or 0) == container["ports"][0]["containerPort"]


def test_llm_d_decodes_behind_a_sidecar_and_groups_nodes() -> None:
    prefill, decode = yaml.safe_load_all(llm_d(R1_SMALL))
    assert "initContainers" not in prefill["spec"]["template"]["spec"]
    assert (decode["kind"], decode["apiVersion"]) == ("LeaderWorkerSet", "leaderworkerset.x-k8s.io/v1")
    group = decode["spec"]["leaderWorkerTemplate"]
    assert group["size"] == 2
    (sidecar,) = group["workerTemplate"]["spec"]["initContainers"]
    assert "--kv-connector=nixlv2" in sidecar["args"]
    (script,) = group["workerTemplate"]["spec"]["containers"][0]["args"]
    words = shlex.split(script.replace("\\\n", ""))
    assert words[:4] == ["exec", "vllm", "serve", R1_SMALL.model]
    given = [Argument(flag, value, verbatim="$" in (value or "")) for flag, value in arguments(words[4:])]
    assert flags_of("vllm").checked(given) == given
    assert Argument("--data-parallel-hybrid-lb") in given
    assert Argument("--data-parallel-start-rank", "$((LWS_WORKER_INDEX * 8))", verbatim=True) in given
    assert Argument("--port", "8200") in given


def test_an_aggregated_llm_d_server_hands_nothing_over() -> None:
    (server,) = yaml.safe_load_all(llm_d(R1_ONE_NODE))
    assert "llm-d.ai/role" not in server["metadata"]["labels"]
    assert "--kv-transfer-config" not in llm_d(R1_ONE_NODE)


@pytest.mark.parametrize(
    ("emit", "recipe", "message"),
    [
        (dynamo, replace(R1_ONE_NODE, framework="trtllm"), "no Dynamo deployment of trtllm"),
        (dynamo, replace(R1_ONE_NODE, roles=(replace(R1_ONE_NODE.roles[0], vendor="AMD"),)), "no chips of AMD"),
        (llm_d, KIMI_910C, "chips of Huawei"),
        (llm_d, replace(R1_ONE_NODE, roles=(replace(R1_ONE_NODE.roles[0], tp=16),)), "spans nodes: 16 chips"),
    ],
)
def test_what_cannot_be_written_is_said(emit: Any, recipe: Recipe, message: str) -> None:
    with pytest.raises(Unsupported, match=message) as refused:
        emit(recipe)
    assert refused.value.hint
