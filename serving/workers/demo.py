"""Builds the demonstration through everybody's actions: problems, training, registry, endpoint, feedback.

The job accounts.demo runs it. Each step looks for what is there, so a second run finishes a first.
"""

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

from experiments.actions.datasets import add_version, create_dataset
from experiments.actions.problems import create_problem
from experiments.actions.training import start_training
from experiments.models import Dataset, DatasetVersion, Experiment, Problem
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Team, User
from mlregistry.errors import Conflict
from mlregistry.jobs.context import JobContext
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from models_app.actions.aliases import set_alias
from models_app.actions.versions import register
from models_app.models import Alias, ModelVersion
from models_app.queries.candidates import ranked_runs
from serving import live_routing
from serving.actions.endpoints import create_endpoint
from serving.actions.feedback import record_feedback
from serving.models import Endpoint, Feedback
from serving.shipping import log_folder, ship_folder

N_PREDICTIONS = 300
LONGEST_TRAINING_SECONDS = 1800


@dataclass(frozen=True)
class Story:
    """One problem on data that comes with scikit-learn."""

    name: str
    slug: str
    goal: str
    kind: str
    target: str
    metric: str
    threshold: float
    estimators: tuple[str, ...]
    frame: Callable[[], pd.DataFrame]


def _named_classes(bunch: Any, target: str) -> pd.DataFrame:
    """The table with the classes by their names, as people would have it."""
    frame: pd.DataFrame = bunch.frame.rename(columns={"target": target})
    return frame.assign(**{target: [str(bunch.target_names[number]) for number in frame[target]]})


STORIES = (
    Story(
        "Breast cancer", "breast-cancer", "Tell malignant tumours from benign ones by their cell nuclei.",
        "classification", "diagnosis", "roc_auc", 0.98,
        ("logistic_regression", "random_forest", "gradient_boosting", "k_nearest_neighbors"),
        lambda: _named_classes(load_breast_cancer(as_frame=True), "diagnosis"),
    ),
    Story(
        "Diabetes progression", "diabetes", "Foresee how far the disease progresses within a year.",
        "regression", "progression", "rmse", 60.0,
        ("ridge", "random_forest", "gradient_boosting"),
        lambda: load_diabetes(as_frame=True, scaled=False).frame.rename(columns={"target": "progression"}),
    ),
    Story(
        "Wine cultivar", "wine", "Name the grape a wine was made of by its chemistry.",
        "classification", "cultivar", "f1", 0.95,
        ("logistic_regression", "random_forest", "decision_tree"),
        lambda: _named_classes(load_wine(as_frame=True), "cultivar"),
    ),
)  # fmt: skip


def build(context: JobContext, *, team_id: int, user_id: int | None = None) -> dict[str, Any]:
    """Returns the names of the registered models and how many predictions the endpoint has got."""
    by = Actor.system(Team.objects.get(pk=team_id), user=User.objects.filter(pk=user_id or 0).first())
    n_steps = len(STORIES) + 1
    models: dict[str, list[ModelVersion]] = {}
    for place, story in enumerate(STORIES):
        context.report(place / n_steps, f"{story.name}: training {len(story.estimators)} models")
        models[story.slug] = _registered(_trained(context, story, by), story, by)
        context.log(f"{story.name}: {models[story.slug][0]} is champion")
    context.report(len(STORIES) / n_steps, "Breast cancer: an endpoint with two variants")
    first = STORIES[0]
    n_predictions = _served(first, models[first.slug], by)
    context.report(1.0, "Ready")
    return {"models": sorted(models), "n_predictions": n_predictions}


def _trained(context: JobContext, story: Story, by: Actor) -> Experiment:
    problem = Problem.objects.filter(team=by.team, name=story.name).first() or create_problem(
        story.name, kind=story.kind, target=story.target, primary_metric=story.metric,
        success_threshold=story.threshold, goal=story.goal, by=by,
    )  # fmt: skip
    experiment = Experiment.objects.filter(problem=problem, runs__job__isnull=False).order_by("pk").first()
    if experiment is None:
        recipes = [{"estimator": name} for name in story.estimators]
        experiment, _, _ = start_training(problem, _data(story, problem, by), recipes=recipes, by=by)
    jobs = Job.objects.filter(runs__experiment=experiment).distinct()
    for job in jobs:
        _await(context, job)
    return Experiment.objects.select_related("problem").get(pk=experiment.pk)


