"""A team with so many of each thing that pages list: rows alone, for what is counted are the pages' queries."""

import io
from datetime import timedelta
from typing import Any

from django.utils import timezone

from experiments.actions.datasets import add_version
from experiments.models import (
    Dataset,
    Experiment,
    LatestMetric,
    LoggedModel,
    Param,
    Problem,
    Run,
    RunRule,
    RunTag,
    RunView,
    Study,
    Trial,
)
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.jobs.models import Job, State
from mlregistry.ml.signature import Field, Signature
from mlregistry.notices.models import Channel, Delivery, InboxEntry, Notice
from models_app.models import ModelVersion, RegisteredModel, VersionState
from serving.models import AlertRule, Endpoint, Variant

SIGNATURE = Signature((Field("x", "float", True),), Field("y", "string", True), ("a", "b")).to_json()
SPACE = {"parameters": {"x": {"low": 0.0, "high": 1.0}}}


def add(first: int, last: int, *, by: Actor) -> None:
    """Numbers `first` to `last` of everything; what lies in another thing lies in that of number 0."""
    for n in range(first, last + 1):
        _data(n, by)
        _runs(n, by)
        _models(n, by)
        _around(n, by)


def _of(kind: Any, /, **where: Any) -> Any:
    return kind.objects.filter(**where).order_by("pk").first()


def _data(n: int, by: Actor) -> None:
    problem = Problem.objects.create(
        team=by.team, name=f"problem {n}", kind="classification", target="y", primary_metric="roc_auc",
        direction="maximize",
    )  # fmt: skip
    Dataset.objects.create(team=by.team, name=f"data {n}", problem=problem)
    table = "x,y\n" + "".join(f"{n + row},{'ab'[row % 2]}\n" for row in range(8))
    add_version(_of(Dataset, team=by.team), io.BytesIO(table.encode()), filename="t.csv", by=by)


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
    LoggedModel.objects.create(experiment=experiment, name=f"model {n}", source_run=run)
    RunView.objects.create(experiment=experiment, name=f"view {n}", state={}, is_shared=True)
    Experiment.objects.create(team=by.team, name=f"gone {n}", lifecycle="deleted")
    Run.objects.create(experiment=experiment, name=f"gone {n}", lifecycle="deleted", deleted_at=now)
    Study.objects.create(
        team=by.team, name=f"study {n}", experiment=experiment, space=SPACE, sampler="random", max_trials=40,
        objectives=[{"metric": "loss", "direction": "minimize"}], has_problem=False,
    )  # fmt: skip
    Trial.objects.create(
        study=_of(Study, team=by.team), number=n, state="COMPLETE", values=[float(n)], params={"x": n / 100}
    )


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
    AlertRule.objects.create(
        endpoint=_of(Endpoint, team=by.team), name=f"rule {n}", figure="error_rate", comparison="above", threshold=0.1,
        window_seconds=300, state_since=timezone.now(), look_at=timezone.now(),
    )  # fmt: skip


def _around(n: int, by: Actor) -> None:
    now = timezone.now()
    RunRule.objects.create(team=by.team, name=f"rule {n}", event="failed", since=now)
    Channel.objects.create(team=by.team, kind="email", name=f"channel {n}", emails=["dan@example.org"])
    notice = Notice.objects.create(team=by.team, kind="alert.firing", title=f"notice {n}", key=f"{n}", at=now)
    assert by.user is not None
    InboxEntry.objects.create(notice=notice, team=by.team, user=by.user, at=now)
    Delivery.objects.create(channel=_of(Channel, team=by.team), notice=notice)
    record(by, "run.delete", _of(Run, experiment__team=by.team))
