"""Counters: folding, adding, coding, and that what is told from them is what the rows tell."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlregistry.errors import Invalid
from mlregistry.ml.drift import coding, counted, counters
from mlregistry.ml.drift.baselines import PREDICTION, Baseline, baseline_of
from mlregistry.ml.drift.counters import Counters, counted_values
from mlregistry.ml.drift.declaring import Declaration
from mlregistry.ml.drift.folding import fold_columns, fold_logged, reader_of
from mlregistry.ml.drift.report import ColumnDrift, DriftReport
from mlregistry.ml.drift.tables import compare_arrays
from mlregistry.ml.drift.values import of_array

Maker = Callable[[np.random.Generator, int], np.ndarray]
MAKERS: dict[str, Maker] = {
    "normal": lambda rng, n: rng.normal(50, 10, n),
    "far_from_zero": lambda rng, n: rng.normal(1e9, 1, n),
    "exponential": lambda rng, n: rng.exponential(3, n),
    "log_normal": lambda rng, n: rng.lognormal(0, 1.5, n),
    "cauchy": lambda rng, n: rng.standard_cauchy(n),
    "two_humps": lambda rng, n: np.where(rng.random(n) < 0.3, rng.normal(-5, 1, n), rng.normal(5, 1, n)),
    "heap_at_zero": lambda rng, n: np.where(rng.random(n) < 0.6, 0.0, rng.exponential(1, n)),
    "rounded": lambda rng, n: np.round(rng.normal(20, 5, n), 1),
    "whole": lambda rng, n: rng.integers(0, 70, n),
    "few": lambda rng, n: rng.integers(0, 12, n),
    "two": lambda rng, n: rng.integers(0, 2, n),
    "uniform": lambda rng, n: rng.random(n),
}
CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "quiet": lambda values: values,
    "shifted": lambda values: (
        values + np.asarray(0.3 * np.median(np.abs(values - np.median(values)))).astype(values.dtype)
    ),
    "doubled": lambda values: values * 2,
    "stuck": lambda values: np.full_like(values, np.median(values)),
    "beyond": lambda values: (
        values + np.asarray(2 * (np.quantile(values, 0.95) - np.quantile(values, 0.05))).astype(values.dtype)
    ),
}
DISTANCES = ("ks", "wasserstein", "jensen_shannon", "psi", "hellinger", "total_variation")


@dataclass
class Kept:
    baseline: Baseline
    counters: Counters


def kept(arrays: dict[str, Any]) -> Kept:
    values = {name: of_array(array) for name, array in arrays.items()}
    baseline = baseline_of(values)
    return Kept(baseline, counted_values(baseline, values, n_rows=len(next(iter(arrays.values())))))


def column(report: DriftReport, name: str) -> ColumnDrift:
    found = report.column(name)
    assert found is not None
    return found


def mixed(n: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    age = rng.normal(40, 10, n)
    age[: n // 20] = np.nan
    return {
        "input:age": age,
        "input:town": rng.choice(["Ulm", "Bonn", "Köln"], n).astype(object),
        "input:active": rng.random(n) < 0.5,
        "output:prediction": rng.random(n),
    }


def same(left: Counters, right: Counters, *, rel: float = 1e-9) -> None:
    assert (left.digest, left.n_rows) == (right.digest, right.n_rows)
    assert np.array_equal(left.counts, right.counts)
    assert np.allclose(left.offsets, right.offsets, rtol=rel, atol=1e-6)
    assert np.allclose(left.figures, right.figures, rtol=1e-9)
    assert np.array_equal(left.limits, right.limits)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("method", DISTANCES)
def test_what_counters_tell_is_within_a_hundredth_of_what_the_rows_tell(method: str, change: str) -> None:
    rng = np.random.default_rng(17)
    before = {name: maker(rng, 20_000) for name, maker in MAKERS.items()}
    now = {name: CHANGES[change](maker(rng, 5_000)) for name, maker in MAKERS.items()}
    if method in ("jensen_shannon", "hellinger", "total_variation"):
        before.pop("cauchy"), now.pop("cauchy")  # bins of equal width over its range tell nothing
    declared = Declaration(methods={"numeric": method})
    exact = compare_arrays(before, now, declared)
    base = kept(before)
    found = counted.compare(
        base.baseline, base.counters, fold_columns(base.baseline, now, n_rows=5_000), declared
    )
    for name in before:
        expected, figure = column(exact, name), column(found, name)
        assert figure.method == expected.method == method
        assert figure.statistic == pytest.approx(expected.statistic, abs=0.01, rel=0.01), name
        assert figure.drifted == expected.drifted or abs(expected.statistic or 0) < 0.11, name


def test_categories_missing_values_and_rates_are_exact() -> None:
    before, now = mixed(4000, 1), mixed(3000, 2)
    now["input:town"][:90] = "Mainz"
    now["input:town"][90:100] = None
    base = kept(before)
    found = counted.compare(base.baseline, base.counters, fold_columns(base.baseline, now, n_rows=3000))
    exact = compare_arrays(before, now)
    for name in ("input:town", "input:active"):
        assert column(found, name).statistic == pytest.approx(column(exact, name).statistic, abs=1e-12)
        assert column(found, name).unseen == column(exact, name).unseen
    for name in before:
        assert column(found, name).missing == column(exact, name).missing
        assert column(found, name).state == column(exact, name).state == "compared"


def test_hours_add_up_to_the_whole_window_in_any_order_and_come_off_again() -> None:
    base = kept(mixed(2000, 1))
    window = mixed(900, 3)
    hours = [
        fold_columns(base.baseline, {name: values[part] for name, values in window.items()}, n_rows=300)
        for part in (slice(300), slice(300, 600), slice(600, 900))
    ]
    whole = fold_columns(base.baseline, window, n_rows=900)
    same(counters.total(hours, base.baseline), whole)
    same((hours[2] + hours[0]) + hours[1], hours[2] + (hours[0] + hours[1]))
    rest = whole - hours[0]
    assert np.array_equal(rest.counts, (hours[1] + hours[2]).counts)
    assert np.allclose(rest.offsets, (hours[1] + hours[2]).offsets, atol=1e-6)
    with pytest.raises(Invalid, match="no part of them"):
        hours[0] - whole


def test_counters_come_back_from_their_bytes() -> None:
    base = kept(mixed(5000, 1))
    data = coding.to_bytes(base.counters, base.baseline)
    again = coding.from_bytes(data, Baseline.from_json(base.baseline.to_json()))
    same(again, base.counters, rel=1e-6)
    nothing = counters.empty(base.baseline)
    same(coding.from_bytes(coding.to_bytes(nothing, base.baseline), base.baseline), nothing)


def test_an_hour_of_thirty_columns_takes_little_room() -> None:
    rng = np.random.default_rng(1)
    base = kept({f"x{n}": rng.normal(size=5000) for n in range(30)})
    hour = fold_columns(base.baseline, {f"x{n}": rng.normal(size=2000) for n in range(30)}, n_rows=2000)
    assert len(coding.to_bytes(hour, base.baseline)) < 40_000


def test_damaged_and_foreign_bytes_are_refused() -> None:
    base, other = kept(mixed(500, 1)), kept(mixed(500, 2))
    data = coding.to_bytes(base.counters, base.baseline)
    for bytes_, sentence in [
        (b"", "no drift counters"),
        (b"nothing of the kind, but long enough for a head", "no drift counters"),
        (data[:4] + b"\x09" + data[5:], "version 9"),
        (data[:-20], "damaged"),
        (data[:40] + b"\x00" * 40, "damaged"),
        (data[:21] + b"\x03" + data[22:], "damaged"),
    ]:
        with pytest.raises(Invalid, match=sentence):
            coding.from_bytes(bytes_, base.baseline)
    with pytest.raises(Invalid, match="another baseline"):
        coding.from_bytes(data, other.baseline)
    with pytest.raises(Invalid, match="different baselines"):
        counted.compare(base.baseline, base.counters, other.counters)
    with pytest.raises(Invalid, match="different baselines"):
        _ = base.counters + other.counters
    with pytest.raises(Invalid, match="format 7"):
        Baseline.from_json({**base.baseline.to_json(), "format": 7})


def test_logged_rows_are_folded_whatever_their_json_holds() -> None:
    base = kept(
        {
            "input:age": np.arange(100.0),
            "input:town": np.array(["a", "b"] * 50, dtype=object),
            PREDICTION: np.array(["no", "yes"] * 50, dtype=object),
            "output:probability:yes": np.linspace(0, 1, 100),
        }
    )
    reader = reader_of(base.baseline)
    plain = [
        ('{"age": 5, "town": "a", "unknown": [1]}', '{"prediction": "no", "probabilities": [0.9, 0.1]}'),
        ('{"age": null}', '{"prediction": "yes", "probabilities": [0.3, 0.7]}'),
        ("{}", '{"prediction": null}'),
    ]
    odd = [
        (f'{{"age": {2**2000}, "town": "zzz"}}', '{"prediction": "no"}'),
        ('{"age": "7", "town": 3}', '{"prediction": "no"}'),
        ('{"age": {"deep": [1]}, "town": {"a": 1}}', '{"prediction": "no"}'),
    ]
    first = fold_logged(base.baseline, reader, plain, ("no", "yes"))
    places = base.baseline.places
    assert first.n_rows == 3
    assert first.counts[places["input:age"]].sum() == 1
    assert first.figures[0].tolist()[:2] == [1, 0]
    assert first.counts[places["input:town"]].tolist() == [1, 0, 0]
    assert first.counts[places[PREDICTION]].tolist() == [1, 1, 0]
    assert counters.missing(first, base.baseline, PREDICTION) == 1
    assert first.counts[places["output:probability:yes"]].sum() == 2
    whole = fold_logged(base.baseline, reader, plain + odd, ("no", "yes"))
    second = whole - first
    assert second.figures[0].tolist()[:2] == [2, 1]  # a word and an object; what is beyond any float
    assert second.counts[places["input:town"]].tolist() == [0, 0, 3]
    assert fold_logged(base.baseline, reader, [], ()).n_rows == 0


HOSTILE: list[tuple[Any, Any]] = [
    (np.full(100, np.nan), [1.0, None] * 50),
    (np.ones(100), [float("inf"), float("-inf"), float("nan"), 10**400, "x", None, [], {}] * 10),
    (np.arange(100.0), []),
    (np.array([-1e140, 1e140] * 50), [0.0, 1e139, 1e141] * 20),
    (np.array([5e-324, 0.0] * 50), [5e-324] * 50),
    (np.array([2**63 - 1, 2**62] * 50), [2**63 - 1] * 50),
    (
        np.array(["a"] * 100, dtype=object),
        [[], {}, None, float("nan"), True, 1, "a", "\ud800", "x" * 10_000] * 5,
    ),
    (np.array(["x" * 10_000] * 100, dtype=object), ["x" * 10_000] * 50),
    (np.array([f"{n}" for n in range(5000)], dtype=object), ["1"] * 50),
    (np.array([None] * 100, dtype=object), ["a"] * 50),
    (pd.Series(pd.date_range("2026-01-01", periods=100)), ["2026-01-01"] * 50),
]


@pytest.mark.parametrize("place", range(len(HOSTILE)))
def test_hostile_values_are_counted_and_compared_without_an_error(place: int) -> None:
    before, now = HOSTILE[place]
    base = kept({"x": before})
    window = fold_columns(base.baseline, {"x": now}, n_rows=len(now))
    accounted = window.counts.sum() + window.figures[0, :2].sum()
    assert accounted == len(now)
    for name in ("ks", "psi", "wasserstein", "jensen_shannon", "chi_square"):
        declared = Declaration(methods={"numeric": name}, least_rows=1)
        found = counted.compare(base.baseline, base.counters, window, declared).columns[0]
        assert found.statistic is None or np.isfinite(found.statistic)
    again = coding.from_bytes(coding.to_bytes(window, base.baseline), base.baseline)
    assert np.array_equal(again.counts, window.counts)
    assert Baseline.from_json(base.baseline.to_json()).digest == base.baseline.digest


def test_a_window_without_a_row_gets_no_verdict() -> None:
    base = kept(mixed(500, 1))
    report = counted.compare(base.baseline, base.counters, counters.empty(base.baseline))
    assert (report.drifted, report.n_compared) == (None, 0)
    assert {one.state for one in report.columns} == {"too_few"}


def test_too_many_columns_are_refused() -> None:
    values = of_array(np.arange(3.0))
    with pytest.raises(Invalid, match="at most 2,000"):
        baseline_of({str(n): values for n in range(2001)})
