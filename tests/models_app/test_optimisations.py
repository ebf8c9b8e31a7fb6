"""Optimisation of a version: the job, what becomes of candidates, both doors, roles and refusals."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from experiments.actions.reruns import run_again
from experiments.models import Provenance, Run, RunStatus
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, User
from mlregistry.errors import Conflict, Forbidden, Invalid
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from mlregistry.jobs.prices import Prices
from mlregistry.ml import packaging
from mlregistry.ml.adjusting import threshold_of
from mlregistry.ml.optimising import footprint, measuring
from models_app.actions import optimisations as actions
from models_app.models import AwaitedAlias, Compilation, Found, ModelVersion, Optimisation, OptimisedCandidate
from models_app.queries import costs, optimisations
from models_app.workers.model_test_subjects import copied
from tests.models_app.optimised import ADDRESS, COSTS, QUICK, optimised, trained_version
from tests.models_app.trained import finished_run

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
Api = Callable[[User], APIClient]
Web = Callable[[User], Client]


@pytest.fixture
def by(bob: User, actor_of: ActorOf) -> Actor:
    return actor_of(bob)


@pytest.fixture
def version(by: Actor) -> ModelVersion:
    return trained_version(by)


@pytest.fixture(autouse=True)
def _short_timing(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Figures are rough here; that memory is measured by a process of its own is shown by one test."""
    monkeypatch.setattr(measuring, "SECONDS", 0.05)
    if "real_footprint" not in request.fixturenames:
        monkeypatch.setattr(footprint, "MOST_SECONDS", 0.001)


@pytest.fixture
def real_footprint() -> None:
    """Named by the test that measures it."""


def candidate(found: Optimisation, method: str) -> OptimisedCandidate:
    row = found.candidates.filter(method=method).first()
    assert row is not None
    return row


def pipeline_of(version: ModelVersion) -> Any:
    file = version.files.get(format="joblib")
    known = packaging.ModelFile(file.format, "model.joblib", file.file.size, file.file.sha256)
    with copied(file.file, known.name) as folder:
        return packaging.load(folder, known)


def test_an_optimisation_leaves_a_run_per_candidate_and_a_candidate_becomes_a_version(
    real_footprint: None, version: ModelVersion, by: Actor, bob: User, vera: User, api: Api, web: Web
) -> None:
    found = optimised(version, by)
    outcomes = {row.method: row.outcome for row in found.candidates.all()}
    assert outcomes["threshold"] == outcomes["replace"] == Found.MADE
    assert outcomes["thin"] == Found.SKIPPED
    assert "Only a forest" in candidate(found, "thin").reason
    for row in found.candidates.filter(outcome=Found.MADE):
        assert row.run is not None
        assert row.run.status == RunStatus.FINISHED
        assert row.run.parent == version.run
        assert row.run.note.startswith(row.changes)
        assert row.run.dataset_version == version.run.dataset_version  # type: ignore[union-attr]  # it is there
        assert row.figures["size"] > 0
        assert row.figures["memory_mb"] is not None
    assert found.n_test == 114
    assert found.before["value"] == pytest.approx(version.metrics["test_roc_auc"])

    threshold, tree = candidate(found, "threshold"), candidate(found, "replace")
    assert tree.run is not None
    assert threshold.run is not None
    assert Provenance.objects.filter(run=tree.run).exists()
    with pytest.raises(Conflict, match="kept what it came from"):
        run_again(threshold.run, by=by)
    told = api(vera).get(f"{ADDRESS}/{found.pk}").json()
    assert (told["state"], told["n_test"]) == ("finished", 114)
    assert {"holds", "low", "high", "decisions"} <= set(told["candidates"][tree.place]["figures"])

    body = {"alias": "champion"}
    made = api(bob).post(f"{ADDRESS}/{found.pk}/candidates/{threshold.place}/version", body, format="json")
    assert made.status_code == 201, made.json()
    assert made.json() == {"model": "tumour", "number": 2, "optimised_from": 1}
    second = ModelVersion.objects.get(model=version.model, number=2)
    assert second.tags["optimised_from"] == "1"
    assert second.run == threshold.run
    assert (
        second.aliases.filter(name="champion").exists()
        or AwaitedAlias.objects.filter(version=second).exists()
    )
    lineage = api(vera).get("/api/v1/models/tumour/versions/2/lineage").json()
    assert (lineage["optimised_from"]["version"], lineage["optimised_from"]["method"]) == (1, "threshold")
    known = threshold_of(pipeline_of(second).steps[-1][1])
    assert known == pytest.approx(threshold.facts["threshold"])
    assert (
        run_here(Job.objects.filter(kind="models_app.compile").latest("created_at")).state == State.SUCCEEDED
    )
    assert Compilation.objects.get(version=second).file is not None
    job = run_here(Job.objects.filter(kind="models_app.test_version").latest("created_at"))
    assert (job.result or {})["verdict"] == "passed", job.error

    again = api(bob).post(f"{ADDRESS}/{found.pk}/candidates/{threshold.place}/version", {}, format="json")
    assert again.status_code == 409
    nothing = candidate(found, "thin").place
    assert (
        api(bob).post(f"{ADDRESS}/{found.pk}/candidates/{nothing}/version", {}, format="json").status_code
        == 409
    )
    page = web(bob).get("/models/tumour/versions/2/").content.decode()
    assert "optimised from" in page
    report = web(vera).get("/models/tumour/versions/1/optimise").content.decode()
    assert "Before and after" in report
    assert "Make a version" not in report, "a viewer takes nothing"


