"""The models that are served while something fails: three versions of one, and a slow one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

QUICK, SLOW = "tumour", "forest"
N_VERSIONS = 3
N_TREES = 400


def write(folder: Path, *, slow: bool = True) -> None:
    """One folder for each version, `<model>-<number>`, with model.joblib and table.csv."""
    frame = _frame()
    for number in range(1, N_VERSIONS + 1):
        quick = make_pipeline(StandardScaler(), LogisticRegression(C=10.0 ** (number - 2), max_iter=1000))
        _write(folder / f"{QUICK}-{number}", quick, frame)
    if slow:
        _write(folder / f"{SLOW}-1", make_pipeline(RandomForestClassifier(N_TREES, random_state=7)), frame)


def alone(version: int, model: str = QUICK) -> dict[str, Any]:
    """A variant with all the traffic."""
    return variant("only", version, 100, model)


def variant(name: str, version: int, weight: float, model: str = QUICK) -> dict[str, Any]:
    return {"name": name, "model": model, "version": version, "weight": weight}


def body(n_rows: int) -> bytes:
    """A request with so many rows of the table."""
    rows = _frame().drop(columns="y").head(n_rows)
    return json.dumps({"dataframe_split": json.loads(rows.to_json(orient="split", index=False))}).encode()


def _frame() -> pd.DataFrame:
    frame: pd.DataFrame = load_breast_cancer(as_frame=True).frame.rename(columns={"target": "y"})
    frame.columns = pd.Index([str(name).replace(" ", "_") for name in frame.columns])
    return frame


def _write(folder: Path, pipeline: Any, frame: pd.DataFrame) -> None:
    folder.mkdir(parents=True)
    pipeline.fit(frame.drop(columns="y"), frame["y"])
    joblib.dump(pipeline, folder / "model.joblib")
    frame.to_csv(folder / "table.csv", index=False)
