"""Checks that warn, declared expectations, what is skipped and why, other kinds, and files of the operator's own."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from mlregistry.errors import Invalid
from mlregistry.ml import recipes, training
from mlregistry.ml.model_tests import blocking, expectations, limits, plugins, running, table
from mlregistry.ml.model_tests.result import BROKE, FAILED, PASSED, SKIPPED
from mlregistry.ml.model_tests.subject import Subject
from mlregistry.ml.problems import ProblemSpec

from .subjects import NUMBERS, blocked_by, fed_by, found_by, people, subject, trained

DECLARED: dict[str, Any] = {
    "name": "more income, more churn", "column": "income", "change": "add", "value": 5, "expected": "up",
}  # fmt: skip


def declared(**changes: Any) -> running.Line:
    given = expectations.parse([{**DECLARED, **changes}])
    return next(running.run(subject(declared=given), table.checks_of(given)))


def test_there_are_at_least_25_checks_for_each_supervised_kind() -> None:
    for kind in ("classification", "regression"):
        assert sum(kind in check.kinds for check in table.CHECKS) >= 40
    names = [check.name for check in table.CHECKS]
    assert len(set(names)) == len(names)


def test_what_is_not_there_is_said_where_a_check_is_skipped() -> None:
    given = subject(
        data=None, frame=None, compiled=None, missing={"test rows": "It was uploaded without data."}
    )
    lines = list(running.run(given, [check for check in table.CHECKS if given.kind in check.kinds]))
    found = {line.check.name: line.result for line in lines}
    assert found["metric_floor"].sentence == "It was uploaded without data."
    assert found["compiled_parity"].outcome == SKIPPED
    assert found["row_against_batch"].outcome == PASSED  # on the rows of its example
    assert not [line.check.name for line in lines if line.stands_against and line.check.severity == "blocks"]


def test_without_data_and_example_rows_are_made_from_the_signature() -> None:
    given = subject(data=None, frame=None, example=())
    assert [set(row) for row in given.rows] == [{"income", "age", "plan", "visits"}]
    assert blocked_by(given) == set()


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, PASSED),
        ({"expected": "down"}, FAILED),
        ({"expected": "same"}, FAILED),
        ({"expected": "same", "tolerance": 1.0}, PASSED),
        ({"of": "no", "expected": "down"}, PASSED),
        ({"column": "plan", "change": "replace", "value": {"basic": "pro"}}, PASSED),
        ({"column": "plan", "change": "set", "value": "pro", "expected": "up"}, PASSED),
        ({"column": "visits", "change": "multiply", "value": 2, "expected": "down"}, PASSED),
        ({"column": "plan", "change": "replace", "value": {"none such": "pro"}}, SKIPPED),
        ({"column": "height"}, FAILED),
        ({"of": "maybe"}, FAILED),
        ({"column": "plan", "change": "add"}, FAILED),
    ],
)
def test_declared_expectations_are_held_against_changed_rows(changes: dict[str, Any], outcome: str) -> None:
    assert declared(**changes).result.outcome == outcome


def test_a_broken_expectation_shows_the_rows_that_moved_most() -> None:
    found = declared(expected="down").result
    assert (found.figure, found.side) == (0.0, "at least")
    assert {"row", "income", "changed to", "answer moved by"} == set(found.evidence[0])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"change": "divide"}, "has one of the changes"),
        ({"expected": "more"}, "expects one of"),
        ({"value": "much"}, "needs a number"),
        ({"value": True}, "needs a number"),
        ({"change": "replace", "value": {}}, "needs an object"),
        ({"change": "set", "value": [1]}, "texts, numbers, true, false or null"),
        ({"name": "<b>"}, "needs a name"),
        ({"column": ""}, "must name a column"),
        ({"share": 0.1}, "share between"),
        ({"tolerance": float("nan")}, "tolerance between"),
        ({"weight": 1}, "has no field “weight”"),
        ({"of": []}, "names in “of” a class"),
    ],
)
def test_a_wrong_expectation_is_refused_with_its_number(given: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match="Expectation 2") as raised:
        expectations.parse([DECLARED, {**DECLARED, "name": "other", **given}])
    assert words in raised.value.message


@pytest.mark.parametrize("given", [{}, "x", [DECLARED, DECLARED], ["x"], [DECLARED] * 51])
def test_expectations_are_a_list_of_differently_named_objects(given: Any) -> None:
    with pytest.raises(Invalid):
        expectations.parse(given)


@pytest.mark.parametrize(
    "given", [[], {"speed": 1}, {"latency_ms": "fast"}, {"latency_ms": True}, {"gap": 2}]
)
def test_a_wrong_limit_is_refused(given: Any) -> None:
    with pytest.raises(Invalid) as raised:
        limits.parse(given)
    assert raised.value.field == "limits"


@pytest.mark.parametrize("given", ["latency", ["no such check"], 5])
def test_only_checks_that_there_are_can_block(given: Any) -> None:
    with pytest.raises(Invalid):
        table.parse_blocking(given)


def test_a_models_own_choice_decides_what_blocks() -> None:
    assert blocking.is_blocking("latency", "warns", ["latency"])
    assert not blocking.is_blocking("row_order", "blocks", ["latency"])
    assert blocking.is_blocking("row_order", "blocks", None)
    assert blocking.is_blocking("declared: x", "blocks", ["latency"])


def test_costs_are_held_against_the_models_own_limits() -> None:
    tight = limits.bounds({"latency_ms": 0.01, "batch_seconds": 0.001, "file_mb": 0.001, "memory_mb": 1})
    given = subject(
        bounds={**tight, "memory_mb": 0.0001, "latency_ms": 0.00001}
    )  # no processor is that quick
    for name in ("latency", "file_size", "memory"):
        assert found_by(name, given).outcome == FAILED
    assert found_by("latency", subject(bounds=limits.bounds({"latency_ms": 60_000}))).outcome == PASSED


def test_the_weak_spot_of_a_model_is_named() -> None:
    def wrong_for_the_old(frame: pd.DataFrame) -> pd.DataFrame:
        old = frame["age"] > 55
        return frame.assign(income=np.where(old, 100 - frame["income"].fillna(50), frame["income"]))

    data = trained(NUMBERS).data
    everyone = replace(data, parts=replace(data.parts, test=np.arange(len(data.work.target))))
    given = subject(
        trained(NUMBERS), fed_by(wrong_for_the_old, trained(NUMBERS).result.pipeline), data=everyone,
        bounds=limits.bounds({"weak_segment": 1.5, "slice_of_losses": 0.2}),
    )  # fmt: skip
    assert "age > 5" in found_by("weak_segment", given).sentence
    assert found_by("worst_slice", given).evidence[0]["column"] == "age"


def test_probabilities_that_do_not_come_true_fail_the_calibration() -> None:
    class Sure(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
        def __init__(self, inner: Any) -> None:
            self.inner = inner
            self.classes_ = inner.classes_

        def fit(self, matrix: Any, target: Any) -> Any:
            return self

        def predict_proba(self, matrix: Any) -> Any:
            second = np.clip(self.inner.predict_proba(matrix)[:, 1] ** 3, 0, 1)
            return np.column_stack([1 - second, second])

    pipeline = trained().result.pipeline
    sure = type(pipeline)([*pipeline.steps[:-1], ("last", Sure(pipeline.steps[-1][1]))])
    assert found_by("calibration", subject(model=sure)).outcome == FAILED
    assert found_by("calibration", subject()).outcome == PASSED


def test_data_that_moved_since_training_are_told() -> None:
    frame = people()
    given = subject(newest=frame.assign(income=frame["income"] * 2), frame=frame)
    found = found_by("drift", given)
    assert (found.outcome, found.evidence[0]["feature"]) == (FAILED, "income")
    assert found_by("drift", replace(given, newest=people(seed=8))).outcome == PASSED
    assert "no column “plan”" in found_by("drift", replace(given, newest=frame.drop(columns="plan"))).sentence


def test_a_tree_that_learnt_by_heart_has_a_gap() -> None:
    given = subject(trained(estimator="decision_tree"))
    assert found_by("train_test_gap", given).outcome == FAILED
    assert found_by("train_test_gap", subject()).outcome == PASSED


def test_a_clustering_is_tested_where_checks_apply() -> None:
    frame = people()[["income", "age", "visits"]]
    spec = ProblemSpec("clustering", (), "", "silhouette", "maximize")
    recipe = recipes.parse({"estimator": "k_means", "params": {"n_clusters": 3}}, kind="clustering")
    result = training.train(spec, recipe, frame, lambda fraction, message: None)
    given = Subject(
        result.pipeline, result.signature, spec, result.input_example, result.metrics, frame=frame
    )
    assert given.kind == "clustering"
    assert blocked_by(given) == set()
    assert found_by("known_clusters", given).outcome == PASSED
    assert found_by("one_cluster", given).outcome == PASSED


def test_a_recommender_is_tested_where_checks_apply() -> None:
    chance = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"user": chance.integers(0, 40, 800), "item": chance.integers(0, 60, 800) ** 2 // 60}
    )
    spec = ProblemSpec("recommendation", (), "", "ndcg_at_10", "maximize", None, ("user", "item"))
    recipe = recipes.parse({"estimator": "ease"}, kind="recommendation")
    result = training.train(spec, recipe, frame, lambda fraction, message: None)
    users = frame[["user"]].drop_duplicates()
    given = Subject(
        result.pipeline, result.signature, spec, result.input_example, result.metrics, frame=users
    )
    assert given.kind == "recommendation"
    assert blocked_by(given) == set()
    assert found_by("unknown_user", given).outcome == PASSED


PLUGIN = """
from mlregistry.ml.model_tests import Check, failed, passed

