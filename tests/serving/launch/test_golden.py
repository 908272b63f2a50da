"""What is written for known deployments, word for word.

After a wanted change: python -m tests.serving.launch.test_golden
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from assay.serving.launch.dynamo import dynamo
from assay.serving.launch.emitters import EMITTERS
from assay.serving.launch.llm_d import llm_d
from assay.serving.launch.sglang import sglang
from assay.serving.launch.simulator import Timing, simulator_profile
from assay.serving.launch.vllm import vllm
from tests.serving.launch.recipes import KIMI_910C, QWEN_H20, R1_ONE_NODE, R1_SMALL, R1_WIDE

GOLDEN = Path(__file__).parent / "golden"
MEASURED = Timing(
    ttft_s=0.2134,
    tpot_s=0.0187,
    ttft_deviation_s=0.031,
    tpot_deviation_s=0.0021,
    prefill_overhead_s=0.03,
    prefill_s_per_token=18.25e-6,
    kv_transfer_s_per_token=1.4e-6,
    load_factor=1.5,
)
WRITTEN: dict[str, Callable[[], str]] = {
    "r1-h200-tp8.vllm.sh": lambda: vllm(R1_ONE_NODE),
    "r1-h200-wide.sglang.sh": lambda: sglang(R1_WIDE),
    "qwen3-32b-h20-tp2.vllm.sh": lambda: vllm(QWEN_H20),
    "kimi-k2-910c.vllm-ascend.sh": lambda: vllm(KIMI_910C),
    "r1-h200-wide.dynamo.yaml": lambda: dynamo(R1_WIDE),
    "r1-h200.dynamo.yaml": lambda: dynamo(R1_SMALL),
    "r1-h200.llm-d.yaml": lambda: llm_d(R1_SMALL),
    "r1-h200-tp8.inference-sim.yaml": lambda: simulator_profile(R1_ONE_NODE.model, R1_ONE_NODE.roles[0], MEASURED),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written_is_what_was_agreed(name: str) -> None:
    assert WRITTEN[name]() == (GOLDEN / name).read_text(encoding="utf-8")


def test_every_golden_file_is_written_by_something() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(WRITTEN)


def test_every_name_of_emit_writes_something() -> None:
    assert list(EMITTERS) == ["vllm", "sglang", "dynamo", "llm-d"]
    for name, emit in EMITTERS.items():
        assert "DeepSeek-R1" in emit(R1_WIDE if name == "sglang" else R1_ONE_NODE)


if __name__ == "__main__":
    for name, write in WRITTEN.items():
        (GOLDEN / name).write_text(write(), encoding="utf-8")
