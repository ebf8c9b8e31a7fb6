"""The check of a table against a problem."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from mlregistry.errors import Invalid
from mlregistry.ml import problems, tables
from mlregistry.ml.findings import Finding
from mlregistry.ml.problems import ProblemSpec
from tests.ml.frames import CHURN, PRICE, mixed


def check(folder: Path, spec: ProblemSpec, frame: pd.DataFrame) -> list[Finding]:
    frame.to_csv(folder / "t.csv", index=False)
    info = tables.convert(folder / "t.csv", "t.csv", folder / "t.parquet")
    return problems.check(spec, info, folder / "t.parquet")


def test_a_good_table_gets_warnings_only(tmp_path: Path) -> None:
    found = check(tmp_path, CHURN, mixed())
    assert {finding.severity for finding in found} == {"warning"}
    assert {"key", "country", "since"} <= {finding.column for finding in found}


@pytest.mark.parametrize(
    ("spec", "change", "column", "words"),
    [
        (CHURN, lambda f: f.drop(columns="churn"), "churn", "not in the table"),
        (CHURN, lambda f: f.assign(churn="yes"), "churn", "constant"),
        (CHURN, lambda f: f.assign(churn=None), "churn", "empty"),
        (CHURN, lambda f: f.head(2), None, "2 rows"),
        (CHURN, lambda f: f.assign(churn=["rare", *f.churn[1:]]), "churn", "'rare'"),
        (CHURN, lambda f: f.assign(churn=f.key), "churn", "different values"),
        (CHURN, lambda f: f.assign(churn=f.since), "churn", "times"),
        (PRICE, lambda f: f.assign(price=f.churn), "price", "needs numbers"),
        (CHURN, lambda f: f.assign(income=["inf", *f.income[1:]]), "income", "infinite"),
        (replace(CHURN, features=("gone",)), lambda f: f, "gone", "not in the table"),
        (replace(CHURN, features=("country",)), lambda f: f, None, "Every feature is constant"),
    ],
)
def test_what_forbids_training_comes_first(
    spec: ProblemSpec, change: object, column: str | None, words: str, tmp_path: Path
) -> None:
    assert callable(change)
    errors = [f for f in check(tmp_path, spec, change(mixed())) if f.severity == "error"]
    assert any(finding.column == column and words in finding.message for finding in errors)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "guessing"}, "kind"),
        ({"target": ""}, "target"),
        ({"features": ("churn",)}, "features"),
        ({"features": ("a", "a")}, "features"),
        ({"primary_metric": "rmse"}, "primary_metric"),
        ({"direction": "minimize"}, "direction"),
        ({"direction": "up"}, "direction"),
        ({"success_threshold": float("nan")}, "success_threshold"),
    ],
)
def test_a_wrong_problem_names_its_field(change: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        problems.validate(ProblemSpec.from_json({**CHURN.to_json(), **change}))
    assert caught.value.field == field


def test_a_problem_survives_the_way_through_json() -> None:
    spec = replace(CHURN, features=("a", "b"), success_threshold=0.8)
    assert ProblemSpec.from_json(spec.to_json()) == spec
