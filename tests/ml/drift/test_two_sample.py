"""The classifier two-sample test: guesses where nothing drifts, finds what no single column shows."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from mlregistry.errors import Invalid
from mlregistry.ml.drift.tables import compare_arrays
from mlregistry.ml.drift.two_sample import delong, two_sample


def rows(n: int, seed: int, *, turned: bool = False) -> pd.DataFrame:
    """Two columns that go together, or, turned, go against each other: each column by itself stays the same."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=n)
    sign = -1 if turned else 1
    return pd.DataFrame(
        {
            "left": common + 0.3 * rng.normal(size=n),
            "right": sign * common + 0.3 * rng.normal(size=n),
            "noise": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n)),
            "town": np.array(["Ulm", "Bonn", None])[rng.integers(0, 3, n)],
            "constant": 1,
        }
    )


def test_drift_that_no_single_column_shows_is_found_and_its_columns_named() -> None:
    before, now = rows(1500, 1), rows(1200, 2, turned=True)
    assert compare_arrays(before, now).n_drifted == 0
    found = two_sample(before, now)
    assert found.drifted
    assert found.p_value < 1e-6
    assert 0.8 < found.low < found.auc < found.high <= 1
    assert {teller.name for teller in found.columns[:2]} == {"left", "right"}
    assert "constant" not in {teller.name for teller in found.columns}
    assert two_sample(before, now) == found


def test_quiet_rows_are_told_apart_no_oftener_than_the_level() -> None:
    """Ten pairs at 10 %: one is expected below it; four would have a chance of 1 %."""
    values = [two_sample(rows(200, 100 + n), rows(200, 200 + n)).p_value for n in range(10)]
    assert sum(value <= 0.1 for value in values) <= 3
    assert min(values) > 0.001


def test_delongs_auc_and_variance_are_those_of_all_pairs() -> None:
    rng = np.random.default_rng(3)
    labels = np.repeat([0, 1], [40, 30])
    scores = np.round(rng.normal(size=70) + labels, 1)
    auc, variance = delong(scores, labels)
    assert auc == pytest.approx(roc_auc_score(labels, scores))
    ones, zeros = scores[labels == 1], scores[labels == 0]
    wins = (ones[:, None] > zeros) + 0.5 * (ones[:, None] == zeros)
    expected = wins.mean(axis=1).var(ddof=1) / 30 + wins.mean(axis=0).var(ddof=1) / 40
    assert variance == pytest.approx(expected)


def test_too_few_rows_and_nothing_in_common_are_refused() -> None:
    with pytest.raises(Invalid, match="at least 50 rows"):
        two_sample(rows(200, 1), rows(30, 2))
    with pytest.raises(Invalid, match="no column that varies"):
        two_sample(rows(100, 1)[["left"]], rows(100, 2)[["right"]])
    with pytest.raises(Invalid, match="no column that varies"):
        two_sample(rows(100, 1)[["constant"]], rows(100, 2)[["constant"]])


def test_infinite_missing_and_odd_values_do_not_stop_it() -> None:
    before, now = rows(100, 1), rows(100, 2)
    now["left"] = np.inf
    now["noise"] = np.nan
    now["odd"] = pd.Series([[1]] * 100, dtype="object")
    before["odd"] = pd.Series([[2]] * 100, dtype="object")
    before["at"] = now["at"] = pd.Timestamp("2026-01-01")
    assert two_sample(before, now).auc == pytest.approx(1)
