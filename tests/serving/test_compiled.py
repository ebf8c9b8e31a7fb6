"""A version is compiled after its registration; both doors then serve that form, and watch that it stays right."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from experiments.actions import datasets
from experiments.models import Dataset, Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.errors import Conflict, Forbidden
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from models_app.actions.compilations import drop_compilation, request_compilation
from models_app.actions.versions import register
from models_app.models import Compilation, ModelVersion
from serving import live_routing
from serving.actions.endpoints import VariantSpec, create_endpoint
from serving.actions.rescoring import add_rescored
from serving.hotpath import rescoring
from serving.hotpath.models import LoadedModel
from serving.hotpath.rescoring import Rescored
from serving.models import Endpoint
from serving.prometheus import PredictionCollector
from tests.models_app.trained import cancer_frame, finished_run, fitted
from tests.serving.conftest import ROW
from tests.serving.damage import damaged

pytestmark = pytest.mark.django_db
Api = Callable[[User], APIClient]
BODY = json.dumps({"dataframe_records": [ROW]}).encode()
HEADERS = {"content-type": "application/json"}


@pytest.fixture
def version(by: Actor) -> ModelVersion:
    """Registered from a run whose data is known, as training leaves it; its job waits."""
    dataset = Dataset.objects.create(team=by.team, name="cancer", created_by=by.user)
    body = cancer_frame().to_csv(index=False).encode()
    data = datasets.add_version(dataset, io.BytesIO(body), filename="cancer.csv", by=by)
    run = finished_run(by, model=fitted(seed=1))
    Run.objects.filter(pk=run.pk).update(dataset_version=data)
    run.refresh_from_db()
    return register(run, "tumour", by=by)


@pytest.fixture
def compiled(version: ModelVersion) -> ModelVersion:
    done = run_here(Job.objects.get(kind="models_app.compile"))
    assert done.state == State.SUCCEEDED, done.error
    return version


@pytest.fixture
def served(compiled: ModelVersion, by: Actor) -> Endpoint:
    return create_endpoint("tumour", variants=[alone(compiled)], by=by)


def alone(version: ModelVersion) -> VariantSpec:
    """All of an endpoint's traffic."""
    return {"name": "champion", "version": version, "weight": 100}


def loaded() -> LoadedModel:
    """The one model that this process serves."""
    (model,) = live_routing.here().snapshot.models.values()
    assert isinstance(model, LoadedModel)
    return model


def test_registration_compiles_and_keeps_the_report(compiled: ModelVersion) -> None:
    found = Compilation.objects.get(version=compiled)
    assert found.report is not None
    assert found.report["winner"] == "numpy"
    native, numpy = found.report["candidates"][:2]  # extras that are installed add others
    assert (native["verdict"], numpy["verdict"]) == ("reference", "passed")
    assert numpy["seconds_one"] < native["seconds_one"]
    assert found.file is not None
    assert found.file.size == numpy["size"]


def test_a_version_without_data_is_not_compiled(by: Actor) -> None:
    version = register(finished_run(by), "other", by=by)
    assert not Job.objects.filter(kind="models_app.compile").exists()
    with pytest.raises(Conflict, match="trained here"):
        request_compilation(version, by=by)


def test_viewers_may_not_ask_for_it(
    version: ModelVersion, vera: User, actor_of: Callable[..., Actor]
) -> None:
    with pytest.raises(Forbidden):
        request_compilation(version, by=actor_of(vera))


def test_asking_twice_is_one_job(version: ModelVersion, by: Actor) -> None:
    request_compilation(version, by=by)
    assert Job.objects.filter(kind="models_app.compile").count() == 1


def test_the_compiled_form_answers_as_the_native_model(served: Endpoint, by: Actor) -> None:
    status, _, body = live_routing.predict_as(by, "tumour", BODY, HEADERS)
    assert status == 200
    model = loaded()
    assert model.compiled is not None
    native = model.score_natively([ROW])
    answer = json.loads(body)
    assert answer["predictions"] == native["predictions"]
    # A single row is summed up in plain Python, from left to right: the last bit may differ from the array's.
    assert answer["probabilities"][0] == pytest.approx(native["probabilities"][0], rel=1e-12)


def test_an_endpoint_that_was_there_before_takes_the_form_over(version: ModelVersion, by: Actor) -> None:
    create_endpoint("tumour", variants=[alone(version)], by=by)
    live_routing.predict_as(by, "tumour", BODY, HEADERS)
    assert loaded().compiled is None
    run_here(Job.objects.get(kind="models_app.compile"))
    live_routing.predict_as(by, "tumour", BODY, HEADERS)
    assert loaded().compiled is not None