def _data(story: Story, problem: Problem, by: Actor) -> DatasetVersion:
    dataset = Dataset.objects.filter(team=by.team, name=story.slug).first() or create_dataset(
        story.slug, description="Comes with scikit-learn.", problem=problem, by=by
    )
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        path = Path(folder) / f"{story.slug}.csv"
        story.frame().to_csv(path, index=False)
        return add_version(dataset, path, filename=path.name, by=by)


def _await(context: JobContext, job: Job) -> None:
    """Waits for a training job, or runs it here when no worker has taken it: one worker alone must do."""
    deadline = time.monotonic() + LONGEST_TRAINING_SECONDS
    while True:
        job.refresh_from_db()
        if job.state == State.QUEUED:
            job = run_here(job)
        if not job.is_live:
            break
        if context.cancelled() or time.monotonic() > deadline:
            raise Conflict(f"“{job}” did not end in time.")
        time.sleep(0.5)
    if job.state != State.SUCCEEDED:
        raise Conflict(f"“{job}” ended {job.get_state_display().lower()}. {job.error}".strip())


def _registered(experiment: Experiment, story: Story, by: Actor) -> list[ModelVersion]:
    """The best two runs as versions, the best first; it becomes champion."""
    best = ranked_runs(experiment)[:2]
    if not best:
        raise Conflict(f"No model of “{story.name}” could be trained.")
    # The second best is registered first: the newest version of a model is then the one to use.
    known = {
        v.run_id: v
        for v in ModelVersion.objects.filter(run__in=best, model__name=story.slug).select_related("model")
    }
    for run in reversed(best):
        if run.pk not in known:
            known[run.pk] = register(run, story.slug, by=by)
    versions = [known[run.pk] for run in best]
    for alias, version in zip(("champion", "challenger"), versions, strict=False):
        if not Alias.objects.filter(model=version.model, name=alias).exists():
            set_alias(version.model, alias, version, by=by)
    return versions


def _served(story: Story, versions: list[ModelVersion], by: Actor) -> int:
    endpoint = Endpoint.objects.filter(team=by.team, name=story.slug).first()
    if endpoint is None:
        names = ("champion", "challenger")
        weights = (90, 10) if len(versions) > 1 else (100,)
        specs = [
            {"name": name, "version": version, "weight": weight}
            for name, version, weight in zip(names, versions, weights, strict=False)
        ]
        endpoint = create_endpoint(story.slug, variants=specs, description=story.goal, by=by)  # type: ignore[arg-type]  # a dict of that form
    if Feedback.objects.filter(endpoint=endpoint).exists():
        return 0
    return _used(story, endpoint, by)


def _used(story: Story, endpoint: Endpoint, by: Actor) -> int:
    """Predictions for patients whose diagnosis is known, then that diagnosis as feedback."""
    rows = story.frame().sample(N_PREDICTIONS, random_state=7)
    truths = rows.pop(story.target)
    feedback: list[dict[str, Any]] = []
    for number, (record, truth) in enumerate(zip(rows.to_dict("records"), truths, strict=True)):
        body = json.dumps({"dataframe_records": [record], "unit_id": f"patient-{number}"}).encode()
        status, _, answer = live_routing.predict_as(
            by, endpoint.name, body, {"content-type": "application/json"}
        )
        if status != 200:
            raise Conflict(f"The endpoint answered {status}: {answer.decode()}")
        feedback.append({"prediction_id": json.loads(answer)["prediction_ids"][0], "truth": truth})
    record_feedback(endpoint, feedback, by=by)
    routing = live_routing.here()
    routing.log.close()
    routing.flush_counts()
    ship_folder(log_folder())
    return len(feedback)
