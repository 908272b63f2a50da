"""The main job: one model, workload and service level on many chips, side by side."""

from assay.comparison.answer import compare
from assay.comparison.report import Report, Row
from assay.comparison.request import CompareRequest

__all__ = ["CompareRequest", "Report", "Row", "compare"]
