"""Vision towers: parameters against published sizes."""

import pytest

from assay.llm.model import Model
from assay.llm.parameters import parameters
from tests.llm.configs import NAMES, config, read


@pytest.mark.parametrize("name", ["google/gemma-3-4b-it", "google/gemma-3-27b-it"])
def test_siglip_of_gemma_3_has_417_million(name: str) -> None:
    assert Model.load(name).parameters.vision == pytest.approx(417e6, rel=0.02)


def test_moonvit_of_kimi_has_400_million_and_a_projector() -> None:
    assert parameters(read("moonshotai__Kimi-K2.5")).vision == pytest.approx(0.47e9, rel=0.03)


@pytest.mark.parametrize("name", NAMES)
def test_a_tower_is_counted_and_its_compute_named_as_left_out(name: str) -> None:
    found = read(name)
    noted = any("vision tower is left out" in note for note in found.assumptions)
    assert noted == (found.vision_parameters > 0) == ("vision_config" in config(name))


def test_an_unknown_tower_is_named() -> None:
    content = config("Qwen__Qwen3-VL-2B") | {"vision_config": {"model_type": "mystery"}}
    found = Model.from_config(content, "mystery")
    assert found.parameters.vision == 0
    assert "the vision tower is of an unknown kind and not counted" in found.architecture.assumptions
