"""Models as people bring them from elsewhere, honest ones and hostile ones, written as real files."""

import functools
import io
import pickle
import tempfile
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
import numpy as np
import pandas as pd
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

HERE = Path(tempfile.mkdtemp(prefix="mlregistry-foreign-"))


def table() -> tuple[pd.DataFrame, Any]:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "age": rng.normal(40, 12, 200),
            "plan": rng.choice(["basic", "gold"], 200).astype(object),
        }
    )
    return frame, np.where((frame["age"] > 41) ^ (frame["plan"] == "gold"), "stays", "leaves")


@functools.cache
def pipeline() -> Pipeline:
    """Two columns of different kinds, and a forest."""
    frame, target = table()
    columns = ColumnTransformer(
        [("numbers", StandardScaler(), ["age"]), ("plans", OneHotEncoder(handle_unknown="ignore"), ["plan"])]
    )
    forest = RandomForestClassifier(n_estimators=5, max_depth=3, random_state=0)
    return Pipeline([("columns", columns), ("forest", forest)]).fit(frame, target)


@functools.cache
def logistic() -> LogisticRegression:
    frame, target = table()
    return LogisticRegression().fit(frame[["age"]], target)


@functools.cache
def line() -> LinearRegression:
    """Fitted on a matrix without names."""
    return LinearRegression().fit(np.arange(20.0).reshape(10, 2), np.arange(10.0))


def written(model: Any, name: str) -> bytes:
    """The bytes of a file of this name, as its tool writes it."""
    path = HERE / name
    if name.endswith(".skops"):
        skops.io.dump(model, path)
    elif name.endswith(".joblib"):
        joblib.dump(model, path, compress=3)
    else:
        path.write_bytes(pickle.dumps(model))
    return path.read_bytes()


class _Calls:
    """Calls a function when it is unpickled."""

    def __init__(self, function: Any, *given: Any) -> None:
        self.call = (function, given)

    def __reduce__(self) -> Any:
        return self.call


def calling(function: Any, *given: Any) -> bytes:
    """A pickle that calls the function: by its name when it has one to import, else with its code inside."""
    file = io.BytesIO()
    cloudpickle.CloudPickler(file).dump(_Calls(function, *given))
    return file.getvalue()


def twice(values: Any) -> Any:
    return values * 2


def with_foreign_type() -> Pipeline:
    """A step that calls a function of somebody's own."""
    return Pipeline([("own", FunctionTransformer(twice)), ("line", LinearRegression())]).fit(
        np.arange(20.0).reshape(10, 2), np.arange(10.0)
    )
