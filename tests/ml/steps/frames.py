"""Running steps on small frames, shared by the tests of steps."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from mlregistry.ml.steps import compiling, parsing
from mlregistry.ml.steps.catalogue import Making


def times(texts: list[str | None]) -> "pd.Series[Any]":
    """A column of times with gaps."""
    return pd.Series(
        [pd.NaT if text is None else pd.Timestamp(text) for text in texts], dtype="datetime64[us]"
    )


def fitted(
    steps: list[dict[str, Any]], frame: pd.DataFrame, y: Any = None, kind: str = "classification"
) -> Pipeline:
    """The features of the steps, fitted; gaps are allowed at the end."""
    parts = compiling.features(parsing.parse(steps), Making(kind), gaps=True)
    target = np.array(["yes", "no"] * len(frame))[: len(frame)] if y is None else np.asarray(y)
    compiling.fit_features(Pipeline([*parts, ("estimator", None)]), frame, target)
    return Pipeline(parts)


def features(pipeline: Pipeline, frame: pd.DataFrame) -> dict[str, list[float | None]]:
    """The features by name, missing as None."""
    matrix = pipeline.transform(frame)
    names = pipeline.get_feature_names_out()
    return {
        str(name): [None if np.isnan(v) else float(v) for v in matrix[:, i]] for i, name in enumerate(names)
    }


def made(steps: list[dict[str, Any]], frame: pd.DataFrame, **options: Any) -> dict[str, list[float | None]]:
    """The features of the frame that the steps were fitted on."""
    return features(fitted(steps, frame, **options), frame)
