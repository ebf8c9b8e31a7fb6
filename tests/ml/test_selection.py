"""Selectors against planted features and hand-worked figures; names, groups, constants, model files."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import stats
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_info, threadpool_limits

from mlregistry.errors import Invalid
from mlregistry.ml import packaging
from mlregistry.ml.comparing import paired
from mlregistry.ml.selection import association, components, inner, methods, plan, stability
from mlregistry.ml.selection.methods import METHODS, make

Array = npt.NDArray[Any]
SUPERVISED = [name for name in METHODS if name not in ("variance", "pca")]
RANKED = [name for name in SUPERVISED if name != "correlation"]
SELECTORS = [name for name in METHODS if name != "pca"]


def planted(kind: str, n_rows: int = 400, seed: int = 0) -> tuple[pd.DataFrame, Array]:
    """Two informative columns, a copy of the first with little noise, a constant, and five of noise."""
    chance = np.random.default_rng(seed)
    a, b = chance.normal(size=n_rows), chance.normal(size=n_rows)
    signal = 3 * a + 2 * b + chance.normal(0, 0.3, n_rows)
    columns = {"noise1": chance.normal(size=n_rows), "a": a, "constant": np.ones(n_rows), "b": b,
               "copy": a + chance.normal(0, 0.1, n_rows)}  # fmt: skip
    columns |= {f"noise{i}": chance.normal(size=n_rows) for i in range(2, 6)}
    target = signal if kind == "regression" else np.where(signal > 0, "yes", "no")
    return pd.DataFrame(columns), target


@pytest.mark.parametrize("kind", ["classification", "regression"])
@pytest.mark.parametrize("name", RANKED)
def test_the_informative_features_come_before_the_noise(name: str, kind: str) -> None:
    X, y = planted(kind)
    kept = set(make(name, kind=kind, n_features=3).fit(X, y).get_feature_names_out())
    assert kept == {"a", "b", "copy"}


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_correlation_pruning_keeps_the_better_of_a_pair_and_everything_else(kind: str) -> None:
    X, y = planted(kind)
    selector = make("correlation", kind=kind, n_features=7).fit(X, y)
    kept = set(selector.get_feature_names_out())
    assert kept == set(X.columns) - {"constant", "copy"}
    assert selector.order_[0] == X.columns.get_loc("a")


@pytest.mark.parametrize("name", SUPERVISED)
def test_by_their_own_rule_they_keep_the_signal_and_little_noise(name: str) -> None:
    X, y = planted("classification")
    kept = set(make(name, kind="classification").fit(X, y).get_feature_names_out())
    assert kept & {"a", "copy"}
    assert "b" in kept
    if name == "correlation":
        assert len(kept) == 7  # all that vary, less one of the pair
    else:
        assert len([column for column in kept if column.startswith("noise")]) <= 2


@pytest.mark.parametrize("kind", ["classification", "regression"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_lasso_by_its_own_rule_keeps_the_signal_alone(kind: str, seed: int) -> None:
    X, y = planted(kind, seed=seed)
    kept = set(make("l1", kind=kind).fit(X, y).get_feature_names_out())
    assert {"a", "b"} <= kept <= {"a", "b", "copy"}


def test_a_class_of_one_row_leaves_the_lasso_folds_to_choose_by() -> None:
    X, y = planted("regression", 60)
    rare = np.where(y == y.max(), "rare", "usual")
    assert make("l1", kind="classification").fit(X, rare).n_kept_ >= 1


@pytest.mark.parametrize("name", METHODS)
def test_a_selector_fits_with_one_thread_and_leaves_the_limits_as_they_were(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = planted("classification", 80)
    selector = make(name, kind="classification", n_features=2)
    place, function = (components, "_axes") if name == "pca" else (type(selector), "_rank")
    work = getattr(place, function)
    seen: set[int] = set()

    def watched(*given: Any) -> Any:
        seen.update(pool["num_threads"] for pool in threadpool_info())
        return work(*given)

    monkeypatch.setattr(place, function, watched)
    with threadpool_limits(3):
        selector.fit(X, y)
        after = {pool["num_threads"] for pool in threadpool_info()}
    assert seen == {1}
    assert after == {3}


@pytest.mark.parametrize("name", SELECTORS)
def test_a_selector_keeps_names_order_and_seed_and_never_a_constant(name: str) -> None:
    X, y = planted("classification")
    selector = make(name, kind="classification", n_features=4, seed=3).fit(X, y)
    names = selector.get_feature_names_out().tolist()
    assert names == [column for column in X.columns if column in names]
    assert len(names) == 4
    assert selector.get_support().sum() == 4
    np.testing.assert_array_equal(selector.transform(X), X[names].to_numpy())
    again = pickle.loads(pickle.dumps(make(name, kind="classification", n_features=4, seed=3).fit(X, y)))  # noqa: S301  # bytes that were just made here
    assert again.get_feature_names_out().tolist() == names
    np.testing.assert_array_equal(again.scores_, selector.scores_)
    everything = make(name, kind="classification", n_features=99).fit(X, y)
    assert "constant" not in everything.get_feature_names_out()
    assert everything.n_kept_ == 8


@pytest.mark.parametrize("name", SELECTORS)
def test_the_columns_of_one_feature_stay_together(name: str) -> None:
    chance = np.random.default_rng(1)
    color, x = chance.integers(0, 3, 300), chance.normal(size=300)
    X = np.column_stack([x, *(color == value for value in range(3)), chance.normal(size=(300, 2))])
    y = np.where(color == 1, "in", "out")
    selector = make(name, kind="classification", n_features=1, groups=[0, 1, 1, 1, 2, 3]).fit(X, y)
    if name == "variance":
        assert selector.scores_.shape == (4,)
        return
    assert selector.get_support().tolist() == [False, True, True, True, False, False]


@pytest.mark.parametrize("name", RANKED)
def test_three_classes_and_labels_of_any_type_are_taken(name: str) -> None:
    X, y = planted("regression")
    classes = np.digitize(y, [-2, 2])
    kept = make(name, kind="classification", n_features=3).fit(X, classes).get_feature_names_out()
    assert {"b"} < set(kept)


def test_variance_does_not_depend_on_units() -> None:
    X = np.array([[0, 0, 5.0], [0, 100, 5.0], [1, 0, 5.0], [1, 100, 5.0], [1, 0, 5.0]])
    selector = make("variance", kind="classification").fit(X, [0, 1, 0, 1, 0])
    np.testing.assert_allclose(selector.scores_, [0.24, 0.24, 0.0])
    assert selector.get_support().tolist() == [True, True, False]


def test_mutual_information_of_discrete_values_is_that_of_their_table() -> None:
    x, y = np.array([0, 0, 1, 1] * 10, dtype=float)[:, None], np.array([0, 0, 1, 1] * 10)
    assert make("mutual_information", kind="classification").fit(x, y).scores_[0] == pytest.approx(np.log(2))


def test_association_is_pearson_for_single_columns_and_one_for_the_same_partition() -> None:
    chance = np.random.default_rng(0)
    X = chance.normal(size=(50, 3))
    np.testing.assert_allclose(association.association(X, np.arange(3)), np.abs(np.corrcoef(X.T)), atol=1e-12)
    color = chance.integers(0, 3, 50)
    one_hot = (color[:, None] == np.arange(3)).astype(float)
    both = np.column_stack([one_hot, one_hot[:, ::-1]])
    np.testing.assert_allclose(association.association(both, np.array([0, 0, 0, 1, 1, 1])), 1.0)


def test_clusters_hold_only_pairs_above_the_threshold() -> None:
    close = np.array([[1, 0.9, 0.1], [0.9, 1, 0.85], [0.1, 0.85, 1]])
    numbers = association.clusters(close, 0.8)
    assert len(set(numbers.tolist())) == 2
    assert numbers[0] != numbers[2]


def test_components_are_those_of_scikit_learn_on_standardised_columns() -> None:
    X, _ = planted("regression")
    found = make("pca", kind="regression", n_features=3).fit(X)
    known = PCA(3).fit(StandardScaler().fit_transform(X))
    np.testing.assert_allclose(found.explained_variance_ratio_, known.explained_variance_ratio_, atol=1e-12)
    np.testing.assert_allclose(np.abs(found.components_), np.abs(known.components_), atol=1e-8)
    np.testing.assert_allclose(found.shares_.sum(axis=1), 1.0)
    assert found.get_feature_names_out().tolist() == ["component 1", "component 2", "component 3"]
    assert found.transform(X).shape == (400, 3)


@pytest.mark.parametrize("name", METHODS)
def test_nothing_but_constants_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="constant"):
        make(name, kind="regression").fit(np.ones((20, 3)), np.arange(20.0))


def test_gaps_and_wrong_groups_are_refused() -> None:
    X, y = np.array([[1.0, np.nan], [2.0, 3.0], [0.0, 1.0]]), [0, 1, 0]
    with pytest.raises(ValueError, match="NaN"):
        make("variance", kind="classification").fit(X, y)
    for groups in ([0], [0, 2]):
        with pytest.raises(ValueError, match="groups"):
            make("variance", kind="classification", groups=groups).fit(np.eye(2), [0, 1])


@pytest.mark.parametrize("name", METHODS)
def test_a_pipeline_with_a_selector_comes_back_from_both_model_files(name: str, tmp_path: Path) -> None:
    X, y = planted("classification", 120)
    selector = make(name, kind="classification", n_features=3, groups=list(range(9)))
    pipeline = Pipeline([("select", selector), ("estimator", LogisticRegression())]).fit(X, y)
    for file in packaging.save(pipeline, tmp_path):
        loaded = packaging.load(tmp_path, file)
        np.testing.assert_array_equal(loaded.predict_proba(X), pipeline.predict_proba(X))


def test_stability_is_as_worked_by_hand() -> None:
    sets = [frozenset("ab"), frozenset("ac")]
    assert stability.jaccard(sets) == pytest.approx(1 / 3)
    assert stability.kuncheva(sets, 5) == pytest.approx((1 * 5 - 4) / (2 * 3))
    assert stability.kuncheva([frozenset("ab"), frozenset("a")], 5) is None
    assert stability.kuncheva([frozenset("ab"), frozenset("ab")], 2) is None


def test_the_corrected_test_is_wider_than_the_plain_one() -> None:
    values = [0.02, 0.01, 0.03, 0.00, 0.04]
    found = paired.estimate(values, 0.25)
    error = np.sqrt((0.2 + 0.25) * np.var(values, ddof=1))
    assert found.mean == pytest.approx(0.02)
    assert found.error == pytest.approx(error)
    assert found.high - found.mean == pytest.approx(error * 2.7764451)
    assert paired.p_value(found, 5) > stats.ttest_1samp(values, 0).pvalue
    assert paired.p_value(paired.estimate([0.0, 0.0, 0.0], 0.5), 3) == 1.0


def test_the_simplest_within_one_error_is_taken() -> None:
    losses = np.array([[3.0, 2.05, 2.0, 2.1], [3.2, 2.15, 2.2, 2.2], [3.1, 2.1, 2.1, 2.1]])
    assert inner.simplest(losses) == 1


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"methods": []}, "methods"),
        ({"methods": ["magic"]}, "methods"),
        ({"sizes": [0]}, "sizes"),
        ({"sizes": [True]}, "sizes"),
        ({"sizes": "3"}, "sizes"),
        ({"sizes": list(range(1, 20))}, "sizes"),
        ({"folds": 2}, "folds"),
        ({"own_choice": "yes"}, "own_choice"),
        ({"depth": 1}, "depth"),
    ],
)
def test_a_bad_plan_names_its_field(data: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        plan.parse(data)
    assert caught.value.field == field


def test_sizes_lie_between_one_feature_and_all() -> None:
    assert plan.Plan(sizes=(3, 1, 9)).sizes_of(9) == [1, 3]
    for n_features in (2, 9, 20, 100, 500):
        sizes = plan.Plan().sizes_of(n_features)
        assert sizes == sorted(set(sizes))
        assert sizes[0] == 1
        assert sizes[-1] < n_features
        assert len(sizes) <= 8


def test_an_unknown_method_is_named() -> None:
    with pytest.raises(Invalid, match="magic"):
        methods.method("magic")