def sees_income(subject):
    names = [one.name for one in subject.signature.inputs]
    return passed("It sees income.") if "income" in names else failed("It does not see income. Add it.")

CHECKS = (Check("sees_income", "Income is seen", "ours", sees_income, "income is an input"),)
"""


def test_files_of_a_folder_add_checks(tmp_path: Path) -> None:
    (tmp_path / "house.py").write_text(PLUGIN)
    (tmp_path / "notes.txt").write_text("no check")
    assert [file.name for file in plugins.files(str(tmp_path))] == ["house.py"]
    (check,) = plugins.checks(str(tmp_path))
    assert (check.name, check.group) == ("plugin: house.sees_income", "Plugins")
    assert running.carried(check, subject()).outcome == PASSED


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("CHECKS = (1,)", "is no Check"),
        ("import no_such_module_at_all", "ModuleNotFoundError"),
        ("x = 1", "CHECKS"),
        (PLUGIN.replace('"sees_income"', '"Sees Income"'), "the name"),
        (PLUGIN.replace('"income is an input"', '"x", severity="perhaps"'), "a severity"),
    ],
)
def test_a_file_that_is_wrong_becomes_a_check_that_breaks(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(text)
    (check,) = plugins.checks(str(tmp_path))
    found = running.carried(check, subject())
    assert found.outcome == BROKE
    assert words in found.sentence


def test_a_plugin_that_returns_something_else_breaks(tmp_path: Path) -> None:
    (tmp_path / "none.py").write_text(PLUGIN.replace("return passed", "return None and passed"))
    (check,) = plugins.checks(str(tmp_path))
    assert "returns no Result" in running.carried(check, subject()).sentence


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside.py", tmp_path / "folder"
    outside.write_text(PLUGIN)
    inside.mkdir()
    (inside / "link.py").symlink_to(outside)
    assert plugins.checks(str(inside)) == []
    assert plugins.checks("") == plugins.checks(str(tmp_path / "nowhere")) == []
