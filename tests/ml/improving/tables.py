"""A small table whose truth is known: a product of two columns, a column of noise, one skewed."""

import numpy as np
import pandas as pd

from mlregistry.ml.improving.facts import CATEGORICAL, NUMERIC, ColumnFact, Facts, Moved, WeakSlice
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recipes import Recipe, parse

SPEC = ProblemSpec("regression", (), "y", "rmse", "minimize", None)


def table(n: int = 400, *, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    width, height, noise = rng.normal(size=(3, n))
    region = rng.choice(["north", "south", "east"], n)
    spent = rng.lognormal(0.0, 1.5, n)
    y = 2 * width * height + 0.5 * width + 0.1 * rng.normal(size=n)
    return pd.DataFrame(
        {"width": width, "height": height, "noise": noise, "region": region, "spent": spent, "y": y}
    )


def ridge(**more: object) -> Recipe:
    return parse({"estimator": "ridge", "seed": 3, **more}, kind="regression")


def facts(**more: object) -> Facts:
    """What a run of the table could have told, with drift and a weak slice."""
    columns = (
        ColumnFact("width", NUMERIC, 0.8, 0.05, skewness=0.1),
        ColumnFact("height", NUMERIC, 0.02, 0.05),
        ColumnFact("noise", NUMERIC, -0.03, 0.01),
        ColumnFact("region", CATEGORICAL, 0.3, 0.02, n_distinct=60, unseen=(0.0, 0.08)),
        ColumnFact("spent", NUMERIC, 0.1, 0.02, skewness=6.0, moved=Moved("Wasserstein distance", 0.4, 0.1)),
    )
    slices = (
        WeakSlice("height", "0.7 to 2.9", 40, 3.1, 2.4, 3.8),
        WeakSlice("region", "north", 50, 2.6, 2.2, 3.0),
    )
    found: dict[str, object] = {"metric": "RMSE", "overall": 1.9, "columns": columns, "slices": slices} | more
    return Facts(**found)  # type: ignore[arg-type]  # words by name
