import numpy as np
import pytest

from assay.kernels import latent, prefill
from assay.kernels.coefficients import shipped
from assay.kernels.prefill import Heads, Span
from assay.kernels.silicon import Silicon

from .machines import H20, H100, H200

# 61 layers of DeepSeek-R1, ms: prefill of four prompts of 4,096 on 16 heads; decode of b sequences of 4,608 on 128.
PREFILL = [(H20, 176.1), (H100, 40.9), (H200, 40.1)]
DECODE = [
    (H20, [7.39, 13.44, 24.96, 34.57, 47.58, 65.17, 89.99]),
    (H100, [3.0, 4.4, 7.24, 10.64, 12.17, 20.29, 23.87]),
    (H200, [2.63, 3.81, 6.2, 9.33, 10.33, 17.15, 20.19]),
]


@pytest.mark.parametrize(("silicon", "expected_ms"), PREFILL)
def test_published_prefill(silicon: Silicon, expected_ms: float) -> None:
    theta = shipped().theta("mla_prefill", "hopper", "trtllm_bf")
    price = prefill.time(4, Span(4096), Heads(16, 16, 160), 2, silicon.peak("bf16"), theta, silicon)
    assert 61 * price.seconds * 1e3 == pytest.approx(expected_ms, rel=0.002)


@pytest.mark.parametrize(("silicon", "expected_ms"), DECODE)
def test_published_decode(silicon: Silicon, expected_ms: list[float]) -> None:
    theta = shipped().theta("mla_decode", "hopper", "flash_attention_bf")
    batches = np.array([8, 16, 32, 48, 64, 96, 128])
    price = latent.time(batches, 4608, 128, 512, 64, 2, silicon.peak("bf16"), theta, silicon)
    np.testing.assert_allclose(61 * price.seconds * 1e3, expected_ms, rtol=0.002)


def test_decode_is_bound_by_compute_on_a_chip_with_little_of_it() -> None:
    """H20 has more bandwidth than H100, and takes four times as long."""
    theta = shipped().bounded("mla_decode", "hopper", "flash_attention_bf")
    h20, h100 = (
        latent.time(128, 4608, 128, 512, 64, 2, silicon.peak("bf16"), theta, silicon).seconds for silicon in (H20, H100)
    )
    assert h20 > 3 * h100
