from pathlib import Path

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import BadData, UsageError
from assay.supply.diversion.case import cases, flags, typologies
from assay.supply.diversion.evaluate import evaluate, quality
from assay.supply.diversion.lead import leads, weights
from assay.supply.diversion.order import Order, read_orders, synthetic_orders, tail_index

CODES = st.frozensets(st.sampled_from(sorted(flags())))


def test_only_what_was_charged_counts_as_diversion() -> None:
    status = {case.id: case.status for case in cases()}
    assert status["D02"] == status["D18"] == "unproven"  # denied, and nobody charged
    assert status["D08"] == "lawful"
    learnt = weights(cases())
    assert learnt == weights([case for case in cases() if case.status == "charged"])


def test_cases_and_typologies_name_known_flags() -> None:
    shown = {code for case in cases() for code in case.flags} | {
        code for it in typologies().values() for code in it.flags
    }
    assert shown <= set(flags())
    assert {code for case in cases() for code in case.typologies} <= set(typologies())
    assert all(flag.low <= flag.lawful_rate <= flag.high for flag in flags().values())


@given(CODES, st.sampled_from(sorted(flags())))
def test_a_flag_moves_the_probability_as_its_weight_says(shown: frozenset[str], code: str) -> None:
    learnt = weights(cases())
    without, having = (Order("x", 1e6, it) for it in (shown - {code}, shown | {code}))
    before, after = (leads([order], learnt)[0].probability for order in (without, having))
    assert (after - before) * learnt[code] >= 0


def test_no_flag_leaves_the_prior() -> None:
    lead = leads([Order("x", 1e6, frozenset())], weights(cases()), 0.07)[0]
    assert lead.probability == pytest.approx(0.07)
    assert lead.as_dict()["finding"] is False


def test_orders_repeat_with_their_seed_and_keep_to_their_share() -> None:
    orders = synthetic_orders(5000, 0.1, 3)
    assert orders == synthetic_orders(5000, 0.1, 3)
    assert sum(order.diverted for order in orders) == pytest.approx(500, abs=80)
    assert all(typologies()[order.typology].lawful is not order.diverted for order in orders)


def test_the_tail_is_hills_estimate() -> None:
    values = scipy.stats.pareto(1.3).rvs(4000, random_state=1)
    assert tail_index(values.tolist()) == pytest.approx(1.3, rel=0.06)


def test_more_alerts_catch_more_and_accuse_more() -> None:
    ranked = leads(synthetic_orders(4000, 0.03, 1), weights(cases()), 0.03)
    few, many = quality(ranked, 20), quality(ranked, 400)
    assert few.recall <= many.recall
    assert few.recall_by_value <= many.recall_by_value
    assert few.accused <= many.accused
    assert few.held_up_usd <= many.held_up_usd
    assert few.precision > 0.03  # better than chance


def test_cases_left_out_rank_above_most_lawful_orders() -> None:
    result = evaluate(3000, 0.02, 1)
    assert all(it.rank > 0.9 for it in result.left_out if it.status == "charged")
    lawful = [it.rank for it in result.left_out if it.status == "lawful"]
    assert max(lawful) < 0.8
    assert {it.id for it in result.later} <= {it.id for it in result.left_out}


def test_orders_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("id,value_usd,flags\na,1000,RF01;RF08\nb,2000,\n")
    assert read_orders(path) == (Order("a", 1000, frozenset({"RF01", "RF08"})), Order("b", 2000, frozenset()))
    path.write_text("id,value_usd,flags\na,1000,RF01;RF99\nb,-5,\n")
    with pytest.raises(BadData, match="line 3"):
        read_orders(path)
    path.write_text("id,value_usd,flags\na,1000,RF99\nb,5,RF98\n")
    with pytest.raises(BadData, match="RF98"):
        read_orders(path)


@pytest.mark.parametrize(("count", "share"), [(0, 0.1), (10, 1.5)])
def test_a_draw_that_makes_no_sense_is_refused(count: int, share: float) -> None:
    with pytest.raises(UsageError):
        synthetic_orders(count, share, 1)


def test_nothing_to_find_is_told() -> None:
    with pytest.raises(UsageError, match="none"):
        evaluate(10, 0.0, 1)