def test_a_recipe_candidate_trains_again_to_the_same_bits(version: ModelVersion, by: Actor) -> None:
    found = optimised(version, by, {"methods": ["replace"]})
    run = candidate(found, "replace").run
    assert run is not None
    again = run_again(run, by=by)
    assert run_here(Job.objects.get(kind="experiments.train", state=State.QUEUED)).state == State.SUCCEEDED
    mine, theirs = (Provenance.objects.get(run=one).facts["predictions_digest"] for one in (run, again))
    assert mine == theirs


def test_ensembles_are_made_of_the_leaderboard(version: ModelVersion, by: Actor) -> None:
    assert version.run is not None
    for name, estimator in (("forest", "random_forest"), ("bayes", "gaussian_naive_bayes")):
        run = finished_run(by, name=name)
        params = {"n_estimators": 8} if name == "forest" else {}
        recipe = {"estimator": estimator, "seed": 1, "params": params}
        Run.objects.filter(pk=run.pk).update(
            dataset_version=version.run.dataset_version, recipe=recipe, estimator=estimator
        )
    elsewhere = finished_run(by, name="elsewhere")
    Run.objects.filter(pk=elsewhere.pk).update(recipe={"estimator": "decision_tree", "seed": 1})
    assert [one["estimator"] for one in optimisations.rivals(version)].count("decision_tree") == 0
    found = optimised(version, by, {"methods": ["stack"], "n_members": 3})
    row = candidate(found, "stack")
    assert row.outcome == Found.MADE, row.reason
    assert row.run is not None
    assert row.run.estimator == "ensemble"
    assert any("test figures alone" in note for note in found.notes)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"methods": ["melt"]}, "methods"),
        ({"methods": ["thin"]}, "methods"),
        ({"tolerance": -1}, "tolerance"),
        ({"tolerance": "nan"}, "tolerance"),
        ({"costs": [[1]]}, "costs"),
        ({"n_members": 99}, "n_members"),
    ],
)
def test_a_wrong_wish_names_its_field(
    version: ModelVersion, bob: User, api: Api, body: dict[str, Any], field: str
) -> None:
    answer = api(bob).post(ADDRESS, body, format="json")
    assert answer.status_code == 400
    assert answer.json()["field"] == field
    assert not Optimisation.objects.exists()


def test_one_optimisation_at_a_time_and_it_can_be_cancelled(
    version: ModelVersion, by: Actor, bob: User, vera: User, api: Api, web: Web
) -> None:
    started = api(bob).post(ADDRESS, {"methods": ["compress"]}, format="json")
    assert started.status_code == 202
    number = started.json()["id"]
    assert api(bob).post(ADDRESS, {}, format="json").status_code == 409
    assert api(vera).post(ADDRESS, {}, format="json").status_code == 403
    assert api(vera).post(f"{ADDRESS}/{number}/cancel").status_code == 403
    live = web(bob).get(f"/models/tumour/versions/1/optimisations/{number}", headers={"HX-Request": "true"})
    assert "HX-Refresh" not in live.headers
    assert "waiting for a worker" in live.content.decode()
    assert api(bob).post(f"{ADDRESS}/{number}/cancel").json()["state"] == "cancelled"
    assert api(bob).post(f"{ADDRESS}/{number}/cancel").status_code == 409
    ended = web(bob).get(f"/models/tumour/versions/1/optimisations/{number}", headers={"HX-Request": "true"})
    assert ended["HX-Refresh"] == "true"
    assert api(bob).post(ADDRESS, {"methods": ["compress"]}, format="json").status_code == 202
    listed = api(vera).get(ADDRESS).json()
    assert [one["state"] for one in listed["optimisations"]] == ["running", "cancelled"]
    assert {one["name"]: bool(one["why_not"]) for one in listed["methods"]}["thin"]
    assert AuditEvent.objects.filter(action="version.optimise").count() == 2


def test_versions_that_were_not_trained_here_are_not_optimised(by: Actor, bob: User, api: Api) -> None:
    version = trained_version(by)
    Run.objects.filter(model_versions=version).update(recipe=None)
    answer = api(bob).post(ADDRESS, {}, format="json")
    assert answer.status_code == 409
    assert "trained here" in answer.json()["detail"]
    assert "trained here" in api(bob).get(ADDRESS).json()["why_not"]


