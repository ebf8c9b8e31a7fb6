"""Detectors on streams: quiet ones raise no alarm, changes are seen in time, by single values and by hours' sums."""

import math

import numpy as np
import pytest

from mlregistry.errors import Invalid
from mlregistry.ml.drift.changes import Adwin, PageHinkley


def alarms(detector: Adwin | PageHinkley, values: np.ndarray) -> list[int]:
    return [place for place, value in enumerate(values.tolist()) if detector.add(value)]


def test_page_and_hinkleys_sums_are_worked_by_hand() -> None:
    detector = PageHinkley(mean=10, deviation=2, shift=1, limit=4)
    steps = [(14, 1.5), (14, 3.0), (10, 2.5), (16, 5.0)]  # over the mean in deviations, less a half
    for value, expected in steps[:3]:
        assert not detector.add(value)
        assert detector.over == pytest.approx(expected)
    assert detector.add(steps[3][0])
    assert (detector.over, detector.under) == (0, 0)
    assert PageHinkley(0, 1).add(math.nan) is PageHinkley(0, 1).add(math.inf) is False


@pytest.mark.parametrize("name", ["normal", "uniform", "exponential", "student"])
def test_quiet_streams_raise_no_alarm(name: str) -> None:
    rng = np.random.default_rng(4)
    streams = {
        "normal": rng.normal(size=(30, 2000)),
        "uniform": (rng.random((30, 2000)) - 0.5) * math.sqrt(12),
        "exponential": rng.exponential(size=(30, 2000)) - 1,
        "student": rng.standard_t(3, size=(30, 2000)) / math.sqrt(3),
    }[name]
    assert [alarms(PageHinkley(0, 1), stream) for stream in streams] == [[]] * 30
    assert [alarms(Adwin(scale=6), stream[:300]) for stream in streams[:5]] == [[]] * 5


def test_a_shift_is_seen_soon_after_it_came_and_once() -> None:
    rng = np.random.default_rng(5)
    stream = np.concatenate([rng.normal(0, 1, 300), rng.normal(1.5, 1, 300)])
    by_sums = alarms(PageHinkley(0, 1), stream)
    assert 300 < by_sums[0] < 340
    window = Adwin(scale=6)
    by_window = alarms(window, stream)
    assert 300 < by_window[0] < 400
    assert window.mean == pytest.approx(1.5, abs=0.2)
    assert 200 < window.n < 340


def test_a_fall_is_seen_like_a_rise() -> None:
    rng = np.random.default_rng(6)
    stream = np.concatenate([rng.normal(0, 1, 200), rng.normal(-2, 1, 100)])
    assert 200 < alarms(PageHinkley(0, 1), stream)[0] < 230
    assert 200 < alarms(Adwin(scale=6), stream)[0] < 280


def test_the_sums_of_hours_show_a_falling_rate() -> None:
    rng = np.random.default_rng(7)
    hits = np.concatenate([rng.binomial(200, 0.9, 100), rng.binomial(200, 0.8, 50)])
    detector = Adwin()
    found = [hour for hour, n in enumerate(hits.tolist()) if detector.add_sums(200, n, n)]
    assert 100 <= found[0] <= 104
    assert detector.mean == pytest.approx(0.8, abs=0.02)


def test_a_cut_is_where_the_papers_bound_says() -> None:
    """Two cells of 100 values, all 0 and all 1: the gap of 1 is over the bound; of 1 and 1 values it is not."""
    wide = Adwin()
    assert not wide.add_sums(100, 0, 0)
    assert wide.add_sums(100, 100, 100)
    assert (wide.n, wide.mean) == (100, 1)
    narrow = Adwin()
    assert not narrow.add(0)
    assert not narrow.add(1)
    variance, inverse, chance = 0.25, 2 / 100, math.log(2 * math.log(200) / 0.002)
    bound = math.sqrt(2 * inverse * variance * chance) + 2 / 3 * inverse * chance
    for gap, expected in ((bound * 1.05, True), (bound * 0.95, False)):
        cells = Adwin()
        cells.add_sums(100, 50, 50)
        left, right = 50 / 100, 50 / 100 + gap
        squares = 200 * (variance + ((left + right) / 2) ** 2) - 50
        assert cells.add_sums(100, 100 * right, squares) is expected


def test_a_long_stream_keeps_few_cells_and_all_values() -> None:
    detector = Adwin()
    for _ in range(1200):
        detector.add(0.5)
    assert len(detector.cells) <= 512
    assert (detector.n, detector.mean) == (1200, 0.5)


def test_what_is_not_finite_is_passed_over() -> None:
    detector = Adwin()
    assert not any(detector.add(value) for value in (math.nan, math.inf, -math.inf, 1e200))
    assert not detector.add_sums(0, 1, 1)
    assert detector.n == 0


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Adwin(delta=0), "delta"),
        (lambda: Adwin(delta=1.5), "delta"),
        (lambda: Adwin(scale=0), "scale"),
        (lambda: Adwin(scale=math.inf), "scale"),
        (lambda: PageHinkley(0, 0), "deviation"),
        (lambda: PageHinkley(math.nan, 1), "deviation"),
        (lambda: PageHinkley(0, 1, shift=0), "shift"),
        (lambda: PageHinkley(0, 1, limit=-1), "shift"),
    ],
)
def test_detectors_refuse_what_makes_no_sense(make: object, sentence: str) -> None:
    assert callable(make)
    with pytest.raises(Invalid, match=sentence):
        make()
