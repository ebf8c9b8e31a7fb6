"""A model trained as a recipe trains it, as a subject of model tests; faults are planted in its pipeline."""

import functools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from mlregistry.ml import packaging, recipes, training
from mlregistry.ml.compiling import compiler
from mlregistry.ml.compiling.scoring import CompiledModel
from mlregistry.ml.model_tests import running, table
from mlregistry.ml.model_tests.result import Result
from mlregistry.ml.model_tests.subject import Data, Subject
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.supervised import table as tables
from mlregistry.ml.training_result import TrainingResult

CLASSES = ProblemSpec(
    "classification", ("income", "age", "plan", "visits"), "churn", "roc_auc", "maximize", 0.7
)
NUMBERS = ProblemSpec("regression", ("income", "age", "plan", "visits"), "price", "rmse", "minimize", 1000.0)


@dataclass(frozen=True)
class Trained:
    """What a training left, with its table."""

    result: TrainingResult
    data: Data


def people(n_rows: int = 600, seed: int = 3) -> pd.DataFrame:
    """Numbers with a gap, whole numbers, a category, and both targets with noise."""
    chance = np.random.default_rng(seed)
    income, age = chance.normal(50, 10, n_rows), chance.normal(40, 12, n_rows)
    plan = chance.choice(["basic", "plus", "pro"], n_rows)
    visits = chance.integers(0, 30, n_rows)
    signal = income / 10 + age / 15 + 1.5 * (plan == "pro") - visits / 20 + chance.normal(0, 0.6, n_rows)
    income[chance.random(n_rows) < 0.05] = np.nan
    return pd.DataFrame(
        {
            "income": income, "age": age, "plan": plan, "visits": visits,
            "churn": np.where(signal > np.median(signal), "yes", "no"), "price": 1000 * signal,
        }
    )  # fmt: skip


@functools.cache
def trained(spec: ProblemSpec = CLASSES, estimator: str = "", extra: str = "", seed: int = 0) -> Trained:
    """`extra` adds a column: `leak` that gives the target away, `copies` of rows."""
    frame = people()
    if extra == "leak":
        chance = np.random.default_rng(1)
        frame["visits"] = (frame[spec.target] == "yes") * 100 + chance.normal(0, 5, len(frame))
    if extra == "copies":
        frame = pd.concat([frame, frame.iloc[:300]], ignore_index=True)
    if extra == "renamed target":
        frame["plan"] = frame["churn"].map({"yes": "gone", "no": "here"})
    chosen = estimator or ("logistic_regression" if spec.kind == "classification" else "ridge")
    recipe = recipes.parse({"estimator": chosen, "seed": seed}, kind=spec.kind)
    work = tables.prepare(spec, recipe, frame, lambda fraction, message: None)
    result = training.train(spec, recipe, frame, lambda fraction, message: None)
    return Trained(result, Data(work, tables.part(work)))


def subject(found: Trained | None = None, model: Any = None, **changes: Any) -> Subject:
    """The trained model, or another one in its place, with all that tests may ask for."""
    found = found or trained()
    result, data = found.result, found.data
    folder = Path(tempfile.mkdtemp(prefix="mlregistry-tested-"))
    files = packaging.save(result.pipeline, folder)
    made = Subject(
        result.pipeline if model is None else model, result.signature, data.work.spec, result.input_example,
        result.metrics, data, data.work.frame.iloc[data.parts.test],
        compiled=CompiledModel(compiler.compile_model(result.pipeline, result.signature), result.signature),
        file_bytes=files[0].size,
        reloads={file.format: partial(packaging.load, folder, file) for file in files},
    )  # fmt: skip
    return replace(made, **changes)


def fed_by(change: Callable[[pd.DataFrame], pd.DataFrame], pipeline: Pipeline | None = None) -> Pipeline:
    """The trained pipeline behind a step that changes the rows."""
    pipeline = pipeline or trained().result.pipeline
    return Pipeline([("fault", FunctionTransformer(change)), *pipeline.steps])


def found_by(name: str, given: Subject) -> Result:
    """What one check of the table finds."""
    return running.carried(table.BY_NAME[name], given)


def blocked_by(given: Subject) -> set[str]:
    """The names of all checks that stand against the subject and block."""
    checks = [check for check in table.CHECKS if given.kind in check.kinds and check.severity == "blocks"]
    return {line.check.name for line in running.run(given, checks) if line.stands_against}
