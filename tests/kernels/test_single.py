import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.array import Number
from assay.kernels import single, sparse
from assay.kernels.coefficients import shipped
from assay.kernels.silicon import Silicon
from assay.kernels.single import Work
from assay.llm.operator import LatentBmm, SparseLatentAttention

from .machines import H200, chips

works = st.builds(
    Work, flop=st.floats(0, 1e13), bytes=st.floats(1, 1e10), ctas=st.integers(1, 10000), steps=st.integers(1, 100)
)


@given(works, chips)
def test_a_warm_kernel_is_never_slower(work: Work, silicon: Silicon) -> None:
    theta = shipped().theta("gdn", silicon.generation)
    assert single.time(work, theta, silicon, warm=True).seconds <= single.time(work, theta, silicon).seconds


def test_much_work_on_many_cores_approaches_the_bound_of_its_slowest_unit() -> None:
    theta = shipped().bounded("mla_bmm", "hopper")
    work = Work(flop=0.0, bytes=1e10, ctas=1e5)
    assert single.time(work, theta, H200).seconds == pytest.approx(
        1e10 / (theta.eta * H200.bandwidth_bytes_per_s), rel=0.6
    )


def test_an_absorbed_projection_reads_its_weights_once_whatever_the_tokens() -> None:
    one, many = (sparse.bmm_work(LatentBmm(role="test", tokens=t, heads=128.0, k=128.0, n=512.0)) for t in (1.0, 64.0))
    assert one.bytes == 128 * 128 * 512 * 2 + 2 * 128 * 640
    assert many.bytes - one.bytes == 63 * 2 * 128 * 640


def test_sparse_attention_of_one_query_reads_what_it_chose_not_the_cache() -> None:
    short, long = (
        sparse.attention_work(
            SparseLatentAttention(role="test", batch=1.0, queries=1.0, kv_tokens=keys, heads=128.0, top_k=2048.0), 64
        )
        for keys in (4096.0, 1e6)
    )
    assert short.bytes == long.bytes
    assert short.flop == long.flop


def test_few_heads_are_padded_to_a_tile() -> None:
    def flop(heads: float) -> Number:
        operator = SparseLatentAttention(
            role="test", batch=1.0, queries=1.0, kv_tokens=4096.0, heads=heads, top_k=2048.0
        )
        return sparse.attention_work(operator, 64).flop

    assert flop(8.0) == flop(64.0) == flop(128.0) / 2
