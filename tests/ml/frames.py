"""Small and bundled tables that the tests of the ML core share."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn import datasets

from mlregistry.ml.problems import ProblemSpec

CHURN = ProblemSpec("classification", (), "churn", "roc_auc", "maximize")
PRICE = ProblemSpec("regression", (), "price", "rmse", "minimize")
WINE = ProblemSpec("classification", (), "target", "accuracy", "maximize")


def mixed(n_rows: int = 200, seed: int = 0) -> pd.DataFrame:
    """Numbers, text, booleans, times, gaps, identifier, constant, and two targets from them."""
    chance = np.random.default_rng(seed)
    age = chance.integers(18, 80, n_rows)
    plan = chance.choice(["basic", "plus", "pro"], n_rows)
    income = chance.normal(50, 10, n_rows)
    signal = age / 20 + (plan == "pro") * 2 + income / 20 + chance.normal(0, 0.5, n_rows)
    income[chance.random(n_rows) < 0.1] = np.nan
    return pd.DataFrame(
        {
            "key": [f"k{i}" for i in range(n_rows)],
            "age": age,
            "income": income,
            "plan": pd.Series(plan).where(chance.random(n_rows) > 0.05),
            "active": chance.random(n_rows) > 0.5,
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(chance.integers(0, 900, n_rows), unit="D"),
            "country": "DE",
            "churn": np.where(signal > np.median(signal), "yes", "no"),
            "price": signal * 1000,
        }
    )


def wine() -> pd.DataFrame:
    frame: pd.DataFrame = datasets.load_wine(as_frame=True).frame
    return frame


def silent(fraction: float, message: str) -> None:
    """A report that goes nowhere."""
    assert 0.0 <= fraction <= 1.0
    assert message


def classification_rows(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns="price")


def regression_rows(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns="churn")


def as_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
