"""Small trained models for the tests of optimisation: each fitted once for all of them."""

import functools

import numpy as np
import pandas as pd

from mlregistry.ml import pipelines
from mlregistry.ml.optimising.methods import NAMES, Setting
from mlregistry.ml.optimising.subject import Subject
from mlregistry.ml.optimising.wish import Wish
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recipes import Recipe, parse
from mlregistry.ml.supervised import table
from mlregistry.ml.supervised.adjusting import fit_adjusted
from mlregistry.ml.training_steps import settle

COSTS = ((0.0, 1.0), (9.0, 0.0))


def silent(fraction: float, message: str) -> None:
    return None


@functools.cache
def frame(kind: str = "classification") -> pd.DataFrame:
    """Six hundred rows: four numbers with noise and a category; the target depends on three of them."""
    chance = np.random.default_rng(5)
    n = 600
    columns = {name: chance.normal(size=n) for name in ("a", "b", "c", "d")}
    found = pd.DataFrame({**columns, "place": chance.choice(["north", "south", "west"], n)})
    score = 1.5 * found["a"] - found["b"] * found["c"] + 0.8 * (found["place"] == "north")
    noisy = score + chance.normal(scale=0.8, size=n)
    found["y"] = np.where(noisy > 0.4, "yes", "no") if kind == "classification" else noisy
    return found


def spec(kind: str) -> ProblemSpec:
    metric = ("roc_auc", "maximize") if kind == "classification" else ("rmse", "minimize")
    return ProblemSpec(kind, (), "y", *metric, None)


@functools.cache
def _fitted(
    kind: str, estimator: str, params: tuple[tuple[str, object], ...], method: str, threshold: str
) -> Subject:
    data = {"estimator": estimator, "params": dict(params), "seed": 3, "threshold": threshold,
            "split": {"method": method}}  # fmt: skip
    recipe = parse(data, kind=kind)
    work = table.prepare(spec(kind), recipe, frame(kind), silent)
    parts = table.part(work)
    pipeline = pipelines.build(kind, recipe)
    fit_adjusted(work, pipeline, parts.train)
    settle(pipeline, [])
    return Subject(work, parts, pipeline, Wish(NAMES))


def subject(
    estimator: str, *, kind: str = "classification", method: str = "train_test", threshold: str = "half",
    wish: Wish | None = None, rivals: tuple[Recipe, ...] = (), **params: object,
) -> Subject:  # fmt: skip
    found = _fitted(kind, estimator, tuple(sorted(params.items())), method, threshold)
    told = tuple(one.to_json() for one in rivals)
    return Subject(
        found.work, found.parts, found.pipeline, wish or Wish(NAMES, tolerance=0.02, costs=()), told
    )


def setting(found: Subject) -> Setting:
    return Setting(found.kind, found.recipe, len(found.work.classes), len(found.rivals), found.wish)
