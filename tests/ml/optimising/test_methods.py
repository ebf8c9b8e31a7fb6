"""What each method makes of a small real model, held against what it promises."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

from mlregistry.errors import Invalid
from mlregistry.ml import packaging
from mlregistry.ml.adjusting import threshold_of
from mlregistry.ml.compiling import compiler
from mlregistry.ml.compiling.probes import plain_rows
from mlregistry.ml.compiling.scoring import CompiledModel
from mlregistry.ml.optimising import quantising, thinning, thresholds
from mlregistry.ml.optimising.inner import inner_of
from mlregistry.ml.optimising.making import MAKERS
from mlregistry.ml.optimising.methods import BY_NAME, METHODS, blends
from mlregistry.ml.optimising.subject import Made, Subject
from mlregistry.ml.optimising.wish import Wish
from mlregistry.ml.signature import infer
from tests.ml.optimising.subjects import COSTS, setting, subject


def made(name: str, found: Subject) -> list[Made]:
    return list(MAKERS[name](found))


def why_not(name: str, found: Subject) -> str:
    return BY_NAME[name].why_not(setting(found))


def test_every_method_of_the_table_has_a_function() -> None:
    assert {method.name for method in METHODS} == set(MAKERS)


def test_pruning_takes_the_largest_alpha_within_the_tolerance_and_is_a_recipe_again() -> None:
    found = subject("random_forest", n_estimators=12)
    (one,) = made("prune", found)
    assert one.recipe is not None
    assert one.recipe.params["ccp_alpha"] > 0
    assert one.facts["n_nodes"] < one.facts["n_nodes_before"]
    again = found.train(one.recipe, found.parts.train)
    rows = found.frame(found.parts.test)
    assert np.array_equal(again.predict_proba(rows), one.pipeline.predict_proba(rows))
    assert one.chart is not None
    alphas, values = one.chart["series"][0]["x"], one.chart["series"][0]["y"]
    place = alphas.index(one.recipe.params["ccp_alpha"])
    assert values[place] >= values[0] - found.wish.tolerance
    assert all(value < values[0] - found.wish.tolerance for value in values[place + 1 :])


def test_pruning_works_on_single_trees_boosting_and_numbers() -> None:
    tree = subject("decision_tree", kind="regression", wish=Wish((), tolerance=0.1), max_depth=None)
    assert made("prune", tree)[0].facts["n_nodes"] < made("prune", tree)[0].facts["n_nodes_before"]
    boosting = subject("gradient_boosting", n_estimators=8)
    assert made("prune", boosting)[0].facts["ccp_alpha"] > 0


def test_no_pruning_within_the_tolerance_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each further alpha is worse."""
    found = replace(subject("random_forest", n_estimators=12), wish=Wish((), tolerance=0.0))
    falling = iter(np.linspace(1, 0, 100))
    monkeypatch.setattr("mlregistry.ml.optimising.choosing.validated", lambda *_: float(next(falling)))
    with pytest.raises(Invalid, match="No pruning keeps ROC-AUC within 0"):
        made("prune", found)


def test_a_thinned_forest_is_a_real_forest_of_some_of_the_same_trees() -> None:
    found = subject("random_forest", n_estimators=12)
    (one,) = made("thin", found)
    forest, original = inner_of(one.pipeline), inner_of(found.pipeline)
    assert isinstance(forest, RandomForestClassifier)
    assert len(forest.estimators_) == forest.n_estimators == one.facts["n_trees"] < 12
    assert all(any(tree is other for other in original.estimators_) for tree in forest.estimators_)
    assert len(original.estimators_) == 12
    matrix = found.matrix(found.pipeline, found.parts.test)
    mean = np.mean(
        [original.estimators_[place].predict_proba(matrix) for place in one.facts["trees"]], axis=0
    )
    assert np.allclose(forest.predict_proba(matrix), mean)


