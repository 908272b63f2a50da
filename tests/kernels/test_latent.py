from assay.kernels import latent
from assay.kernels.coefficients import shipped

from .machines import A100, H20, H100, H200


def test_decode_is_bound_by_compute_on_a_chip_with_little_of_it() -> None:
    """H20 has more bandwidth than H100, and takes four times as long."""
    theta = shipped().bounded("mla_decode", "hopper", "flash_attention_bf")
    h20, h100 = (
        latent.time(128, 4608, 128, 512, 64, 2, silicon.peak("bf16"), theta, silicon).seconds for silicon in (H20, H100)
    )
    assert h20 > 3 * h100


def test_a_kernel_that_does_not_split_walks_the_whole_cache() -> None:
    """TensorRT-LLM on Ampere: one long sequence takes as long as a hundred, core by core."""
    assert latent.kernel_class("trtllm", A100) == latent.UNSPLIT
    assert latent.kernel_class("trtllm", H200) == "trtllm"
    theta = shipped().bounded("mla_decode", "ampere", latent.UNSPLIT + "_bf")

    def seconds(batch: int, split: bool) -> float:
        cost = latent.time(batch, 65536, 16, 512, 64, 2, A100.peak("bf16"), theta, A100, split=split)
        return float(cost.seconds)

    assert seconds(1, split=False) > 5 * seconds(1, split=True)
    assert seconds(100, split=False) < 1.5 * seconds(1, split=False)
