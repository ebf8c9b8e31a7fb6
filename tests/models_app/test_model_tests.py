"""Model tests of a version trained here, from the job to the pages; cancelled, broken and foreign ones."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from experiments.actions import datasets
from experiments.models import Dataset, Problem, Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.artifacts.models import StoredFile
from mlregistry.errors import Conflict, Forbidden
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from models_app.actions.model_tests import request_tests
from models_app.actions.versions import register
from models_app.models import ModelGate, ModelTestRun, ModelVersion
from models_app.queries import gates
from tests.models_app.trained import cancer_frame, finished_run, fitted
from tests.models_app.with_tests import with_tests

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
Api = Callable[[User], APIClient]
Web = Callable[[User], Client]
COMPILE, TEST = "models_app.compile", "models_app.test_version"


@pytest.fixture
def by(bob: User, actor_of: ActorOf) -> Actor:
    return actor_of(bob)


@pytest.fixture
def version(by: Actor) -> ModelVersion:
    """Registered from a run whose data, recipe and figures are known, as training leaves it."""
    dataset = Dataset.objects.create(team=by.team, name="cancer", created_by=by.user)
    body = cancer_frame().to_csv(index=False).encode()
    data = datasets.add_version(dataset, io.BytesIO(body), filename="cancer.csv", by=by)
    found = fitted(seed=1)
    run = finished_run(by, model=found, score=found.result.metrics["test_roc_auc"])
    recipe = {"estimator": "logistic_regression", "seed": 1}
    Run.objects.filter(pk=run.pk).update(dataset_version=data, recipe=recipe)
    Problem.objects.filter(runs=run).update(success_threshold=0.9)
    run.refresh_from_db()
    return register(run, "tumour", by=by)


def done(kind: str) -> Job:
    job = run_here(Job.objects.filter(kind=kind, state=State.QUEUED).get())
    assert job.state == State.SUCCEEDED, job.error
    return job


def outcomes(version: ModelVersion) -> dict[str, str]:
    run = ModelTestRun.objects.filter(version=version).latest("pk")
    return dict(run.results.values_list("name", "outcome"))


def test_a_registered_version_is_compiled_then_tested_and_the_gate_opens(
    version: ModelVersion, bob: User, vera: User, api: Api, web: Web
) -> None:
    assert not ModelTestRun.objects.exists()
    done(COMPILE)
    found = done(TEST).result
    assert found is not None
    against = ModelTestRun.objects.get(version=version).results.filter(outcome__in=("failed", "broke"))
    assert found["verdict"] == "passed", [(one.name, one.outcome, one.sentence) for one in against]
    assert found["passed"] >= 35
    results = outcomes(version)
    assert len(results) >= 40
    for name in ("compiled_parity", "metric_floor", "figures_repeat", "single_feature", "after_reload"):
        assert results[name] == "passed", name
    assert results["not_below_champion"] == "skipped"
    assert gates.standing(version).state == gates.OPEN
    told = api(vera).get("/api/v1/models/tumour/versions/1/tests").json()
    assert (told["gate"], told["newest"]["verdict"]) == ("open", "passed")
    assert {"title", "figure", "bound", "sentence", "evidence"} <= set(told["newest"]["results"][0])
    page = web(vera).get("/models/tumour/versions/1/tests").content.decode()
    assert "The gate is open" in page
    assert "Row against batch" in page
    assert "Run the tests again" not in page
    assert "aliases may move here" in web(bob).get("/models/tumour/versions/1/").content.decode()


def test_a_second_version_is_held_against_the_champion(version: ModelVersion, by: Actor) -> None:
    version.model.aliases.create(name="champion", version=version)
    run = version.run
    assert run is not None
    second = register(run, "tumour", by=by)
    request_tests(second, by=by)
    done(TEST)
    results = outcomes(second)
    assert results["not_below_champion"] == "passed"
    assert ModelTestRun.objects.get(version=second).champion == version


def test_an_uploaded_model_without_data_is_tested_as_far_as_it_goes(by: Actor) -> None:
    uploaded = register(finished_run(by, saved_by=by), "theirs", by=by)
    done("models_app.take_in")
    done(TEST)
    results = outcomes(uploaded)
    run = ModelTestRun.objects.get(version=uploaded)
    assert (results["row_against_batch"], results["metric_floor"]) == ("passed", "skipped")
    assert "was not trained here" in run.notes["test rows"]
    reloaded = run.results.get(name="after_reload").evidence[0]["file"]
    assert reloaded == "compiled", "no file of others is opened outside the jail"
    assert run.verdict == "passed"


def test_a_version_without_files_cannot_be_tested(
    version: ModelVersion, by: Actor, bob: User, api: Api
) -> None:
    version.files.all().delete()
    with pytest.raises(Conflict, match="nothing that this server may open"):
        request_tests(version, by=by)
    assert api(bob).post("/api/v1/models/tumour/versions/1/tests").status_code == 409


def test_tests_that_are_under_way_are_not_started_twice(version: ModelVersion, by: Actor) -> None:
    first, second = request_tests(version, by=by), request_tests(version, by=by)
    assert first.pk == second.pk
    assert "still running" in gates.standing(version).reasons[0]


def test_a_viewer_starts_no_tests(version: ModelVersion, vera: User, actor_of: ActorOf, web: Web) -> None:
    with pytest.raises(Forbidden):
        request_tests(version, by=actor_of(vera))
    assert web(vera).post("/models/tumour/versions/1/test").status_code == 403


def test_a_broken_file_gives_no_pass(version: ModelVersion, by: Actor) -> None:
    run = request_tests(version, by=by)
    for place, file in enumerate(version.files.select_related("file")):
        StoredFile.objects.filter(pk=file.file_id).update(sha256=str(place) * 64)
    job = run_here(Job.objects.get(kind=TEST))
    assert job.state != State.SUCCEEDED
    run.refresh_from_db()
    assert run.verdict == "broken"
    assert run.notes["broken"]
    assert gates.standing(version).state == gates.WAITS


def test_declared_expectations_and_the_operators_files_are_run_too(
    version: ModelVersion, alice: User, by: Actor, api: Api, settings: Settings, tmp_path: Path
) -> None:
    settings.MODEL_TESTS_FOLDER = str(tmp_path)
    (tmp_path / "house.py").write_text(
        "from mlregistry.ml.model_tests import Check, failed\n"
        "def never(subject):\n    return failed('Never. Ask the operator.', 1, 0)\n"
        "CHECKS = (Check('never', 'Never', 'ours', never, 'it always fails'),)\n"
    )
    expectation = {"name": "area", "column": "mean area", "change": "multiply", "value": 2, "expected": "up"}
    api(alice).put("/api/v1/models/tumour/gate", {"expectations": [expectation]}, format="json")
    request_tests(version, by=by)
    done(TEST)
    results = outcomes(version)
    assert results["declared: area"] == "failed"  # a large tumour is class 0
    assert results["plugin: house.never"] == "failed"
    assert any("Never. Ask the operator." in reason for reason in gates.standing(version).reasons)
    catalogue = api(alice).get("/api/v1/model-tests").json()
    assert catalogue["plugins"][0]["name"] == "house.py"
    assert len(catalogue["checks"]) >= 50


def test_a_leak_in_the_data_shuts_the_gate(by: Actor) -> None:
    from_leak = leaking(by)
    request_tests(from_leak, by=by)
    done(TEST)
    assert outcomes(from_leak)["single_feature"] == "failed"
    assert gates.standing(from_leak).state == gates.SHUT


def leaking(by: Actor) -> ModelVersion:
    """A version whose radius was overwritten with the diagnosis and some noise."""
    frame = cancer_frame()
    chance = np.random.default_rng(0)
    frame["mean radius"] = frame["target"] * 10 + chance.normal(0, 0.1, len(frame))
    return trained_on(frame, by)


def trained_on(frame: pd.DataFrame, by: Actor) -> ModelVersion:
    dataset = Dataset.objects.create(team=by.team, name="leak", created_by=by.user)
    body = frame.to_csv(index=False).encode()
    data = datasets.add_version(dataset, io.BytesIO(body), filename="leak.csv", by=by)
    run = finished_run(by, model=fitted(seed=1))
    Run.objects.filter(pk=run.pk).update(
        dataset_version=data, recipe={"estimator": "logistic_regression", "seed": 1}
    )
    run.refresh_from_db()
    version = register(run, "leaking", by=by)
    ModelTestRun.objects.all().delete()
    return version


def test_the_pages_of_a_failed_version_say_what_to_do(
    version: ModelVersion, bob: User, alice: User, web: Web
) -> None:
    with_tests(version, against="row_order")
    page = web(bob).get("/models/tumour/versions/1/tests").content.decode()
    assert "The gate is shut" in page
    assert "It is not. Mend it." in page
    move = "/models/tumour/aliases/move?alias=champion&version=1"
    assert "Reason to overrule the gate" not in web(bob).get(move).content.decode()
    assert "Reason to overrule the gate" in web(alice).get(move).content.decode()


def test_the_tests_are_run_from_the_page(version: ModelVersion, bob: User, web: Web) -> None:
    answer = web(bob).post("/models/tumour/versions/1/test")
    assert answer["Location"] == "/models/tumour/versions/1/tests"
    page = web(bob).get("/models/tumour/versions/1/tests").content.decode()
    assert 'hx-trigger="every 2s"' in page
    part = web(bob).get("/models/tumour/versions/1/tests", headers={"HX-Request": "true"}).content.decode()
    assert part.startswith('<div id="tests"')


def test_an_owner_sets_the_gate_on_its_page(version: ModelVersion, alice: User, bob: User, web: Web) -> None:
    path = "/models/tumour/gate"
    assert "disabled" in web(bob).get(path).content.decode()
    expectation = {"name": "e", "column": "mean area", "change": "add", "value": 1, "expected": "same"}
    form: dict[str, Any] = {
        "aliases": "live, champion", "blocking": ["row_order", "latency"], "limit-latency_ms": "20", "strict": "on",
        "expectations": json.dumps([expectation]),
    }  # fmt: skip
    assert web(bob).post(path, form).status_code == 403
    assert web(alice).post(path, form).status_code == 302
    gate = ModelGate.objects.get(model=version.model)
    assert (gate.aliases, gate.blocking, gate.limits) == (
        ["live", "champion"],
        ["row_order", "latency"],
        {"latency_ms": 20},
    )
    assert gate.strict
    assert "mean area" in web(alice).get(path).content.decode()
    again = web(alice).post(path, {**form, "expectations": "[{]"})
    assert again.status_code == 400
    assert "are no JSON" in again.content.decode()
    assert "[{]" in again.content.decode()
    assert web(alice).post(path, {**form, "limit-latency_ms": "fast"}).status_code == 400
