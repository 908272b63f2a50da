"""Tabulated step times against the engine's own."""

from __future__ import annotations

import numpy as np
import pytest

from assay.catalogue.chip import chip
from assay.catalogue.engine import engine
from assay.catalogue.node import node_of
from assay.engine.deployment import Deployment
from assay.engine.precision import served_precision
from assay.engine.step import decode_step, mixed_linear_s, prefill_attention_s, prefill_step
from assay.kernels.silicon import silicon
from assay.kernels.software import software
from assay.llm.layout import Layout
from assay.llm.model import Model
from assay.serving.simulation.steps import StepTable

CASES = (
    ("Qwen/Qwen3-32B", "h20", "vllm", Layout(tp=2)),
    ("deepseek-ai/DeepSeek-R1", "h200", "sglang", Layout(tp=8, ep=8)),
    ("deepseek-ai/DeepSeek-R1", "h200", "sglang", Layout(tp=1, dp=8, ep=8)),
    ("openai/gpt-oss-120b", "b200", "trtllm", Layout(tp=1)),
)


def deployment_of(model: str, chip_id: str, framework: str, layout: Layout) -> Deployment:
    architecture, chip_ = Model.load(model).architecture, chip(chip_id)
    hardware, software_ = silicon(chip_, node_of(chip_.id)), engine(framework)
    precision = served_precision(architecture.native, chip_, software_)
    return Deployment(architecture, hardware, software(software_, hardware), software_, layout, precision)


@pytest.mark.parametrize(("model", "chip_id", "framework", "layout"), CASES)
def test_tables_are_the_engine(model: str, chip_id: str, framework: str, layout: Layout) -> None:
    deployment, random = deployment_of(model, chip_id, framework, layout), np.random.default_rng(1)
    table, ranks = StepTable(deployment, 512), int(layout.dp)
    errors = []
    for _ in range(60):
        batch, context = int(random.integers(1, 512)), float(random.integers(1, 60_000))
        tokens, cached = int(random.integers(16, 8192)), int(random.integers(0, 30_000))
        line = table.decode(batch, context)
        step_s = float(decode_step(deployment, max(batch / ranks, 1.0), context).seconds)
        alone_s = float(prefill_step(deployment, 1.0, float(tokens)).seconds)
        own_s = float(prefill_attention_s(deployment, float(tokens), 0.0))
        deep_s = alone_s - own_s + float(prefill_attention_s(deployment, float(tokens), float(cached)))
        errors += [
            (line.base_s + line.per_token_s * context) / step_s - 1,
            table.prefill_s([(tokens, cached)], 0) / deep_s - 1,
        ]
        assert context < line.upto
    assert np.median(np.abs(errors)) < 0.01
    assert np.percentile(np.abs(errors), 90) < 0.04


@pytest.mark.parametrize(("model", "chip_id", "framework", "layout"), CASES)
def test_a_chunk_rides_on_a_step(model: str, chip_id: str, framework: str, layout: Layout) -> None:
    deployment, ranks = deployment_of(model, chip_id, framework, layout), float(layout.dp)
    table = StepTable(deployment, 512)
    for batch, tokens in ((16, 2000), (128, 700), (400, 4096)):
        own = max(batch / ranks, 1.0)
        with_s = float(mixed_linear_s(deployment, own + tokens, batch + float(tokens)))
        without_s = float(mixed_linear_s(deployment, own, float(max(batch, ranks))))
        attention_s = float(prefill_attention_s(deployment, float(tokens), 0.0))
        expected = max(with_s - without_s, 0.0) + attention_s
        assert table.prefill_s([(tokens, 0)], batch) == pytest.approx(expected, rel=0.12)


def test_ranks_share_the_prompts_of_a_step() -> None:
    deployment = deployment_of("deepseek-ai/DeepSeek-R1", "h200", "sglang", Layout(tp=1, dp=8, ep=8))
    table = StepTable(deployment, 512)
    one, eight = table.prefill_s([(2048, 0)], 0), table.prefill_s([(2048, 0)] * 8, 0)
    together_s = float(prefill_step(deployment, 1.0, 2048.0, coincident=True).seconds)
    assert one < eight < 8 * one
    assert eight == pytest.approx(together_s, rel=0.03)
