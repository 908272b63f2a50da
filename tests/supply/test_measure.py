import pytest

from assay.supply.chip_class import chip_classes
from assay.supply.estimate import estimates
from assay.supply.measure import LABELS, worth


def test_an_h100_is_worth_one() -> None:
    it = worth("h100-sxm")
    assert [it[label] for label in LABELS if label.startswith("h100e")] == [1] * 5


def test_an_h20_is_worth_an_eighth_or_more_than_one_by_the_label() -> None:
    it = worth("h20-96gb")
    assert it["h100e_fp8"] == pytest.approx(0.150, abs=1e-3)
    assert it["h100e_bandwidth"] == pytest.approx(1.19, abs=5e-3)
    assert it["tpp"] == 2368


@pytest.mark.parametrize(("chip", "fp8"), [("h200-sxm", 1.0), ("b200-sxm", 2.27), ("a100-sxm-80gb", 0.315)])
def test_eight_bit_falls_back_on_int8(chip: str, fp8: float) -> None:
    assert worth(chip)["h100e_fp8"] == pytest.approx(fp8, abs=5e-3)


def test_the_mix_of_the_reference_needs_its_estimates() -> None:
    classes = chip_classes()
    alone = classes.reference_worths({})
    assert alone == pytest.approx(worth("h100-sxm"))
    assert classes.reference_worths(estimates())["h100e_fp8"] == pytest.approx(1)
