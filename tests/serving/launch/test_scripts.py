"""Scripts start what was planned, with flags that the stated versions take."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from assay.core.errors import Unsupported
from assay.serving.launch.argument import Argument
from assay.serving.launch.flags import flags_of
from assay.serving.launch.recipe import Recipe
from assay.serving.launch.sglang import sglang
from assay.serving.launch.vllm import vllm
from tests.serving.launch.recipes import KIMI_910C, R1_ONE_NODE, R1_SMALL, R1_WIDE, recipes
from tests.serving.launch.started import arguments, ranks, started

few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@few
@given(recipe=recipes("vllm"))
def test_vllm_takes_every_flag_that_is_printed(recipe: Recipe, tmp_path: Path) -> None:
    script = vllm(recipe)
    for role in recipe.roles:
        for rank in ranks(recipe, role.name):
            program, verb, model, *words = started(script, role.name, tmp_path, rank)
            assert (program, verb, model) == ("vllm", "serve", recipe.model)
            given = arguments(words)
            assert [flags_of("vllm").obstacle(Argument(*argument)) for argument in given] == [""] * len(given)
            assert len({flag for flag, _ in given}) == len(given)
            assert int(dict(given).get("--tensor-parallel-size") or 0) == role.tp
            assert ("--port" in dict(given)) == (rank == 0)
    assert not list(tmp_path.iterdir())


@few
@given(recipe=recipes("sglang"))
def test_sglang_takes_every_flag_that_is_printed(recipe: Recipe, tmp_path: Path) -> None:
    script = sglang(recipe)
    for role in recipe.roles:
        for rank in ranks(recipe, role.name):
            *program, flag, model, _ = [*started(script, role.name, tmp_path, rank)[:5], ""]
            assert program == ["python", "-m", "sglang.launch_server"]
            assert (flag, model) == ("--model-path", recipe.model)
            given = arguments(started(script, role.name, tmp_path, rank)[5:])
            assert [flags_of("sglang").obstacle(Argument(*argument)) for argument in given] == [""] * len(given)
            assert len({flag for flag, _ in given}) == len(given)
            assert int(dict(given)["--tp-size"] or 0) * int(dict(given).get("--pp-size") or 1) == role.chips
            assert int(dict(given).get("--nnodes") or 1) == role.nodes
            assert int(dict(given).get("--node-rank") or 0) == rank
    assert not list(tmp_path.iterdir())


def test_json_arguments_are_json(tmp_path: Path) -> None:
    given = dict(arguments(started(vllm(R1_SMALL), "decode", tmp_path)[3:]))
    assert json.loads(given["--kv-transfer-config"] or "") == {
        "kv_connector": "NixlConnector",
        "kv_role": "kv_consumer",
    }
    assert json.loads(given["--speculative-config"] or "") == {"method": "mtp", "num_speculative_tokens": 1}


def test_data_parallel_nodes_know_their_first_replica(tmp_path: Path) -> None:
    head = dict(arguments(started(vllm(R1_SMALL), "decode", tmp_path, 0)[3:]))
    second = dict(arguments(started(vllm(R1_SMALL), "decode", tmp_path, 1)[3:]))
    assert (head["--data-parallel-size"], head["--data-parallel-size-local"]) == ("16", "8")
    assert (head["--data-parallel-address"], second["--data-parallel-address"]) == ("10.0.0.1", "10.0.0.1")
    assert second["--data-parallel-start-rank"] == "8"
    assert "--headless" in second
    assert "--headless" not in head


def test_sglang_counts_requests_and_tokens_of_all_replicas(tmp_path: Path) -> None:
    given = dict(arguments(started(sglang(R1_WIDE), "decode", tmp_path)[3:]))
    assert (given["--tp-size"], given["--dp-size"], given["--ep-size"]) == ("32", "32", "32")
    assert (given["--max-running-requests"], given["--chunked-prefill-size"]) == (str(64 * 32), str(8192 * 32))


def test_sglang_verifies_one_token_more_than_are_drafted(tmp_path: Path) -> None:
    (role,) = R1_ONE_NODE.roles
    recipe = Recipe(R1_ONE_NODE.model, "sglang", (replace(role, draft_tokens=3),))
    given = dict(arguments(started(sglang(recipe), "aggregated", tmp_path)[3:]))
    assert given["--speculative-num-steps"] == "3"
    assert given["--speculative-num-draft-tokens"] == "4"


def test_ascend_weights_are_named_and_exchange_kernels_are_not() -> None:
    assert "--quantization ascend" in vllm(KIMI_910C)
    assert "--all2all-backend" not in vllm(KIMI_910C)
    assert "--quantization" not in vllm(R1_ONE_NODE)


def test_a_role_must_be_named_where_there_are_two() -> None:
    with pytest.raises(Exception, match="exit status 1"):
        started(vllm(R1_SMALL), "", Path.cwd())


@pytest.mark.parametrize(
    ("argument", "obstacle"),
    [
        (Argument("--tensor-parallel", "8"), "has no --tensor-parallel"),
        (Argument("--enable-expert-parallel", "true"), "takes --enable-expert-parallel without a value"),
        (Argument("--max-num-seqs"), "takes --max-num-seqs with a value"),
        (Argument("--max-num-seqs", "many"), "of kind integer, not many"),
        (Argument("--gpu-memory-utilization", "90%"), "of kind number, not 90%"),
        (Argument("--kv-transfer-config", "{'a': 1}"), "of kind json"),
        (Argument("--kv-cache-dtype", "bf16"), "one of auto, "),
    ],
)
def test_what_a_program_does_not_take_is_refused(argument: Argument, obstacle: str) -> None:
    with pytest.raises(Unsupported, match=r"vllm serve 0\.24\.0") as refused:
        flags_of("vllm").checked([argument])
    assert obstacle in refused.value.message
