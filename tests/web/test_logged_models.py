"""Pages of logged models: in lists, one by itself, its files, its deletion, and who may do what."""

import io
from collections.abc import Callable

import pytest
from django.test import Client

from experiments.actions import inputs, logging
from experiments.actions import logged_models as actions
from experiments.actions.artifacts import save_artifact
from experiments.actions.experiments import create_experiment
from experiments.actions.measurements import Metric
from experiments.actions.runs import create_run
from experiments.models import Artifact, Experiment, Lifecycle, LoggedModel, Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from models_app.actions.client_versions import create_version
from models_app.actions.models import create_model

Web = Callable[[User], Client]


@pytest.fixture
def by(bob: User, actor_of: Callable[..., Actor]) -> Actor:
    return actor_of(bob)


@pytest.fixture
def experiment(by: Actor) -> Experiment:
    return create_experiment("sweep", by=by)


@pytest.fixture
def run(experiment: Experiment, by: Actor) -> Run:
    return create_run(experiment, name="first", by=by)


@pytest.fixture
def model(experiment: Experiment, run: Run, by: Actor) -> LoggedModel:
    made = actions.create_logged_model(
        experiment,
        name="forest",
        model_type="sklearn",
        source_run=run,
        params={"depth": "3"},
        tags={"owner": "<b>growth</b>", "mlflow.hidden": "x"},
        by=by,
    )
    return actions.finalize_logged_model(made, "READY", by=by)


def measure(model: LoggedModel, run: Run, by: Actor, *points: tuple[str, float, str]) -> None:
    logging.log_batch(
        run.pk,
        metrics=[
            Metric(key, value, model_id=model.model_id, dataset_name=on, dataset_digest=on[:4])
            for key, value, on in points
        ],
        by=by,
    )  # fmt: skip


def saved(model: LoggedModel | Run, path: str, content: bytes, by: Actor) -> Artifact:
    return save_artifact(model, path, io.BytesIO(content), by=by)


