"""A small world with one of everything that has a page, and the addresses of all pages in it."""

import io
import re

from django.test import Client

from benchmarks.pages_work.many_people import add_people
from benchmarks.pages_work.many_servings import add_behind
from benchmarks.pages_work.many_things import SPACE, add_beside_data, add_beside_version
from benchmarks.pages_work.walking import address as address_of
from benchmarks.pages_work.walking import objects, routes
from experiments.actions.artifacts import save_artifact
from experiments.actions.logged_models import create_logged_model
from experiments.actions.profiles import start_profile
from experiments.actions.recipes import create_recipe
from experiments.actions.runs import create_run, delete_run
from experiments.actions.training import start_training
from experiments.models import DatasetVersion, Run, Study
from experiments.queries.recipes import suggest
from mlregistry.accounts.actor import Actor
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import State
from models_app.actions.versions import register_best
from serving.actions.endpoints import VariantSpec, create_endpoint
from serving.actions.guide import start_with_sample

# Not pages of this kind: others' pages, files, and what is shown to nobody who is signed in.
ELSEWHERE = re.compile(
    r"admin/|api/|v2/|health|ping|version$|metrics|login|logout|password-reset|invitations/"
)


def addresses(by: Actor, client: Client) -> list[str]:
    """Of every page that a GET shows, with a real thing for each parameter; what the world lacks is left out."""
    runs = _make(by)
    known = objects(by.team)
    query = {"compare": "?" + "&".join(f"run={run.pk}" for run in runs[:2])}
    found = []
    for route in routes():
        address = address_of(route, known)
        if ELSEWHERE.match(route) or address is None:
            continue
        answer = client.get(address + query.get(route, ""))
        assert answer.status_code < 500, (address, answer.status_code)
        shown = answer.status_code == 200 and answer.headers.get("Content-Type", "").startswith("text/html")
        shown = shown and "Content-Disposition" not in answer.headers
        if shown and answer.content.lstrip()[:9].lower() == b"<!doctype":  # else a part of a page
            found.append(address + query.get(route, ""))
    return found


def _make(by: Actor) -> list[Run]:
    """One or two of everything; the runs are trained."""
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
    save_artifact(logged, "MLmodel", io.BytesIO(b"flavors: {}"), by=by)
    steps = [step.to_json() for step in suggest(problem, version).steps]
    create_recipe("usual", problem=problem, steps=steps, by=by)
    Study.objects.create(
        team=by.team, name="search", experiment=experiment, problem=problem, dataset_version=version, space=SPACE,
        sampler="random", max_trials=1, objectives=[{"metric": "roc_auc", "direction": "maximize"}],
    )  # fmt: skip
    for n in range(2):
        add_beside_data(version, problem, n, by=by)
        add_beside_version(model, n, by=by)
        add_behind(endpoint, model, n, by=by)
        add_people(experiment, n, by=by)
    return runs
