"""A run as a script: in a process without this package it prints the metrics of the run, to the last bit."""

import ast
import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from mlregistry.ml import recipes, tables, training
from mlregistry.ml.boosting.packages import PACKAGES
from mlregistry.ml.estimators import CATALOGUE
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recommendation.estimators import NEED_EXTRA, NEED_RATINGS
from tests.ml.frames import CHURN, PRICE, classification_rows, mixed, regression_rows, silent
from tests.ml.recommendation.tables import EXPLICIT, IMPLICIT, two_tastes

from .written import alone, case, same_bits, together

GROUPS = ProblemSpec("clustering", (), "churn", "silhouette", "maximize")
EVIL = '"""\nimport os; os.system("true")\n"""\' {x} \u2028 # noqa'
QUICK: dict[str, dict[str, Any]] = {
    **{
        name: {"n_estimators": 8}
        for name in ("random_forest", "extra_trees", "gradient_boosting", "ada_boost", *PACKAGES)
    },
    "hist_gradient_boosting": {"max_iter": 10},
    "quantile_boosting": {"max_iter": 8},
    "mlp": {"max_iter": 20, "hidden_layer_size": 8},
    "hdbscan": {"min_cluster_size": 3, "min_samples": 1},
    "bpr": {"iterations": 5},
}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["classification", "regression", "clustering", "recommendation"])
def test_every_estimator_of_the_catalogue_gives_the_same_bits(kind: str, tmp_path: Path) -> None:
    rows = mixed(120)
    made = {}
    for name in CATALOGUE[kind]:
        if name in NEED_EXTRA and find_spec("implicit") is None:
            continue
        recipe = {"estimator": name, "params": QUICK.get(name, {})}
        if kind == "classification":
            folds = {"folds": 2 if name in ("logistic_regression", "hist_gradient_boosting") else 0}
            made[name] = case(tmp_path / name, CHURN, classification_rows(rows), **recipe, **folds)
        elif kind == "regression":
            made[name] = case(tmp_path / name, PRICE, regression_rows(rows), **recipe)
        elif kind == "clustering":
            made[name] = case(tmp_path / name, GROUPS, classification_rows(rows), **recipe)
        else:
            spec = EXPLICIT if name in NEED_RATINGS else IMPLICIT
            made[name] = case(tmp_path / name, spec, two_tastes(), **recipe)
    found = together(tmp_path, list(made))
    assert [name for name, one in made.items() if not same_bits(one.metrics, found[name])] == []


HARD: dict[str, dict[str, Any]] = {
    "isotonic, tuned, balanced": {
        "estimator": "gradient_boosting",
        "params": {"n_estimators": 8, "class_weight": "balanced"},
        "calibration": "isotonic",
        "threshold": "tuned",
        "folds": 2,
    },
    "sigmoid, by group": {
        "estimator": "logistic_regression",
        "calibration": "sigmoid",
        "folds": 2,
        "split": {"group": "age"},
    },
    "by time, looking back": {
        "estimator": "decision_tree",
        "split": {"method": "by_time", "order": "since", "gap": "5 days"},
        "folds": 2,
        "steps": [
            {"step": "lag", "columns": ["income"], "order": "since", "short_history": "missing"},
            {"step": "dates"},
            {"step": "impute", "indicator": True},
            {"step": "encode", "columns": ["plan"], "method": "target"},
            {"step": "encode", "method": "hash"},
        ],
    },
    "three parts, steps on rows, selected": {
        "estimator": "ridge",
        "kind": "regression",
        "split": {"method": "train_validation_test"},
        "folds": 3,
        "repeats": 2,
        "steps": [
            {"step": "duplicates"},
            {"step": "drop_rows", "columns": ["plan"]},
            {"step": "formula", "name": EVIL, "formula": "if(isnull(income), 0, income % 7)"},
            {"step": "drop_useless"},
            {"step": "dates"},
            {"step": "impute"},
            {"step": "scale", "method": "power"},
            {"step": "encode"},
            {"step": "select", "method": "univariate", "n_features": 5},
        ],
    },
    "quantiles": {
        "estimator": "linear_quantiles",
        "kind": "regression",
        "params": {"n_quantiles": 5, "conformal": True},
    },
}


@pytest.mark.timeout(600)
def test_calibration_thresholds_groups_time_history_and_steps_give_the_same_bits(tmp_path: Path) -> None:
    rows, made = mixed(150), {}
    for place, wanted in enumerate(HARD.values()):
        recipe = dict(wanted)
        regression = recipe.pop("kind", "") == "regression"
        spec, frame = (PRICE, regression_rows(rows)) if regression else (CHURN, classification_rows(rows))
        made[str(place)] = case(tmp_path / str(place), spec, frame, **recipe)
    found = together(tmp_path, list(made))
    names = list(HARD)
    assert [names[int(n)] for n, one in made.items() if not same_bits(one.metrics, found[n])] == []


def test_a_script_runs_alone_and_refuses_another_table(tmp_path: Path) -> None:
    made = case(tmp_path / "one", CHURN, classification_rows(mixed(100)), estimator="decision_tree")
    done = alone(made)
    assert done.returncode == 0, done.stderr
    assert same_bits(made.metrics, json.loads(done.stdout))
    table = tables.load(made.folder / "table.parquet")
    whole = training.train(CHURN, recipes.parse({"estimator": "decision_tree"}), table, silent)
    assert same_bits(whole.metrics, made.metrics)
    other = case(tmp_path / "two", CHURN, classification_rows(mixed(100, seed=1)), estimator="decision_tree")
    (made.folder / "table.parquet").write_bytes((other.folder / "table.parquet").read_bytes())
    refused = alone(made)
    assert refused.returncode == 1
    assert 'It\'s "a table" v1' in refused.stderr
    assert alone(made, "--any-table").returncode == 0


def test_names_of_users_stay_in_literals_and_hostile_columns_train(tmp_path: Path) -> None:
    frame = classification_rows(mixed(100)).rename(columns={"income": EVIL, "churn": EVIL + "y"})
    spec = replace(CHURN, target=EVIL + "y")
    made = case(tmp_path / "evil", spec, frame, estimator="logistic_regression", split={"group": EVIL[:0]})
    tree = ast.parse(made.text)
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert "os" not in imported
    assert EVIL in {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    done = alone(made)
    assert done.returncode == 0, done.stderr
    assert same_bits(made.metrics, json.loads(done.stdout))


def test_a_script_says_what_it_needs_and_begins_with_what_a_person_reads(tmp_path: Path) -> None:
    made = case(tmp_path / "one", PRICE, regression_rows(mixed(60)), estimator="ridge")
    head, _, rest = made.text.partition("# ///\n\n")
    assert head.startswith("# /// script\n# requires-python = ")
    for name in ("numpy==", "pandas==", "scikit-learn==", "duckdb=="):
        assert f'"{name}' in head
    assert "mlregistry.ml" not in rest
    assert made.text.index("def train(") < made.text.index("What the functions above need")
    assert "noqa" not in made.text
    assert "CALIBRATION" not in made.text
