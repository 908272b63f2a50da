from hypothesis import given
from hypothesis import strategies as st

from assay.core.array import Number
from assay.kernels import decode
from assay.kernels.coefficients import shipped
from assay.kernels.silicon import Silicon

from .machines import chips


@given(st.integers(1, 256), st.integers(1, 65536), chips)
def test_verifying_drafts_together_is_cheaper_than_one_by_one(batch: int, kv_tokens: int, silicon: Silicon) -> None:
    theta = shipped().bounded("decode_attention_bf16", silicon.generation)

    def seconds(queries: float) -> Number:
        return decode.time(batch, kv_tokens, queries, 32, 8, 128, 2, silicon.peak("bf16"), theta, silicon).seconds

    assert seconds(1) <= seconds(4) <= 4 * seconds(1)


@given(st.integers(1, 256), st.integers(1, 65536), chips)
def test_a_warm_cache_is_never_slower(batch: int, kv_tokens: int, silicon: Silicon) -> None:
    theta = shipped().theta("decode_attention_bf16", silicon.generation)

    def seconds(warm: bool) -> Number:
        peak = silicon.peak("bf16")
        return decode.time(batch, kv_tokens, 1, 32, 8, 128, 2, peak, theta, silicon, warm=warm).seconds

    assert seconds(True) <= seconds(False)
