"""May it be sold to them? Dated export rules: a request in, a verdict with its trail out. Not legal advice."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.export.decision import check
    from assay.export.item import Item
    from assay.export.label import status
    from assay.export.request import ExportRequest
    from assay.export.verdict import Verdict

__all__ = ["ExportRequest", "Item", "Verdict", "check", "status"]

_HOME = {
    "ExportRequest": "assay.export.request",
    "Item": "assay.export.item",
    "Verdict": "assay.export.verdict",
    "check": "assay.export.decision",
    "status": "assay.export.label",
}


def __getattr__(name: str) -> object:
    """Load the public names when they are first asked for, so that `import assay.export` costs nothing."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(_HOME[name]), name)
    return found
