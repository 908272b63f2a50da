from assay.kernels.coefficients import shipped
from assay.kernels.machine import Machine
from assay.kernels.module import remainder

from .machines import H200, SGLANG, TRTLLM


def test_a_graph_of_listed_kernels_leaves_little() -> None:
    """TensorRT-LLM runs MLA as one graph: the sum of its operators is right, within microseconds."""
    left = remainder("mla", "decode", 1e6, Machine(H200, TRTLLM, shipped()))
    assert 0.9 < left.scale < 1.1
    assert left.extra.floor_s < 10e-6


def test_index_bookkeeping_takes_longer_than_that() -> None:
    machine = Machine(H200, SGLANG, shipped())
    for module in ("dsa", "csa", "hca"):
        assert remainder(module, "decode", 1e6, machine).extra.floor_s > 10e-6
