"""A small world with one of everything that has a page, and the addresses of all pages in it."""

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from experiments.actions.artifacts import save_artifact
from experiments.actions.logged_models import create_logged_model
from experiments.actions.profiles import start_profile
from experiments.actions.recipes import create_recipe
from experiments.actions.runs import create_run, delete_run
from experiments.actions.training import start_training
from experiments.models import (
    DatasetVersion,
    DataSource,
    Experiment,
    Problem,
    RunRule,
    SelectionStudy,
    Study,
    Trainer,
)
from experiments.queries.recipes import suggest
from mlregistry.accounts.actor import Actor
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import State
from mlregistry.notices.models import Channel, InboxEntry, Notice
from models_app.actions.versions import register_best
from models_app.models import ModelVersion, Optimisation
from serving.actions.endpoints import VariantSpec, create_endpoint
from serving.actions.guide import start_with_sample
from serving.actions.reports import keep_document
from serving.models import (
    AbTest,
    AlertRule,
    AnswerCount,
    Batch,
    Endpoint,
    EndpointReport,
    Improvement,
    LoadTest,
    Retraining,
)
from serving.queries.reports import document
from serving.report_periods import Period

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
# Not pages of this kind: others' pages, files, and what is shown to nobody who is signed in.
ELSEWHERE = re.compile(
    r"admin/|api/|v2/|health|ping|version$|metrics|login|logout|password-reset|invitations/"
)
KINDS_OF_SOURCES = "url"


def addresses(by: Actor, client: Client) -> list[str]:
    """Of every page that a GET shows, with a real thing for each parameter; what the world lacks is left out."""
    known = _made(by)
    found = []
    for route in _routes(get_resolver().url_patterns):
        if ELSEWHERE.match(route):
            continue
        address = _filled(route, known)
        answer = client.get(address)
        assert answer.status_code < 500, (address, answer.status_code)
        shown = answer.status_code == 200 and answer.headers.get("Content-Type", "").startswith("text/html")
        shown = shown and "Content-Disposition" not in answer.headers
        if shown and answer.content.lstrip()[:9].lower() == b"<!doctype":  # else a part of a page
            found.append(address)
    return found


