"""When the mean of a column changed, from the counters of hours."""

from collections.abc import Callable

import numpy as np
import pytest

from mlregistry.ml.drift import streams
from mlregistry.ml.drift.baselines import Baseline, baseline_of
from mlregistry.ml.drift.counters import Counters, counted_values
from mlregistry.ml.drift.declaring import parse
from mlregistry.ml.drift.folding import fold_columns
from mlregistry.ml.drift.values import of_array

HOUR = 3600


def rows(n: int, seed: int, *, shift: float = 0.0, share: float = 0.3) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "input:age": rng.normal(40 + 10 * shift, 10, n),
        "input:town": np.where(rng.random(n) < share, "Ulm", "Bonn").astype(object),
        "input:same": np.ones(n),
    }


@pytest.fixture(scope="module")
def base() -> tuple[Baseline, Counters]:
    before = {name: of_array(values) for name, values in rows(5_000, 0).items()}
    baseline = baseline_of(before)
    return baseline, counted_values(baseline, before, n_rows=5_000)


def hours(
    baseline: Baseline, n: int, of: Callable[[int], dict[str, np.ndarray]]
) -> list[tuple[int, Counters]]:
    return [(hour * HOUR, fold_columns(baseline, of(hour), n_rows=200)) for hour in range(n)]


@pytest.mark.parametrize("detector", ["adwin", "page_hinkley"])
def test_a_sudden_change_is_seen_within_hours_and_told_in_the_column_s_unit(
    base: tuple[Baseline, Counters], detector: str
) -> None:
    window = hours(base[0], 120, lambda hour: rows(200, hour, shift=float(hour >= 80)))
    found = streams.changes(*base, window, parse({"stream": detector}))
    assert {one.column for one in found} == {"input:age"}
    assert 80 * HOUR <= found[-1].at <= 90 * HOUR
    assert found[-1].before == pytest.approx(40, abs=1)
    assert found[0].after == pytest.approx(50, abs=4)
    assert found[-1].label is None


@pytest.mark.parametrize("detector", ["adwin", "page_hinkley"])
def test_quiet_weeks_raise_nothing(base: tuple[Baseline, Counters], detector: str) -> None:
    window = hours(base[0], 336, lambda hour: rows(200, hour))
    assert streams.changes(*base, window, parse({"stream": detector})) == []


def test_the_share_of_a_category_is_followed_and_small_steps_are_left_out(
    base: tuple[Baseline, Counters],
) -> None:
    window = hours(base[0], 96, lambda hour: rows(200, hour, share=0.6 if hour >= 48 else 0.3))
    (change,) = streams.changes(*base, window, parse({}))
    assert (change.column, change.label) == ("input:town", "Bonn")
    assert change.before == pytest.approx(0.7, abs=0.03)
    assert change.after == pytest.approx(0.4, abs=0.1)
    assert streams.changes(*base, window, parse({"stream_change": 2.0})) == []
    unwatched = parse({"columns": {"input:town": {"watched": False}}})
    assert streams.changes(*base, window, unwatched) == []


def test_hours_without_values_are_passed_over(base: tuple[Baseline, Counters]) -> None:
    nothing = [(hour * HOUR, fold_columns(base[0], {}, n_rows=0)) for hour in range(40)]
    assert streams.changes(*base, nothing, parse({})) == []
    assert streams.changes(*base, [], parse({"stream": "page_hinkley"})) == []