def test_trees_are_chosen_on_rows_they_have_not_seen() -> None:
    found = subject("random_forest", n_estimators=12)
    forest = inner_of(found.pipeline)
    rows, unseen = thinning._unseen(found, forest)
    assert set(rows) <= set(found.parts.train)
    for place, drawn in enumerate(forest.estimators_samples_):
        assert not unseen[place][np.isin(rows, found.parts.train[drawn])].any()
    held = subject("extra_trees", method="train_validation_test", n_estimators=12)
    rows, unseen = thinning._unseen(held, inner_of(held.pipeline))
    assert set(rows) == set(held.parts.validation)
    assert unseen.all()


def test_greedy_order_takes_the_tree_that_errs_least_first() -> None:
    truth = np.array([[1.0], [0.0], [1.0]])
    votes = np.array([[[0.0], [0.0], [0.0]], [[1.0], [0.0], [0.6]], [[1.0], [0.2], [1.4]]])
    unseen = np.ones((3, 3), dtype=bool)
    # Alone: 2, 0.16 and 0.2 of squared error; the second and third together 0.01.
    assert list(thinning._greedy(votes, unseen, truth, truth.mean(axis=0))) == [1, 2, 0]


def test_trees_that_have_seen_every_row_are_not_thinned() -> None:
    assert "validation part" in why_not("thin", subject("extra_trees", n_estimators=12))
    assert why_not("thin", subject("extra_trees", method="train_validation_test", n_estimators=12)) == ""


def test_boosting_is_cut_to_a_prefix_of_itself() -> None:
    found = subject("gradient_boosting", n_estimators=40, learning_rate=0.5)
    (one,) = made("cut", found)
    n = one.facts["n_iterations"]
    assert one.recipe is not None
    assert n < 40
    assert one.recipe.params["n_estimators"] == n
    inner = inner_of(found.pipeline)
    assert isinstance(inner, GradientBoostingClassifier)
    matrix = found.matrix(found.pipeline, found.parts.test)
    prefix = next(p for number, p in enumerate(inner.staged_predict_proba(matrix), 1) if number == n)
    assert np.allclose(inner_of(one.pipeline).predict_proba(matrix), prefix, atol=1e-12)


def test_boosting_that_still_gains_is_left_alone() -> None:
    found = subject("gradient_boosting", kind="regression", wish=Wish((), tolerance=0.0), n_estimators=3)
    with pytest.raises(Invalid, match="All 3 iterations are needed"):
        made("cut", found)


def test_a_threshold_costs_no_more_than_any_other_and_is_kept_with_the_model() -> None:
    found = subject("logistic_regression", wish=Wish((), costs=COSTS))
    (one,) = made("threshold", found)
    threshold = threshold_of(one.pipeline.steps[-1][1])
    assert threshold is not None
    assert threshold < 0.3, "missing one that is true costs nine times as much"
    truth, probability, _ = thresholds._unseen(found)
    costs = thresholds.costs_by_row(truth, probability, thresholds.thresholds(probability), COSTS).sum(axis=0)
    mine = thresholds.costs_by_row(truth, probability, np.array([threshold]), COSTS).sum()
    assert mine == costs.min()
    assert one.facts["cost"] < one.facts["cost_before"]
    assert one.facts["low"] <= one.facts["cost"] <= one.facts["high"]
    rows = found.frame(found.parts.test)
    signature = infer(rows, target="y", output_type="string", classes=found.work.classes)
    told = packaging.predict(one.pipeline, signature, rows)
    said = ["yes" if row[1] >= threshold else "no" for row in told["probabilities"]]
    assert told["predictions"] == said
    assert np.array_equal(one.pipeline.predict_proba(rows), found.pipeline.predict_proba(rows))


def test_costs_of_rows_are_those_of_the_table() -> None:
    found = thresholds.costs_by_row(np.array([0, 1]), np.array([0.4, 0.4]), np.array([0.3, 0.5]), COSTS)
    assert found.tolist() == [[1.0, 0.0], [0.0, 9.0]]