def test_a_job_whose_version_lost_its_data_says_so(version: ModelVersion, by: Actor) -> None:
    actions.request_optimisation(version, wish={"methods": ["compress"]}, by=by)
    Run.objects.filter(model_versions=version).update(dataset_version=None)
    job = run_here(Job.objects.get(kind=actions.JOB))
    assert job.state == State.FAILED
    assert "data that the version was trained on was deleted" in job.error
    assert Optimisation.objects.get().state == "failed"


def test_runs_of_an_attempt_that_died_do_not_stay(version: ModelVersion, by: Actor) -> None:
    found = actions.request_optimisation(version, wish={"methods": ["replace"]}, by=by)
    left = finished_run(by, name="left behind")
    Run.objects.filter(pk=left.pk).update(job=found.job)
    job = run_here(Job.objects.get(kind=actions.JOB))
    assert job.state == State.SUCCEEDED, job.error
    left.refresh_from_db()
    assert left.lifecycle == "deleted"


def test_the_form_starts_one_and_keeps_what_was_wrong(
    version: ModelVersion, bob: User, vera: User, web: Web
) -> None:
    page = web(bob).get("/models/tumour/versions/1/optimise").content.decode()
    assert "Threshold for costs" in page
    assert "Only a forest" in page
    wrong = web(bob).post(
        "/models/tumour/versions/1/optimise", {"methods": ["compress"], "tolerance": "much"}
    )
    assert wrong.status_code == 400
    assert "is not a number" in wrong.content.decode()
    form = {"methods": ["threshold"], "tolerance": "0.01", "n_members": "4", "cost-1-0": "9", "cost-0-1": "1"}
    assert web(vera).post("/models/tumour/versions/1/optimise", form).status_code == 403
    started = web(bob).post("/models/tumour/versions/1/optimise", form)
    found = Optimisation.objects.get()
    assert started["Location"].endswith(f"/optimisations/{found.pk}")
    assert found.wish == {"methods": ["threshold"], "tolerance": 0.01, "costs": COSTS, "n_members": 4}
    assert web(bob).post(f"/models/tumour/versions/1/optimisations/{found.pk}/cancel").status_code == 302
    assert Optimisation.objects.get().state == "cancelled"


def test_a_candidate_is_taken_from_the_page_with_an_alias(
    version: ModelVersion, by: Actor, bob: User, web: Web
) -> None:
    found = optimised(version, by, {"methods": ["replace"]})
    row = candidate(found, "replace")
    address = f"/models/tumour/versions/1/optimisations/{found.pk}/take"
    taken = web(bob).post(address, {"place": str(row.place), "alias": "small"})
    assert taken["Location"] == "/models/tumour/versions/2/"
    assert version.model.aliases.get(name="small").version.number == 2
    refused = web(bob).post(address, {"place": str(row.place + 1), "alias": "no such name!"}, follow=True)
    assert "Invalid alias name" in refused.content.decode()
    assert version.model.versions.count() == 2


def test_costs_are_told_in_money_where_a_price_is_set(
    version: ModelVersion, by: Actor, vera: User, api: Api, settings: Settings
) -> None:
    found = optimised(version, by, {"methods": ["replace"]})
    assert any("CPU-seconds" in note for note in found.notes)
    address = "/api/v1/models/tumour/versions/1/costs"
    plain = api(vera).get(address).json()
    assert plain["predictions"]["unit"] == "CPU-seconds"
    assert plain["predictions"]["per_1000"] == plain["predictions"]["cpu_seconds_per_1000"]
    assert plain["training"] is None, "no job trained it"
    settings.PRICES = Prices(cpu_hour=3600.0, currency="EUR")
    assert version.run is not None
    job = Job.objects.create(team=by.team, kind="experiments.train", title="t", cpu_seconds=8.0, cost=8.0)
    other = finished_run(by, name="other")
    Run.objects.filter(pk__in=[version.run.pk, other.pk]).update(job=job)
    priced = api(vera).get(address).json()
    assert priced["predictions"]["unit"] == "EUR"
    assert priced["predictions"]["per_1000"] == pytest.approx(plain["predictions"]["cpu_seconds_per_1000"])
    assert priced["training"]["share_of_job"] == 0.5
    assert priced["training"]["cost"] == pytest.approx(4.0)
    assert costs.unit() == "EUR"


def test_only_the_newest_twenty_are_kept(
    version: ModelVersion, by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST_KEPT", 2)
    for _ in range(3):
        actions.cancel_optimisation(
            actions.request_optimisation(version, wish={"methods": ["compress"]}, by=by), by=by
        )
    assert Optimisation.objects.count() == 2


def test_viewers_start_nothing(version: ModelVersion, vera: User, actor_of: ActorOf) -> None:
    with pytest.raises(Forbidden):
        actions.request_optimisation(version, wish=QUICK, by=actor_of(vera))


def test_none_of_the_methods_applies_is_told_with_every_reason(version: ModelVersion, by: Actor) -> None:
    with pytest.raises(Invalid, match="None of these methods applies") as caught:
        actions.request_optimisation(version, wish={"methods": ["thin", "cut"]}, by=by)
    assert len(caught.value.details) == 2