def _routes(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    for entry in patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _routes(entry.url_patterns, route)
        elif isinstance(entry, URLPattern):
            yield route


def _filled(route: str, known: dict[str, Any]) -> str:
    """Parameters by the segment before them."""
    parts: list[str] = []
    for part in route.split("/"):
        is_parameter = PARAMETER.fullmatch(part) is not None
        parts.append(str(known.get(parts[-1] if parts else "", 1)) if is_parameter else part)
    query = f"?run={known['runs']}&run={known['other run']}" if route == "compare" else ""
    return "/" + "/".join(parts) + query


def _made(by: Actor) -> dict[str, Any]:
    """By the segment of an address that comes before the id."""
    problem = start_with_sample("churn", by=by)
    version = DatasetVersion.objects.get(dataset__problem=problem)
    recipes = [{"estimator": name} for name in ("logistic_regression", "decision_tree")]
    experiment, runs, job = start_training(problem, version, recipes=recipes, by=by)
    assert run_here(job).state == State.SUCCEEDED
    profile = start_profile(version, by=by)
    if profile.job is not None:
        run_here(profile.job)
    model = register_best(experiment, "churn", by=by)
    variant: VariantSpec = {"name": "champion", "version": model, "weight": 100.0}
    endpoint = create_endpoint("churn", variants=[variant], by=by)
    delete_run(create_run(experiment, name="dropped", by=by), by=by)
    logged = create_logged_model(experiment, name="forest", source_run=runs[0], by=by)
    file = save_artifact(logged, "MLmodel", io.BytesIO(b"flavors: {}"), by=by)
    things: dict[str, Any] = {
        "problems": problem.pk,
        "datasets": version.dataset_id,
        "versions": 1,
        "models": "churn",
    }
    things |= {
        "experiments": experiment.pk,
        "runs": runs[0].pk,
        "other run": runs[1].pk,
        "logged-models": logged.model_id,
        "jobs": job.pk,
    }
    things |= {
        "files": file.pk,
        "artifacts": runs[0].artifacts.order_by("pk").values_list("pk", flat=True)[0],
    }
    return {
        **things,
        "start": problem.pk,
        **_of_data(problem, version, experiment, by),
        **_of_serving(endpoint, model, by),
    }


def _of_data(problem: Problem, version: DatasetVersion, experiment: Experiment, by: Actor) -> dict[str, Any]:
    team, now = by.team, timezone.now()
    steps = [step.to_json() for step in suggest(problem, version).steps]
    create_recipe("usual", problem=problem, steps=steps, by=by)
    source = DataSource.objects.create(
        team=team,
        dataset=version.dataset,
        name="s",
        kind=KINDS_OF_SOURCES,
        config={"url": "https://127.0.0.1/"},
    )
    study = Study.objects.create(
        team=team, name="search", experiment=experiment, problem=problem, dataset_version=version,
        space={"parameters": {"x": {"low": 0.0, "high": 1.0}}}, sampler="random", max_trials=1,
        objectives=[{"metric": "roc_auc", "direction": "maximize"}],
    )  # fmt: skip
    RunRule.objects.create(team=team, name="failures", event="failed", since=now)
    selection = SelectionStudy.objects.create(
        team=team, problem=problem, data_name="d v1", plan={"folds": 5}, recipe={}
    )
    trainer = Trainer.objects.create(team=team, name="own", entry="own.main:train")
    return {
        "trainers": trainer.pk,
        "sources": source.pk,
        "new": KINDS_OF_SOURCES,
        "studies": study.pk,
        "selections": selection.pk,
    }


def _of_serving(endpoint: Endpoint, version: ModelVersion, by: Actor) -> dict[str, Any]:
    now, team = timezone.now(), by.team
    hour = now.replace(minute=0, second=0, microsecond=0)
    AnswerCount.objects.create(
        endpoint=endpoint, variant="champion", version_id=version.pk, status=200, hour=hour, n_requests=9, n_rows=9,
        seconds=0.1, histogram=[0, 0, 9, *[0] * 12],
    )  # fmt: skip
    notice = Notice.objects.create(team=team, kind="alert.firing", title="It fires", key="k", at=now)
    Channel.objects.create(team=team, kind="email", name="mail", emails=["dan@example.org"])
    rule = AlertRule.objects.create(
        endpoint=endpoint, name="errors", figure="error_rate", comparison="above", threshold=0.1, window_seconds=300,
        state="firing", state_since=now, look_at=now,
    )  # fmt: skip
    test = AbTest.objects.create(
        endpoint=endpoint, name="t", mode="split", control="champion", versions={"champion": version.pk},
        metric="accuracy", horizon=100, look_at=now, started_at=now,
    )  # fmt: skip
    load = LoadTest.objects.create(endpoint=endpoint, version=version, declared={"shape": "closed"})
    retraining = Retraining.objects.create(
        endpoint=endpoint, trigger="asked", reason="r", declared={"approval": True}, started_at=now
    )
    of = Period(hour - timedelta(days=7), hour)
    report = EndpointReport.objects.create(endpoint=endpoint, rhythm="weekly", since=of.since, until=of.until)
    keep_document(report.pk, document(endpoint, "weekly", of, now=hour, report=lambda share, text: None))
    optimisation = Optimisation.objects.create(
        version=version, metric="roc_auc", direction="maximize", finished_at=now
    )
    improvement = Improvement.objects.create(
        endpoint=endpoint, version=version, data_name="d v1", plan={}, recipe={}
    )
    user = by.user
    assert user is not None
    entry = InboxEntry.objects.create(notice=notice, team=team, user=user, at=now)
    return {
        "endpoints": endpoint.name, "alert-rules": rule.pk, "ab-tests": test.pk, "load-tests": load.pk,
        "optimisations": optimisation.pk, "retrainings": retraining.pk, "reports": report.pk,
        "improvements": improvement.pk, "inbox": entry.pk, "channels": Channel.objects.get().pk,
        "batches": Batch.objects.create(endpoint=endpoint).pk,
    }  # fmt: skip