def seen(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_the_page_shows_all_that_is_known_of_a_model(
    web: Web, vera: User, by: Actor, model: LoggedModel, run: Run
) -> None:
    measure(model, run, by, ("auc", 0.9, "train"), ("auc", 0.8, "holdout"), ("f1", float("nan"), "train"))
    saved(model, "MLmodel", b"flavors: {}", by)
    registered = create_model("churn", by=by)
    create_version(registered, f"models:/{model.model_id}", model_id=model.model_id, by=by)
    text = seen(web(vera), f"/logged-models/{model.model_id}/")
    for shown in ("forest", "ready", "sklearn", f"/runs/{run.pk}/", "depth", "holdout", "0.9000", "0.8000", "NaN",
                  "&lt;b&gt;growth", "MLmodel", "11\xa0bytes", "/models/churn/versions/1/"):  # fmt: skip
        assert shown in text, shown
    for hidden in ("mlflow.hidden", "<b>growth", "/delete"):
        assert hidden not in text, hidden
    assert f"/logged-models/{model.model_id}/" in seen(web(vera), "/models/churn/versions/1/")


def test_models_are_listed_with_their_experiment_and_their_run(
    web: Web, bob: User, by: Actor, model: LoggedModel, run: Run
) -> None:
    for address in (f"/experiments/{model.experiment_id}/", f"/runs/{run.pk}/"):
        assert f"/logged-models/{model.model_id}/" in seen(web(bob), address), address
    actions.delete_logged_model(model, by=by)
    for address in (f"/experiments/{model.experiment_id}/", f"/runs/{run.pk}/"):
        assert f"/logged-models/{model.model_id}/" not in seen(web(bob), address), address
    assert f"/logged-models/{model.model_id}/" in seen(web(bob), "/trash/")


def test_a_model_that_a_run_names_as_its_output_is_on_its_page(
    web: Web, bob: User, by: Actor, experiment: Experiment, run: Run
) -> None:
    model = actions.create_logged_model(experiment, name="elsewhere", by=by)
    inputs.log_outputs(run, [(model.model_id, 0)], by=by)
    assert "elsewhere" in seen(web(bob), f"/runs/{run.pk}/")


def test_the_list_is_filtered_paged_and_says_what_is_wrong_with_a_filter(
    web: Web, bob: User, by: Actor, experiment: Experiment, model: LoggedModel
) -> None:
    for number in range(101):
        actions.create_logged_model(experiment, name=f"other {number}", by=by)
    address = f"/experiments/{experiment.pk}/logged-models"
    text = seen(web(bob), address)
    assert "other 100" in text
    assert ">forest<" not in text
    assert "Older ones" in text
    assert "forest" in seen(web(bob), address + "?filter=params.depth = '3'")
    assert "No model matches" in seen(web(bob), address + "?filter=params.depth = '4'")
    for query in ("?filter=params.depth ==", "?page_token=tampered"):
        assert 'role="alert"' in seen(web(bob), address + query), query
    assert "All 102" in seen(web(bob), f"/experiments/{experiment.pk}/")


def test_lists_take_the_same_queries_whatever_their_length(
    web: Web,
    bob: User,
    by: Actor,
    experiment: Experiment,
    django_assert_max_num_queries: Callable[..., object],
) -> None:
    counts = []
    for _ in range(2):
        for number in range(4):
            run = create_run(experiment, name=f"r{number}", by=by)
            actions.create_logged_model(experiment, name="m", source_run=run, by=by)
        client = web(bob)
        with django_assert_max_num_queries(40) as captured:  # type: ignore[attr-defined]  # the fixture has no type
            seen(client, f"/experiments/{experiment.pk}/logged-models")
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_a_model_without_a_run_or_with_one_of_another_server(
    web: Web, bob: User, by: Actor, experiment: Experiment
) -> None:
    alone = actions.create_logged_model(experiment, name="alone", by=by)
    foreign = actions.create_logged_model(experiment, name="foreign", source_run_key="a" * 32, by=by)
    actions.finalize_logged_model(foreign, "UPLOAD_FAILED", by=by)
    assert "None were logged for this model" in seen(web(bob), f"/logged-models/{alone.model_id}/")
    text = seen(web(bob), f"/logged-models/{foreign.model_id}/")
    assert "a" * 32 in text
    assert "upload failed" in text


def test_files_are_downloads_and_text_can_be_looked_into(
    web: Web, bob: User, by: Actor, model: LoggedModel
) -> None:
    page = saved(model, "page.html", b"<script>alert(1)</script>\xff" + b"x" * 30_000, by)
    binary = saved(model, "model.pkl", b"\x80\x04", by)
    base = f"/logged-models/{model.model_id}/files/"
    answer = web(bob).get(f"{base}{page.pk}")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    text = seen(web(bob), f"{base}{page.pk}/preview")
    assert "&lt;script&gt;" in text
    assert "Only the beginning" in text
    assert len(text) < 21_000
    assert web(bob).get(f"{base}{binary.pk}/preview").status_code == 400
    listed = seen(web(bob), f"/logged-models/{model.model_id}/")
    assert f"{base}{page.pk}/preview" in listed
    assert f"{base}{binary.pk}/preview" not in listed


def test_text_of_a_run_can_be_looked_into(web: Web, bob: User, charlie: User, by: Actor, run: Run) -> None:
    note = saved(run, "notes/a.txt", b"hello", by)
    address = f"/runs/{run.pk}/artifacts/{note.pk}/preview"
    assert "hello" in seen(web(bob), address)
    assert web(charlie).get(address).status_code == 404


def test_bytes_that_are_gone_from_the_store_are_told_and_no_mistake_of_ours(
    web: Web, bob: User, by: Actor, model: LoggedModel
) -> None:
    artifact = saved(model, "a.txt", b"gone", by)
    artifact.file.__class__.objects.filter(pk=artifact.file.pk).update(key="1/no/such")
    address = f"/logged-models/{model.model_id}/files/{artifact.pk}"
    assert web(bob).get(address).status_code == 503
    assert web(bob).get(f"{address}/preview").status_code == 503


def test_a_file_of_another_model_is_not_given_out_by_this_one(
    web: Web, bob: User, by: Actor, experiment: Experiment, model: LoggedModel
) -> None:
    other = actions.create_logged_model(experiment, name="other", by=by)
    artifact = saved(other, "a.txt", b"a", by)
    for end in ("", "/preview"):
        address = f"/logged-models/{model.model_id}/files/{artifact.pk}{end}"
        assert web(bob).get(address).status_code == 404


def test_editors_delete_and_restore_a_model(web: Web, bob: User, model: LoggedModel) -> None:
    address = f"/logged-models/{model.model_id}/"
    assert web(bob).post(f"{address}delete").headers["Location"] == f"/experiments/{model.experiment_id}/"
    model.refresh_from_db()
    assert model.lifecycle == Lifecycle.DELETED
    assert "Restore" in seen(web(bob), address)
    assert web(bob).post(f"{address}restore").headers["Location"] == address
    model.refresh_from_db()
    assert model.lifecycle == Lifecycle.ACTIVE


def test_viewers_change_nothing_and_strangers_see_nothing(
    web: Web, vera: User, charlie: User, model: LoggedModel
) -> None:
    address = f"/logged-models/{model.model_id}/"
    for verb in ("delete", "restore"):
        assert web(vera).post(address + verb).status_code == 403
        assert web(charlie).post(address + verb).status_code == 404
    assert web(charlie).get(address).status_code == 404
    assert web(charlie).get(f"/experiments/{model.experiment_id}/logged-models").status_code == 404


@pytest.mark.parametrize("name", ["m-1", "nothing", "m-" + "0" * 32, "M-" + "a" * 32])
def test_an_id_that_is_none_is_not_found(web: Web, bob: User, name: str) -> None:
    assert web(bob).get(f"/logged-models/{name}/").status_code == 404