@pytest.mark.parametrize(
    "row", [{**ROW, "mean area": None}, {**ROW, "mean area": "wide"}, {**ROW, "x": 1}, {"mean area": 1.0}]
)
def test_mistakes_are_told_in_the_native_words(served: Endpoint, by: Actor, row: dict[str, Any]) -> None:
    body = json.dumps({"dataframe_records": [row]}).encode()
    first = live_routing.predict_as(by, "tumour", body, {**HEADERS, "x-request-id": "same"})
    drop_compilation(ModelVersion.objects.get(), by=by)
    second = live_routing.predict_as(by, "tumour", body, {**HEADERS, "x-request-id": "same"})
    assert loaded().compiled is None
    assert (first[0], first[2]) == (second[0], second[2])


def test_a_damaged_form_is_fetched_anew_and_without_a_whole_one_the_native_model_answers(
    served: Endpoint, by: Actor
) -> None:
    live_routing.predict_as(by, "tumour", BODY, HEADERS)
    (handle,) = live_routing.here().snapshot.handles()
    assert handle.compiled is not None
    path = Path(str(handle.compiled["folder"])) / "compiled.npz"
    whole = path.read_bytes()
    path.write_bytes(whole + b"x")
    live_routing.reset()
    assert live_routing.predict_as(by, "tumour", BODY, HEADERS)[0] == 200
    assert path.read_bytes() == whole
    assert loaded().compiled is not None
    with damaged(path, handle.compiled["sha256"]):
        live_routing.reset()
        assert live_routing.predict_as(by, "tumour", BODY, HEADERS)[0] == 200
        assert loaded().compiled is None


def test_live_answers_are_scored_again(served: Endpoint, compiled: ModelVersion, by: Actor) -> None:
    for _ in range(3):
        live_routing.predict_as(by, "tumour", BODY, HEADERS)
    live_routing.here().rescore()
    found = Compilation.objects.get(version=compiled)
    assert (found.n_rescored, found.n_mismatches) == (1, 0)
    samples = {one.name: one.value for metric in PredictionCollector().collect() for one in metric.samples}
    assert samples["mlregistry_compiled_rescored_total"] == 1
    assert samples["mlregistry_compiled_mismatches_total"] == 0


def test_a_form_that_differs_on_live_rows_serves_no_more(
    served: Endpoint, compiled: ModelVersion, by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_routing.predict_as(by, "tumour", BODY, HEADERS)
    samples = live_routing.here().live.models.samples
    sample = samples._waiting.pop()
    wrong = {**sample.answer, "probabilities": [[0.5, 0.5]]}
    samples.offer(replace(sample, answer=wrong))
    live_routing.here().rescore()
    found = Compilation.objects.get(version=compiled)
    assert (found.n_mismatches, found.file) == (1, None)
    status, _, _ = live_routing.predict_as(by, "tumour", BODY, HEADERS)
    assert status == 200
    assert loaded().compiled is None


def test_samples_that_nobody_takes_are_forgotten() -> None:
    samples = rescoring.Samples()
    assert samples.rescore() == {}
    assert [samples.is_next([ROW]) for _ in range(3)] == [True, False, False]
    assert not samples.is_next([ROW] * 101)


def test_counting_a_version_that_is_gone_does_nothing(db: None) -> None:
    add_rescored({999: Rescored(1, 1)})
    assert not Compilation.objects.exists()


def test_the_api_tells_and_turns_it_off(compiled: ModelVersion, bob: User, api: Api) -> None:
    path = "/api/v1/models/tumour/versions/1/compilation"
    told = api(bob).get(path).json()
    assert (told["serves"], told["is_running"], told["report"]["winner"]) == ("numpy", False, "numpy")
    assert api(bob).delete(path).status_code == 204
    assert api(bob).get(path).json()["serves"] == "native"
    assert api(bob).post(path).status_code == 202
    assert api(bob).get(path).json()["is_running"]


def test_the_page_shows_the_report(compiled: ModelVersion, bob: User, client: Client) -> None:
    client.force_login(bob)
    page = client.get("/models/tumour/versions/1/").content.decode()
    for text in ("NumPy", "passed", "Times faster", "Look again", "Serve the native model", "missing values"):
        assert text in page
    client.post("/models/tumour/versions/1/compile", {"native": "1"})
    assert "Serve the native model" not in client.get("/models/tumour/versions/1/").content.decode()
    client.post("/models/tumour/versions/1/compile")
    assert "compiling" in client.get("/models/tumour/versions/1/").content.decode()
