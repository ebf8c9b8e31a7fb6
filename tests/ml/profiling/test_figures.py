"""Figures of a profile against pandas and scipy, to 1e-9, on values that are awkward."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mlregistry.errors import Invalid
from mlregistry.ml.profiling.document import Column, Numbers, Profile
from mlregistry.ml.profiling.limits import ProfileLimits

from .conftest import NOW, Profiled

chance = np.random.default_rng(7)
N = 5000
SERIES: dict[str, Any] = {
    "normal": chance.normal(50, 10, N),
    "far_from_zero": chance.normal(1e9, 1e-2, N),
    "heavy_tail": chance.standard_t(3, N) * 1e5,
    "ties": chance.integers(0, 5, N).astype(float) / 4,
    "gaps": np.where(chance.random(N) < 0.3, np.nan, chance.exponential(3, N)),
    "infinities": np.r_[[np.inf] * 40, [-np.inf] * 30, chance.normal(0, 1, N - 70)],
    "whole": chance.integers(-1000, 1000, N),
    "large_whole": chance.integers(2**61, 2**62, N),
    "zeros": np.zeros(N),
    "tiny": chance.normal(0, 1e-12, N),
    "one_value": np.r_[np.full(N - 1, np.nan), 3.5],
    "two_values": np.r_[np.full(N - 2, np.nan), 3.5, 4.5],
}  # fmt: skip


def numbers_of(profile: Profile, name: str) -> tuple[Column, Numbers]:
    column = profile.column(name)
    assert column is not None
    assert column.numbers is not None
    return column, column.numbers


def close(found: float | None, wanted: float) -> bool:
    if found is None:
        return bool(np.isnan(wanted))
    return bool(np.isclose(found, wanted, rtol=1e-9, atol=1e-9 * max(1e-12, abs(wanted))))


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return pd.DataFrame(SERIES)


@pytest.fixture(scope="module")
def found(frame: pd.DataFrame, profiled: Profiled) -> Profile:
    return profiled(frame, n_parts=3, depth="quick")


def test_counts_and_distinct_values_are_those_of_pandas(found: Profile, frame: pd.DataFrame) -> None:
    for name, series in frame.items():
        column, _ = numbers_of(found, str(name))
        infinite = (
            np.isinf(series.astype(float)) if series.dtype.kind == "f" else pd.Series(False, series.index)
        )
        assert (column.n, column.n_missing, column.n_infinite) == (
            series.count(),
            series.isna().sum(),
            infinite.sum(),
        ), name
        assert column.n_distinct == series[~infinite].nunique() + bool(infinite.any()), name


def test_moments_and_quantiles_are_those_of_pandas(found: Profile, frame: pd.DataFrame) -> None:
    for name, series in frame.items():
        _, numbers = numbers_of(found, str(name))
        finite = series[np.isfinite(series.astype(float))]
        assert (numbers.minimum, numbers.maximum) == (finite.min(), finite.max()), name
        assert close(numbers.mean, finite.astype(float).mean()), name
        assert close(numbers.deviation, finite.std()), name
        for share, value in numbers.quantiles.items():
            assert close(value, float(np.quantile(finite.astype(float), float(share)))), (name, share)
        assert close(numbers.mad, float(stats.median_abs_deviation(finite.astype(float)))), name


@pytest.mark.parametrize(
    "name",
    ["normal", "heavy_tail", "ties", "gaps", "infinities", "whole", "zeros", "one_value", "two_values"],
)
def test_skewness_and_kurtosis_are_those_of_pandas(found: Profile, frame: pd.DataFrame, name: str) -> None:
    _, numbers = numbers_of(found, name)
    finite = frame[name][np.isfinite(frame[name].astype(float))].astype(float)
    assert close(numbers.skewness, float(str(finite.skew())))
    assert close(numbers.kurtosis, float(str(finite.kurt())))


@pytest.mark.parametrize("name", ["tiny", "far_from_zero"])
def test_moments_of_tiny_and_far_values_are_those_of_scipy(
    found: Profile, frame: pd.DataFrame, name: str
) -> None:
    """pandas calls variances below 1e-14 none."""
    _, numbers = numbers_of(found, name)
    assert numbers.skewness == pytest.approx(stats.skew(frame[name], bias=False), rel=1e-9)
    assert numbers.kurtosis == pytest.approx(stats.kurtosis(frame[name], bias=False), rel=1e-9)


def test_zeros_negatives_and_outliers_are_counted(found: Profile, frame: pd.DataFrame) -> None:
    for name, series in frame.items():
        _, numbers = numbers_of(found, str(name))
        finite = series[np.isfinite(series.astype(float))].astype(float)
        assert (numbers.n_zero, numbers.n_negative) == ((finite == 0).sum(), (finite < 0).sum()), name
        low, high = np.quantile(finite, [0.25, 0.75])
        fence = 1.5 * (high - low)
        assert numbers.n_outliers_iqr == ((finite < low - fence) | (finite > high + fence)).sum(), name
        middle, mad = np.median(finite), stats.median_abs_deviation(finite)
        z = 0.6745 * (finite - middle).abs() / mad if mad else finite * 0
        assert numbers.n_outliers_z == (z > 3.5).sum(), name


def test_histograms_and_bins_hold_every_value_once(found: Profile, frame: pd.DataFrame) -> None:
    for name, series in frame.items():
        _, numbers = numbers_of(found, str(name))
        finite = series[np.isfinite(series.astype(float))].astype(float).to_numpy()
        wanted, _ = np.histogram(finite, bins=np.array(numbers.histogram.edges))
        assert numbers.histogram.counts == tuple(wanted), name
        edges = np.array(numbers.bins.edges)
        places = np.searchsorted(edges, finite, side="right")
        assert numbers.bins.counts == tuple(np.bincount(places, minlength=len(edges) + 1)), name
        sums = np.bincount(places, weights=finite, minlength=len(edges) + 1)
        assert np.allclose(numbers.bins.sums, sums, rtol=1e-9, atol=1e-9), name
        assert numbers.bins.counts[0] == 0


def test_the_edges_of_the_baseline_are_percentiles(found: Profile, frame: pd.DataFrame) -> None:
    _, numbers = numbers_of(found, "normal")
    assert len(numbers.bins.edges) == 101
    assert np.allclose(numbers.bins.edges, np.quantile(frame["normal"], np.arange(101) / 100), rtol=1e-12)


def test_the_most_frequent_values_come_first(found: Profile, frame: pd.DataFrame) -> None:
    column, _ = numbers_of(found, "ties")
    counts = frame["ties"].value_counts()
    assert [top.count for top in column.top] == counts.tolist()
    assert [float(top.value) for top in column.top] == counts.index.tolist()
    assert column.n_other == 0


def test_values_that_come_once_are_not_listed(found: Profile) -> None:
    column, _ = numbers_of(found, "normal")
    assert (column.top, column.n_other) == ((), N)


def test_whole_numbers_of_64_bits_stay_exact(profiled: Profiled) -> None:
    values = [2**53 + 1, 2**53 + 2, 2**53 + 3, 2**53 + 3]
    column, numbers = numbers_of(profiled(pd.DataFrame({"key": values}), depth="quick"), "key")
    assert (column.n_distinct, numbers.minimum, numbers.maximum) == (3, 2**53 + 1, 2**53 + 3)
    assert column.top[0].value == str(2**53 + 3)


def test_texts_are_measured_as_pandas_does(profiled: Profiled) -> None:
    choice = np.array(["red", "green ", "", "  ", "12,5", "2020-01-31", None], dtype=object)
    words: pd.Series[str] = pd.Series(chance.choice(choice, 2000), dtype=object)
    column = profiled(pd.DataFrame({"word": words}), n_parts=2, depth="quick").columns[0]
    known = words.dropna()
    assert column.texts is not None
    assert (column.n, column.n_missing, column.n_distinct) == (
        known.size,
        words.isna().sum(),
        known.nunique(),
    )
    assert {top.value: top.count for top in column.top} == known.value_counts().to_dict()
    lengths = known.str.len()
    assert (column.texts.shortest, column.texts.longest) == (lengths.min(), lengths.max())
    assert column.texts.mean_length == pytest.approx(lengths.mean(), rel=1e-12)
    assert column.texts.n_blank == known.isin(["", "  "]).sum()
    assert column.texts.n_padded == (known == "green ").sum()
    assert (column.texts.n_numbers, column.texts.n_dates) == (
        (known == "12,5").sum(),
        (known == "2020-01-31").sum(),
    )
    assert sum(column.texts.lengths.counts) == known.size


def many_texts(n: int = 120_000) -> pd.DataFrame:
    """Long enough to be counted by the database: by value and by hash."""
    numbers = chance.integers(0, 60_000, n)
    return pd.DataFrame({
        "few": chance.choice(["a", "b ", "7", "", "1.2.2020"], n),
        "many": [f"value {i} ü" if i % 3 else (f" {i}" if i % 2 else f"{i % 28 + 1}.3.2021") for i in numbers],
        "all": [f"key-{i:07d}" for i in range(n)],
    })  # fmt: skip


def test_long_columns_of_text_come_to_the_same(profiled: Profiled, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = many_texts()
    frame.loc[::50, "many"] = None
    by_database = profiled(frame, n_parts=3, depth="quick", limits=ProfileLimits(grouped_values=1000))
    monkeypatch.setattr("mlregistry.ml.profiling.columns.SHORT", len(frame))
    by_value = profiled(frame, n_parts=3, depth="quick")
    for left, right in zip(by_database.columns, by_value.columns, strict=True):
        assert left.texts is not None
        assert right.texts is not None
        assert replace(left.texts, mean_words=None) == replace(right.texts, mean_words=None), left.name
        assert left.texts.mean_words == pytest.approx(right.texts.mean_words, rel=0.1)
        assert (left.n, left.n_missing, left.n_distinct, left.kind) == (
            right.n,
            right.n_missing,
            right.n_distinct,
            right.kind,
        )
        assert [top.count for top in left.top] == [top.count for top in right.top]
    assert [column.n_distinct for column in by_value.columns] == [frame[name].nunique() for name in frame]


def test_times_have_ends_gaps_and_a_future(profiled: Profiled) -> None:
    hours = pd.date_range("2026-05-01", periods=500, freq="h")
    times = pd.Series(hours[:200].append(hours[400:])).sample(frac=1, random_state=0).reset_index(drop=True)
    times[7] = None
    times[8] = pd.Timestamp("2027-01-01 12:00")
    column = profiled(pd.DataFrame({"at": times}), depth="quick").columns[0]
    assert column.times is not None
    assert (column.n, column.n_missing, column.n_distinct) == (299, 1, times.nunique())
    assert column.times.minimum == times.min().isoformat()
    assert column.times.maximum == "2027-01-01T12:00:00"
    assert column.times.n_future == (times > NOW.replace(tzinfo=None)).sum()
    assert column.times.median_step_seconds == 3600
    steps = times.dropna().sort_values().diff().dropna().dt.total_seconds()
    assert [gap.seconds for gap in column.times.gaps] == sorted(steps[steps > 36_000], reverse=True)
    assert sum(column.times.histogram.counts) == 299


def test_booleans_are_counted(profiled: Profiled) -> None:
    values = pd.Series([True, False, True, None, True], dtype="boolean")
    column = profiled(pd.DataFrame({"on": values}), depth="quick").columns[0]
    assert (column.kind, column.n, column.n_missing, column.n_distinct) == ("boolean", 4, 1, 2)
    assert [(top.value, top.count) for top in column.top] == [("true", 3), ("false", 1)]


@pytest.mark.parametrize("depth", ["quick", "full"])
@pytest.mark.parametrize(
    "make",
    [
        lambda: pd.DataFrame({"a": [1.5], "b": ["x"], "c": [True], "d": [pd.Timestamp("2020-01-01")]}),
        lambda: pd.DataFrame({"a": pd.Series([], dtype=float), "b": pd.Series([], dtype=str)}),
        lambda: pd.DataFrame({"a": pd.Series([np.nan] * 300), "b": pd.Series([None] * 300, dtype=str)}),
        lambda: pd.DataFrame({"a": [np.inf, -np.inf, np.nan] * 100}),
        lambda: pd.DataFrame({"a": [1.7e308, -1.7e308, 5e-324, 0.0] * 100}),
        lambda: pd.DataFrame({'he said "x"': [1, 2], "a'b": ["p", "q"], "ünï": [0.5, 0.25]}),
    ],
    ids=["one row", "no rows", "all missing", "only infinities", "the largest floats", "odd names"],
)
def test_tables_at_the_edge_have_a_profile(
    profiled: Profiled, depth: str, make: Callable[[], pd.DataFrame]
) -> None:
    frame = make()
    found = profiled(frame, depth=depth, target=str(frame.columns[0]))
    assert Profile.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False))) == found
    assert [column.name for column in found.columns] == list(frame.columns)
    for column, series in zip(found.columns, (frame[name] for name in frame), strict=True):
        assert (column.n, column.n_missing) == (series.count(), series.isna().sum())


@pytest.mark.parametrize("spoil", [{"format": 99}, {"columns": None}, {"n_rows": "many"}])
def test_a_document_of_another_form_is_refused(found: Profile, spoil: dict[str, Any]) -> None:
    data = {**found.to_json(), **spoil}
    with pytest.raises(Invalid):
        Profile.from_json(data)
    with pytest.raises(Invalid):
        Profile.from_bytes(json.dumps(data).encode())
    assert Profile.from_bytes(found.to_bytes()) == found
