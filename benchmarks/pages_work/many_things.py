"""A team with so many of each thing that pages list, as rows. A test counts queries with them, a benchmark the time."""

import io
from datetime import timedelta
from typing import Any

from django.utils import timezone

from benchmarks.pages_work.many_people import add_people
from benchmarks.pages_work.many_servings import add_behind
from experiments.actions.artifacts import save_artifact
from experiments.actions.datasets import add_version
from experiments.actions.logging import log_batch
from experiments.actions.measurements import Metric
from experiments.models import (
    Curve,
    Dataset,
    DatasetVersion,
    DataSource,
    Experiment,
    LatestMetric,
    LoggedModel,
    Param,
    Problem,
    QualityAlert,
    Recipe,
    RecipeVersion,
    Run,
    RunTag,
    RunView,
    SelectionStudy,
    Study,
    Trainer,
    TrainingSchedule,
    Trial,
)
from mlregistry.accounts.actor import Actor
from mlregistry.jobs.models import Job, State
from mlregistry.ml.signature import Field, Signature
from models_app.models import (
    Alias,
    AliasMove,
    ModelTestResult,
    ModelTestRun,
    ModelVersion,
    Optimisation,
    OptimisedCandidate,
    PromotionRequest,
    PromotionReview,
    RegisteredModel,
    VersionState,
)
from serving.models import Endpoint, Variant

SIGNATURE = Signature((Field("x", "float", True),), Field("y", "string", True), ("a", "b")).to_json()
N_VERSIONS = 40  # of a dataset; each is read and written as any other
N_METHODS = 12  # more candidates than one optimisation has
SPACE = {"parameters": {"x": {"low": 0.0, "high": 1.0}}}


def add(first: int, last: int, *, by: Actor) -> None:
    """Numbers `first` to `last` of everything; what lies in another thing lies in the team's first of its kind."""
    for n in range(first, last + 1):
        _data(n, by)
        add_beside_data(_of(DatasetVersion, dataset__team=by.team), _of(Problem, team=by.team), n, by=by)
        _runs(n, by)
        _models(n, by)
        version = _of(ModelVersion, model__team=by.team)
        add_beside_version(version, n, by=by)
        add_behind(_of(Endpoint, team=by.team), version, n, by=by)
        add_people(_of(Experiment, team=by.team), n, by=by)


def _of(kind: Any, /, **where: Any) -> Any:
    return kind.objects.filter(**where).order_by("pk").first()


def _data(n: int, by: Actor) -> None:
    problem = Problem.objects.create(
        team=by.team, name=f"problem {n}", kind="classification", target="y", primary_metric="roc_auc",
        direction="maximize",
    )  # fmt: skip
    Dataset.objects.create(team=by.team, name=f"data {n}", problem=problem)
    if n >= N_VERSIONS:
        return
    table = "x,y\n" + "".join(f"{n + row},{'ab'[row % 2]}\n" for row in range(8))
    dataset = Dataset.objects.get(team=by.team, name="data 0")
    add_version(dataset, io.BytesIO(table.encode()), filename="t.csv", by=by)


def add_beside_data(version: DatasetVersion, problem: Problem, n: int, *, by: Actor) -> None:
    """What a dataset and a problem have around them."""
    team, dataset = by.team, version.dataset
    DataSource.objects.create(
        team=team, dataset=dataset, name=f"source {n}", kind="url", config={"url": "https://127.0.0.1/"}
    )
    QualityAlert.objects.create(
        team=team, dataset=dataset, version=version, problem=problem, kind="contract", message=f"alert {n}"
    )
    recipe = Recipe.objects.create(team=team, problem=problem, name=f"recipe {n}", last_number=1)
    RecipeVersion.objects.create(recipe=recipe, number=1, steps=[])
    TrainingSchedule.objects.create(problem=problem, dataset=dataset, recipes=[], cron="0 6 * * *")
    SelectionStudy.objects.create(
        team=team,
        problem=problem,
        dataset_version=version,
        data_name=f"{version}",
        plan={"folds": 5},
        recipe={},
    )
    Trainer.objects.create(team=team, name=f"trainer {n}", entry="own.main:train")


