"""What a recipe can be written as."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from assay.serving.launch.dynamo import dynamo
from assay.serving.launch.llm_d import llm_d
from assay.serving.launch.recipe import Recipe
from assay.serving.launch.sglang import sglang
from assay.serving.launch.vllm import vllm

EMITTERS: Final[Mapping[str, Callable[[Recipe], str]]] = MappingProxyType(
    {"vllm": vllm, "sglang": sglang, "dynamo": dynamo, "llm-d": llm_d}
)
"""The names that `--emit` takes, and what each writes."""
