"""What a full profile says between columns and rows, against pandas, SciPy and scikit-learn, to 1e-9."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics

from mlregistry.ml.profiling.document import Matrix, Profile
from mlregistry.ml.profiling.limits import ProfileLimits
from mlregistry.ml.profiling.relations import roc_auc

from .conftest import Profiled

N = 1500


def mixed() -> pd.DataFrame:
    chance = np.random.default_rng(1)
    x, y = chance.normal(0, 1, N), chance.normal(1e6, 10, N)
    return pd.DataFrame({
        "x": x, "y": np.where(chance.random(N) < 0.2, np.nan, y), "ties": chance.integers(0, 4, N) * 1.0,
        "curve": np.where(chance.random(N) < 0.1, np.nan, np.exp(x)), "flat": np.full(N, 2.0),
        "town": chance.choice(["Ulm", "Bonn", "Köln"], N), "plan": np.where(x > 0, "pro", "basic"),
        "gap": pd.Series(chance.choice(np.array(["p", "q", None], dtype=object), N)),
        "left": np.where(x + chance.normal(0, 1, N) > 0, "yes", "no"),
    })  # fmt: skip


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return mixed()


@pytest.fixture(scope="module")
def full(profiled: Profiled, frame: pd.DataFrame) -> Profile:
    return profiled(frame, n_parts=2, target="left")


def same(matrix: Matrix, wanted: pd.DataFrame) -> bool:
    found = np.array([[math.nan if value is None else value for value in row] for row in matrix.values])
    return bool(
        np.allclose(
            found,
            wanted.loc[list(matrix.columns), list(matrix.columns)],
            rtol=1e-9,
            atol=1e-9,
            equal_nan=True,
        )
    )


def test_correlations_of_numbers_are_those_of_pandas(full: Profile, frame: pd.DataFrame) -> None:
    assert full.correlations is not None
    numbers = frame[list(full.correlations.pearson.columns)]
    assert set(numbers) == {"x", "y", "ties", "curve"}
    assert same(full.correlations.pearson, numbers.corr())
    assert same(full.correlations.spearman, numbers.corr(method="spearman"))


def test_cramers_v_is_that_of_scipy(full: Profile, frame: pd.DataFrame) -> None:
    assert full.correlations is not None
    found = full.correlations.cramers_v
    for a, left in enumerate(found.columns):
        for b, right in enumerate(found.columns):
            table = pd.crosstab(frame[left], frame[right]).to_numpy()
            assert found.values[a][b] == pytest.approx(
                stats.contingency.association(table, method="cramer"), abs=1e-9
            )


def test_the_correlation_ratio_is_the_root_of_the_explained_variance(
    full: Profile, frame: pd.DataFrame
) -> None:
    assert full.correlations is not None
    ratio = {(pair.left, pair.right): pair.value for pair in full.correlations.ratio}
    known = frame[["town", "y"]].dropna()
    means = known.groupby("town")["y"].transform("mean")
    wanted = math.sqrt(
        ((means - known["y"].mean()) ** 2).sum() / ((known["y"] - known["y"].mean()) ** 2).sum()
    )
    assert ratio["town", "y"] == pytest.approx(wanted, rel=1e-9)


def test_mutual_information_is_that_of_scikit_learn(full: Profile, frame: pd.DataFrame) -> None:
    for name in ("town", "plan", "gap", "ties"):
        column = full.column(name)
        assert column is not None
        assert column.with_target is not None
        wanted = metrics.mutual_info_score(frame[name].fillna("(missing)").astype(str), frame["left"])
        assert column.with_target.mutual_information == pytest.approx(wanted, abs=1e-9), name
    numbers = full.column("x")
    assert numbers is not None
    assert numbers.with_target is not None
    binned = pd.qcut(frame["x"], 20, labels=False)
    assert numbers.with_target.mutual_information == pytest.approx(
        metrics.mutual_info_score(binned, frame["left"]), abs=1e-9
    )


def test_the_auc_is_that_of_scikit_learn() -> None:
    chance = np.random.default_rng(0)
    truths = (chance.random(300) < 0.3).astype(np.float64)
    answers = chance.integers(0, 20, 300).astype(np.float64)
    assert roc_auc(truths, answers) == pytest.approx(metrics.roc_auc_score(truths, answers), abs=1e-12)


def test_missing_patterns_are_those_of_pandas(full: Profile, frame: pd.DataFrame) -> None:
    assert full.missingness is not None
    gaps = frame.isna()
    assert full.missingness.n_complete_rows == (~gaps.any(axis=1)).sum()
    counts = gaps.value_counts()
    for pattern in full.missingness.patterns:
        wanted = tuple(name in pattern.columns for name in frame)
        assert counts[wanted] == pattern.count
    assert sum(pattern.count for pattern in full.missingness.patterns) == gaps.any(axis=1).sum()


def test_duplicates_are_those_of_pandas(profiled: Profiled) -> None:
    frame = pd.concat([mixed(), mixed().iloc[:40], mixed().iloc[:10]], ignore_index=True)
    found = profiled(frame, n_parts=3)
    assert found.duplicates is not None
    assert found.duplicates.n_duplicate_rows == frame.duplicated().sum() == 50
    assert found.duplicates.most_copies == 3


def test_an_odd_row_is_named_by_its_number_over_all_parts(profiled: Profiled) -> None:
    chance = np.random.default_rng(2)
    frame = pd.DataFrame({"a": chance.normal(0, 1, 900), "b": chance.normal(0, 1, 900)})
    frame.loc[700] = [40.0, -50.0]
    found = profiled(frame, n_parts=3)
    assert found.outliers is not None
    assert found.outliers.oddest[0].row == 700


def test_the_sample_is_the_same_each_time_and_covers_the_table(profiled: Profiled) -> None:
    frame = pd.DataFrame({"a": np.arange(30_000) * 1.0, "b": np.arange(30_000) % 7 * 1.0})
    limits = ProfileLimits(sample_rows=2000)
    first, second = (profiled(frame, n_parts=3, limits=limits, seed=4) for _ in range(2))
    assert first == second
    assert 1700 < first.n_sampled < 2300
    assert profiled(frame, n_parts=3, limits=limits, seed=5).n_sampled != first.n_sampled
