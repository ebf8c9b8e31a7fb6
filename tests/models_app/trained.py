"""Real trained models for tests: fitted once per session, then given to runs as the training job does."""

import functools
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes

from experiments.actions import artifacts
from experiments.actions.logging import log_batch
from experiments.actions.measurements import Metric
from experiments.models import Experiment, Problem, Run, RunStatus
from mlregistry.accounts.actor import Actor
from mlregistry.ml import packaging, recipes
from mlregistry.ml import training as ml_training
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.training_result import TrainingResult

FEATURES = ("mean radius", "mean texture", "mean area", "worst concavity")


@dataclass(frozen=True)
class Fitted:
    """What a training gives, with its files in a folder that lives as long as the process."""

    result: TrainingResult
    files: tuple[packaging.ModelFile, ...]
    folder: Path


def cancer_frame() -> pd.DataFrame:
    frame: pd.DataFrame = load_breast_cancer(as_frame=True).frame
    return frame[[*FEATURES, "target"]]


@functools.cache
def fitted(kind: str = "classification", features: tuple[str, ...] = FEATURES, seed: int = 1) -> Fitted:
    if kind == "classification":
        frame, metric, estimator = cancer_frame()[[*features, "target"]], "roc_auc", "logistic_regression"
    else:
        frame, metric, estimator = load_diabetes(as_frame=True).frame, "rmse", "ridge"
    direction = "maximize" if metric == "roc_auc" else "minimize"
    spec = ProblemSpec(kind, (), "target", metric, direction, None)
    recipe = recipes.parse({"estimator": estimator, "seed": seed}, kind=kind)
    result = ml_training.train(spec, recipe, frame, lambda fraction, message: None)
    folder = Path(tempfile.mkdtemp(prefix="mlregistry-fitted-"))
    return Fitted(result, tuple(packaging.save(result.pipeline, folder)), folder)


def finished_run(
    by: Actor,
    *,
    name: str = "logistic",
    score: float = 0.9,
    model: Fitted | None = None,
    saved_by: Actor | None = None,
) -> Run:
    """A finished run of the team's experiment that holds a model, as a training job leaves it."""
    model = model or fitted()
    kind = "classification" if model.result.signature.classes else "regression"
    problem, _ = Problem.objects.get_or_create(
        team=by.team,
        name=kind,
        defaults={
            "kind": kind,
            "target": "target",
            "primary_metric": "roc_auc" if kind == "classification" else "rmse",
            "direction": "maximize" if kind == "classification" else "minimize",
        },
    )
    experiment, _ = Experiment.objects.get_or_create(team=by.team, name=kind, defaults={"problem": problem})
    run = Run.objects.create(
        experiment=experiment,
        problem=problem,
        name=name,
        status=RunStatus.RUNNING,
        estimator="logistic_regression",
        signature=model.result.signature.to_json(),
        input_example=model.result.input_example,
    )
    for file in model.files:
        worker = saved_by or Actor.system(by.team, user=by.user)
        artifacts.save_artifact(run, f"model/{file.name}", model.folder / file.name, by=worker)
    log_batch(run, metrics=[Metric(f"test_{problem.primary_metric}", score)], by=by)
    Run.objects.filter(pk=run.pk).update(status=RunStatus.FINISHED)
    run.refresh_from_db()
    return run
