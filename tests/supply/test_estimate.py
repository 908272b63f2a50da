from datetime import date

from assay.supply.estimate import estimates, published_by


def test_every_estimate_has_a_source_and_a_number() -> None:
    assert len(estimates()) == 259
    for it in estimates().values():
        assert it.publisher
        assert it.first <= it.last
        assert it.url.startswith("http") or it.read != "read"
        assert any(value is not None for value in (it.low, it.mid, it.high)) or "status only" in it.interval


def test_an_estimate_is_seen_from_its_day_on() -> None:
    it = estimates()["E089"]
    assert it.published == date(2025, 5, 28)
    assert "E089" not in published_by(date(2025, 5, 27))
    assert "E089" in published_by(date(2025, 5, 28))
