from assay.catalogue.engine import engine
from assay.kernels.software import software

from .machines import H200, UNSEEN


def test_kernel_classes_are_those_of_the_generation() -> None:
    hopper = software(engine("sglang"), H200)
    assert hopper.attention == "fa3"
    assert hopper.framework == "sglang"


def test_an_unknown_generation_has_no_classes() -> None:
    assert software(engine("sglang"), UNSEEN).attention == ""
