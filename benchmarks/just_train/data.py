"""The tables of the training benchmark: two from a folder, four of scikit-learn. Called by benchmarks.training."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from sklearn import datasets

from mlregistry.ml import tables
from mlregistry.ml.problems import ProblemSpec

FILES = {"churn": "telco_churn.csv", "california": "california_housing.csv"}
TARGETS = {"churn": "Churn", "california": "median_house_value"}
IGNORED = {"churn": ["customerID"]}
LOADERS = {
    "breast_cancer": datasets.load_breast_cancer,
    "diabetes": datasets.load_diabetes,
    "wine": datasets.load_wine,
    "digits": datasets.load_digits,
}
REGRESSIONS = ("california", "diabetes")
NAMES = (*FILES, *LOADERS)


@dataclass(frozen=True)
class Case:
    """One table as the server would hold it, and its problem."""

    name: str
    spec: ProblemSpec
    frame: pd.DataFrame


def case(name: str, folder: Path) -> Case | None:
    """None when the table lies in a folder that does not have it."""
    kind = "regression" if name in REGRESSIONS else "classification"
    metric = "r2" if kind == "regression" else "roc_auc"
    target = TARGETS.get(name, "target")
    with tempfile.TemporaryDirectory() as place:
        source = Path(place, f"{name}.csv")
        if name in FILES:
            if not (folder / FILES[name]).exists():
                return None
            table = pd.read_csv(folder / FILES[name]).drop(columns=IGNORED.get(name, []))
            if name == "churn":
                table["TotalCharges"] = pd.to_numeric(table["TotalCharges"], errors="coerce")
        else:
            table = LOADERS[name](as_frame=True).frame
        table.to_csv(source, index=False)
        tables.convert(source, source.name, Path(place, "table.parquet"))
        frame = tables.load([Path(place, "table.parquet")])
    return Case(name, ProblemSpec(kind, (), target, metric, "maximize"), frame)
