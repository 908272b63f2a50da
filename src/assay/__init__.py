"""Assay: find out what an AI chip is really worth.

>>> import assay
>>> report = assay.compare(
...     model="Qwen/Qwen3-32B", chips=("h20", "h200"), input_tokens=4096, output_tokens=1024, ttft_s=2, tpot_s=0.05
... )
>>> [row.chip for row in report.rows]
['h20-96gb', 'h200-sxm']
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay.catalogue.chip import Chip as Chip
    from assay.comparison import CompareRequest as CompareRequest
    from assay.comparison import Report as Report
    from assay.comparison import compare as compare
    from assay.llm.model import Model as Model
    from assay.serving.planning.answer import plan as plan
    from assay.serving.planning.plan import Plan as Plan
    from assay.serving.planning.request import PlanRequest as PlanRequest
    from assay.serving.simulation.answer import Simulation as Simulation
    from assay.serving.simulation.answer import simulate as simulate
    from assay.serving.simulation.request import PoolRequest as PoolRequest
    from assay.serving.simulation.request import SimulateRequest as SimulateRequest
    from assay.serving.traffic.traffic import Traffic as Traffic

__version__ = "0.1.0"

_HOMES = {
    "Chip": "assay.catalogue.chip",
    "CompareRequest": "assay.comparison",
    "Model": "assay.llm.model",
    "Report": "assay.comparison",
    "Plan": "assay.serving.planning.plan",
    "PlanRequest": "assay.serving.planning.request",
    "PoolRequest": "assay.serving.simulation.request",
    "SimulateRequest": "assay.serving.simulation.request",
    "Simulation": "assay.serving.simulation.answer",
    "Traffic": "assay.serving.traffic.traffic",
    "compare": "assay.comparison",
    "plan": "assay.serving.planning.answer",
    "simulate": "assay.serving.simulation.answer",
}
__all__ = [
    "Chip",
    "CompareRequest",
    "Model",
    "Plan",
    "PlanRequest",
    "PoolRequest",
    "Report",
    "SimulateRequest",
    "Simulation",
    "Traffic",
    "compare",
    "plan",
    "simulate",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401  any of the names above
    """Import a public name when it is first used: `import assay` alone stays cheap."""
    try:
        return getattr(import_module(_HOMES[name]), name)
    except KeyError:
        raise AttributeError(f"module 'assay' has no attribute {name!r}") from None


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