def _runs(n: int, by: Actor) -> None:
    Experiment.objects.create(team=by.team, name=f"experiment {n}", problem=_of(Problem, team=by.team))
    experiment = _of(Experiment, team=by.team)
    job = Job.objects.create(team=by.team, kind="experiments.train", title=f"job {n}", state=State.SUCCEEDED)
    parent = _of(Run, experiment=experiment)
    now = timezone.now()
    run = Run.objects.create(
        experiment=experiment, problem=experiment.problem, job=job, name=f"run {n}", status="FINISHED",
        parent=parent, started_at=now - timedelta(hours=n), ended_at=now, created_by=by.user,
    )  # fmt: skip
    for key in ("test_roc_auc", "auc"):
        LatestMetric.objects.create(
            run=run, experiment=experiment, key=key, value=n / 100, timestamp=0, minimum=0, maximum=1
        )
    Param.objects.create(run=run, experiment=experiment, key="depth", value=str(n))
    RunTag.objects.create(run=run, experiment=experiment, key="owner", value=str(n))
    _made_by(run, n, by)
    RunView.objects.create(experiment=experiment, name=f"view {n}", state={}, is_shared=True)
    Experiment.objects.create(team=by.team, name=f"gone {n}", lifecycle="deleted")
    Run.objects.create(experiment=experiment, name=f"gone {n}", lifecycle="deleted", deleted_at=now)
    study = Study.objects.create(
        team=by.team, name=f"study {n}", experiment=experiment, space=SPACE, sampler="random", max_trials=40,
        objectives=[{"metric": "loss", "direction": "minimize"}], has_problem=False,
        state="COMPLETE" if n else "RUNNING",
    )  # fmt: skip
    for searched in dict.fromkeys((study, _of(Study, team=by.team))):
        Trial.objects.create(
            study=searched, number=1000 + n, state="COMPLETE", values=[float(n)], params={"x": n / 100}
        )


def _made_by(run: Run, n: int, by: Actor) -> None:
    """Files of the first run, a logged model of this one and a file of the first; its points, a matrix, an image."""
    first = _of(Run, experiment=run.experiment)
    save_artifact(first, f"tables/{n}.csv", io.BytesIO(f"x,y\n{n},1\n".encode()), by=by)
    LoggedModel.objects.create(experiment=run.experiment, name=f"model {n}", source_run=run)
    logged = _of(LoggedModel, experiment=run.experiment)
    save_artifact(logged, f"part-{n}.yaml", io.BytesIO(f"part: {n}".encode()), by=by)
    log_batch(run, metrics=[Metric("loss", 1 / (n + step + 1), step) for step in range(3)], by=by)
    matrix = {"type": "matrix", "title": "", "labels": ["a", "b"], "values": [[n, 1], [2, 3]]}
    Curve.objects.create(run=run, name="confusion_matrix", data=matrix)
    save_artifact(run, "plot.svg", io.BytesIO(b'<svg xmlns="http://www.w3.org/2000/svg"/>'), by=by)


def _models(n: int, by: Actor) -> None:
    model = RegisteredModel.objects.create(team=by.team, name=f"model-{n}")
    for owner in dict.fromkeys((model, _of(RegisteredModel, team=by.team))):
        ModelVersion.objects.create(
            model=owner, number=owner.versions.count() + 1, state=VersionState.READY, signature=SIGNATURE,
            run=_of(Run, experiment__team=by.team),
        )  # fmt: skip
    endpoint = Endpoint.objects.create(team=by.team, name=f"endpoint-{n}", salt="s")
    Variant.objects.create(
        endpoint=endpoint, name="only", version=_of(ModelVersion, model=model), weight=100, position=1
    )


def add_beside_version(version: ModelVersion, n: int, *, by: Actor) -> None:
    """What is asked, tested and moved around a version."""
    now, model = timezone.now(), version.model
    optimisation = Optimisation.objects.create(
        version=version, metric="roc_auc", direction="maximize", finished_at=now, created_by=by.user
    )
    first = _of(Optimisation, version=version)
    for found in dict.fromkeys((optimisation, first) if n < N_METHODS else (optimisation,)):
        OptimisedCandidate.objects.create(
            optimisation=found, place=n, method="prune", title=f"candidate {n}", outcome="skipped"
        )
    request = PromotionRequest.objects.create(
        model=model, version=version, alias=f"alias-{n}", requested_by=by.user, comment=f"please {n}",
    )  # fmt: skip
    for asked in dict.fromkeys((request, _of(PromotionRequest, model=model))):
        PromotionReview.objects.create(request=asked, user=by.user, verdict="comment", text=f"comment {n}")
    Alias.objects.create(model=model, name=f"alias-{n}", version=version)
    AliasMove.objects.create(
        team=by.team, model_id_then=model.pk, model_name=model.name, alias=f"alias-{n}", number=version.number,
        via="web", at=now,
    )  # fmt: skip
    counts = {"passed": 1, "failed": 0, "broke": 0, "skipped": 0, "warnings": 0}
    tested = ModelTestRun.objects.create(
        version=version, verdict="passed", finished_at=now, seconds=1.0, counts=counts
    )
    ModelTestResult.objects.create(
        run=tested, place=n, name="loads", title="It loads", group="file", severity="block", outcome="passed",
        side="none", sentence="It does.",
    )  # fmt: skip
