"""The three models of the serving benchmark as files, with rows to ask for. Every server loads the same file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

SEED = 7
N_CHURN = 5_000


@dataclass(frozen=True)
class Case:
    """`file` holds the fitted pipeline, `table` its training rows with the column y as CSV, `rows` what is asked."""

    name: str
    title: str
    folder: Path
    columns: tuple[str, ...]
    rows: list[list[Any]]
    peers: tuple[str, ...]

    @property
    def file(self) -> Path:
        return self.folder / "model.joblib"

    @property
    def table(self) -> Path:
        return self.folder / "table.csv"

    def take(self, n: int) -> list[list[Any]]:
        return [self.rows[place % len(self.rows)] for place in range(n)]


def write(folder: Path) -> list[Case]:
    """Fits the models; numbers for all peers, mixed columns for MLflow alone, whose goal it is."""
    numbers = load_breast_cancer(as_frame=True).frame.rename(columns={"target": "y"})
    numbers.columns = [name.replace(" ", "_") for name in numbers.columns]
    numeric = ("mlflow", "mlserver", "bentoml")
    return [
        _case(folder, "logistic", "logistic regression, 30 numbers", numbers, numeric,
              make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))),
        _case(folder, "forest", "forest of 100 trees, 30 numbers", numbers, numeric,
              make_pipeline(StandardScaler(), RandomForestClassifier(100, random_state=SEED))),
        _case(folder, "churn", "imputer, scaler, one-hot, forest of 100; 19 mixed columns", _churn(), ("mlflow",),
              _mixed_pipeline()),
    ]  # fmt: skip


def _case(
    folder: Path, name: str, title: str, frame: pd.DataFrame, peers: Sequence[str], pipeline: Any
) -> Case:
    own = folder / name
    own.mkdir(parents=True)
    inputs = frame.drop(columns="y")
    pipeline.fit(inputs, frame["y"])
    joblib.dump(pipeline, own / "model.joblib")
    frame.to_csv(own / "table.csv", index=False)
    rows = json.loads(inputs.head(200).to_json(orient="values"))
    return Case(name, title, own, tuple(inputs.columns), rows, tuple(peers))


def _churn() -> pd.DataFrame:
    """Like the customers of a telephone company: 4 numbers, some missing, and 15 columns of a few words."""
    rng = np.random.default_rng(SEED)
    tenure = rng.integers(0, 73, N_CHURN).astype(float)
    monthly = rng.uniform(18, 120, N_CHURN).round(2)
    frame = pd.DataFrame({"tenure": tenure, "monthly": monthly, "total": (tenure * monthly).round(2)})
    frame["age"] = rng.integers(18, 90, N_CHURN).astype(float)
    frame.loc[rng.random(N_CHURN) < 0.05, "total"] = np.nan
    for number in range(15):
        words = [f"answer {word}" for word in "abcde"[: 2 + number % 4]]
        frame[f"choice_{number}"] = rng.choice(words, N_CHURN)
    risk = 1.5 - 0.06 * tenure + 0.02 * monthly + (frame["choice_0"] == "answer a")
    frame["y"] = (rng.random(N_CHURN) < 1 / (1 + np.exp(-risk))).astype(int)
    return frame


def _mixed_pipeline() -> Any:
    numbers = ["tenure", "monthly", "total", "age"]
    words = [f"choice_{number}" for number in range(15)]
    prepared = ColumnTransformer([
        ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
        ("words", OneHotEncoder(handle_unknown="ignore"), words),
    ])  # fmt: skip
    return make_pipeline(prepared, RandomForestClassifier(100, random_state=SEED))
