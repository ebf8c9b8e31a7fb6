"""The portfolio of "Just train it": its order, what the size of the table changes, its proposals, its race."""

import pytest

from mlregistry.errors import Invalid
from mlregistry.ml import recipes
from mlregistry.ml.estimators import CATALOGUE
from mlregistry.ml.portfolio import planning, side_by_side
from mlregistry.ml.portfolio.families import FAMILIES
from mlregistry.ml.portfolio.planning import Portfolio
from mlregistry.ml.search import pruning, sampling
from mlregistry.ml.search import space as ml_space
from mlregistry.ml.search.sampling import COMPLETE, PRUNED, Past
from mlregistry.ml.search.space import ESTIMATOR

KINDS = tuple(FAMILIES)


def planned(kind: str = "regression", n_rows: int = 800, seconds: float = 300.0, wish: str = "") -> Portfolio:
    smallest = 100 if kind == "classification" else None
    return planning.plan(
        kind, n_rows=n_rows, n_columns=10, smallest_class=smallest, seconds=seconds, wish=wish
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_start_is_a_point_of_the_space_and_a_recipe_that_holds(kind: str) -> None:
    found = planned(kind)
    space = ml_space.parse(found.space.to_json(), kind=kind)
    assert ml_space.stored(found.space.to_json()) == space == found.space
    for start in found.starts:
        assert found.space.admits(start), start
        recipes.parse(ml_space.recipe_of(found.space, {}, start), kind=kind)
    assert set(FAMILIES[kind]) <= set(CATALOGUE[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_the_baseline_and_a_linear_model_come_first_and_each_family_before_any_second_point(
    kind: str,
) -> None:
    names = [start[ESTIMATOR] for start in planned(kind).starts]
    assert names[0] == "dummy"
    assert names[1] in ("logistic_regression", "ridge")
    n_families = len(set(names))
    assert len(set(names[:n_families])) == n_families


def test_slow_families_stay_out_of_large_tables_and_the_plan_says_so() -> None:
    large = planned(n_rows=200_000)
    assert {"svm", "k_nearest_neighbors", "gradient_boosting"}.isdisjoint(large.space.estimators)
    assert any("svm" in reason for reason in large.reasons)
    assert "svm" in planned().space.estimators


@pytest.mark.parametrize(("n_rows", "measured"), [(800, 5), (1_000_000, 3), (10_000_000, 1)])
def test_the_more_rows_for_the_time_the_fewer_folds(n_rows: int, measured: int) -> None:
    assert planned(n_rows=n_rows).measured_folds == measured


def test_a_rare_class_has_a_row_in_every_fold() -> None:
    found = planning.plan("classification", n_rows=300, n_columns=5, smallest_class=3, seconds=60)
    assert found.folds == found.measured_folds == 3


def test_the_search_leaves_time_for_the_last_fits() -> None:
    found = planned(seconds=100)
    assert found.search_seconds == 72
    assert found.trial_seconds == 20


@pytest.mark.parametrize(
    ("kind", "wish", "said"), [("clustering", "", "no portfolio"), ("regression", "cheap", "wish")]
)
def test_unknown_kinds_and_wishes_are_refused(kind: str, wish: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        planned(kind, wish=wish)


def past(found: Portfolio) -> list[Past]:
    """Boosting is the best, a network next, everything else far off."""
    values = {"hist_gradient_boosting": 0.9, "mlp": 0.85}
    return [Past(COMPLETE, start, (values.get(start[ESTIMATOR], 0.3),)) for start in found.starts]


def proposals(found: Portfolio, rows: list[Past], n: int = 60) -> list[dict[str, object]]:
    return [
        sampling.propose(
            found.space, "portfolio", seed=1, number=number, directions=["maximize"], past=rows
        ).params
        for number in range(100, 100 + n)
    ]


def test_proposals_are_points_of_the_better_families_mostly() -> None:
    found = planned()
    made = proposals(found, past(found))
    names = [one[ESTIMATOR] for one in made]
    assert all(found.space.admits(one) for one in made)
    assert names.count("hist_gradient_boosting") > names.count("mlp") > 0
    assert "dummy" not in names
    assert made == proposals(found, past(found))
    assert len({str(one) for one in made}) > 50


def test_proposals_do_without_a_past_and_with_pruned_trials_alone() -> None:
    found = planned("classification")
    assert all(found.space.admits(one) for one in proposals(found, [], 10))
    only = [Past(PRUNED, start) for start in found.starts]
    assert all(found.space.admits(one) for one in proposals(found, only, 10))


def test_the_race_stops_what_is_far_off_and_keeps_what_is_near() -> None:
    others = [{1: value} for value in (0.90, 0.89, 0.89, 0.88, 0.10)]

    def stopped(value: float) -> bool:
        return pruning.should_prune("racing", {1: value}, others, direction="maximize")

    assert stopped(0.5)
    assert not stopped(0.86), "not among the best four, but near"
    assert not stopped(0.95)
    assert not pruning.should_prune("racing", {1: 0.5}, others[:3], direction="maximize"), "too few to tell"


@pytest.mark.parametrize("kind", side_by_side.ESTIMATORS)
def test_kinds_without_folds_train_estimators_side_by_side(kind: str) -> None:
    few, many = side_by_side.recipes(kind, 100, 1), side_by_side.recipes(kind, 10**6, 1)
    assert len(few) >= len(many) >= 1
    for recipe in few:
        recipes.parse(recipe, kind=kind)


def test_who_wishes_fast_answers_gets_families_that_answer_fast() -> None:
    found = planned("classification", wish="fast")
    assert {"extra_trees", "random_forest", "k_nearest_neighbors"}.isdisjoint(found.space.estimators)
    assert "hist_gradient_boosting" in found.space.estimators
    assert any("answer fast" in reason for reason in found.reasons)


def test_a_longer_budget_leaves_a_smaller_share_for_the_last_fits() -> None:
    assert planned(seconds=3600).search_seconds == 3600 - 390
