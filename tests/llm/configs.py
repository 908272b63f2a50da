"""The real config.json files that the tests start from."""

import json
from functools import cache
from typing import Any

from assay.catalogue.model import CONFIGS
from assay.llm.architecture import Architecture
from assay.llm.config import architecture

NAMES = sorted(path.name for path in CONFIGS.glob("*.json"))


@cache
def text(name: str) -> str:
    return (CONFIGS / name).read_text(encoding="utf-8")


def config(name: str) -> dict[str, Any]:
    """A fresh copy, free to be changed; `name` may be the start of the file's name."""
    found: dict[str, Any] = json.loads(text(_file(name)))
    return found


@cache
def read(name: str) -> Architecture:
    return architecture(config(name), name, _file(name))


@cache
def _file(name: str) -> str:
    return name if name in NAMES else next(each for each in NAMES if each.startswith(name))