def test_a_tuned_threshold_is_measured_from_where_it_stands() -> None:
    found = subject("logistic_regression", threshold="tuned", wish=Wish((), costs=COSTS))
    (one,) = made("threshold", found)
    assert one.facts["threshold_before"] == pytest.approx(threshold_of(found.pipeline.steps[-1][1]))


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_a_quantised_network_answers_nearly_alike_row_by_row_and_compiled(kind: str) -> None:
    found = subject("mlp", kind=kind, hidden_layer_size=24, max_iter=25)
    (one,) = made("quantise", found)
    rows = found.frame(found.parts.test)
    before, after = (
        np.asarray(p.predict_proba(rows) if kind == "classification" else p.predict(rows))
        for p in (found.pipeline, one.pipeline)
    )
    assert 0 < np.abs(before - after).max() < 0.05
    assert one.facts["graph_bytes"] < one.facts["graph_bytes_before"]
    output = "string" if kind == "classification" else "float"
    signature = infer(rows, target="y", output_type=output, classes=found.work.classes)
    batch = packaging.predict(one.pipeline, signature, rows)["predictions"]
    alone = [packaging.predict(one.pipeline, signature, rows.iloc[[n]])["predictions"][0] for n in range(20)]
    compiled = CompiledModel(compiler.compile_model(one.pipeline, signature), signature)
    quick = compiled.score(plain_rows(rows, signature, len(rows)))["predictions"]
    if kind == "classification":
        assert alone == batch[:20], "the rows beside it change no answer"
        assert quick == batch
    else:
        assert np.allclose(alone, batch[:20], rtol=1e-12, atol=1e-12)
        assert np.allclose(quick, batch, rtol=1e-12, atol=1e-12)


def test_a_graph_without_weights_is_refused() -> None:
    found = subject("decision_tree")
    with pytest.raises(Invalid, match=r"ONNX graph|no matrix of weights"):
        list(quantising.quantise(found))


def test_the_smallest_compression_is_taken() -> None:
    (one,) = made("compress", subject("random_forest", n_estimators=12))
    levels = {line["compression"]: line["bytes"] for line in one.facts["levels"]}
    assert one.title == f"File by {min(levels, key=lambda name: levels[name])}"
    assert one.must_equal
    assert levels["none"] > levels["zlib 3, as usual"]


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_pupils_are_taught_by_answers_and_other_families_by_rows(kind: str) -> None:
    found = subject("random_forest", kind=kind, n_estimators=12)
    pupils = made("distil", found)
    assert len(pupils) == 2
    chance = found.value(found.outcome(pupils[0].pipeline, found.parts.test, found.parts.train))
    assert chance > 0.75 if kind == "classification" else chance < 1.7
    others = made("replace", found)
    assert len(others) == 3
    assert all(one.recipe is not None and one.recipe.estimator != "random_forest" for one in others)


def test_ensembles_weigh_the_best_rivals_without_their_own_rows() -> None:
    names = ("logistic_regression", "random_forest", "gaussian_naive_bayes", "hist_gradient_boosting")
    small = {"random_forest": {"n_estimators": 12}, "hist_gradient_boosting": {"max_iter": 20}}
    base = subject("logistic_regression")
    rivals = tuple(replace(base.recipe, estimator=name, params=small.get(name, {})) for name in names)
    found = subject("logistic_regression", wish=Wish((), n_members=3), rivals=rivals)
    for name in ("vote", "stack"):
        (one,) = made(name, found)
        assert one.recipe is not None
        assert one.recipe.estimator == "ensemble"
        assert 2 <= len(one.facts["members"]) <= 3
        assert found.value(found.outcome(one.pipeline, found.parts.test, found.parts.train)) > 0.8
    other = replace(base.recipe, seed=9)
    assert blends(base.recipe, rivals[1])
    assert not blends(base.recipe, other), "another seed parts the rows otherwise"


def test_what_does_not_apply_says_why_in_one_sentence() -> None:
    tree = subject("random_forest", n_estimators=12)
    assert why_not("quantise", tree).startswith("Trees cannot be quantised")
    for found in (
        tree,
        subject("logistic_regression"),
        subject("gradient_boosting", kind="regression", n_estimators=3),
    ):
        for method in METHODS:
            why = method.why_not(setting(found))
            assert why == "" or (why[0].isupper() and why.rstrip().endswith("."))
    assert "costs" in why_not("threshold", tree)
    assert "fewer than two" in why_not("vote", tree)
    assert "decides nothing" in why_not(
        "threshold", subject("gradient_boosting", kind="regression", n_estimators=3)
    )
