"""MLflow's model versions over its wire: numbers, sources, stages, tags, search, what cannot be served."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from experiments.actions.experiments import create_experiment
from experiments.models import LoggedModel, Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.errors import Conflict
from models_app.actions.client_versions import create_version
from models_app.actions.models import create_model
from models_app.actions.versions import register
from models_app.models import ModelVersion, RegisteredModel
from serving.actions.endpoints import create_endpoint
from tests.models_app.trained import finished_run

from .conftest import Mlflow
from .test_registered_models import INVALID, MISSING, code, model

Make = Callable[..., Mlflow]
ActorOf = Callable[..., Actor]


def version(api: Mlflow, source: str = "s3://bucket/model", *, name: str = "churn", **more: object) -> str:
    status, made = api.post("model-versions/create", {"name": name, "source": source, **more})
    assert status == 200, made
    return str(made["model_version"]["version"])


def read(api: Mlflow, number: str, name: str = "churn") -> dict[str, object]:
    status, got = api.get("model-versions/get", name=name, version=number)
    assert status == 200, got
    found: dict[str, object] = got["model_version"]
    return found


def a_run(by: Actor) -> Run:
    experiment = create_experiment("origin", by=by)
    return Run.objects.create(experiment=experiment, name="r")


def a_logged_model(by: Actor) -> LoggedModel:
    run = a_run(by)
    return LoggedModel.objects.create(experiment=run.experiment, name="m", source_run=run)


def test_a_version_is_made_ready_and_read_as_mlflow_shows_it(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    model(api)
    body = {
        "name": "churn", "source": "s3://bucket/model", "run_id": "abc", "run_link": "http://there/run",
        "description": "first", "tags": [{"key": "k", "value": "v"}],
    }  # fmt: skip
    status, made = api.post("model-versions/create", body)
    shown = made["model_version"]
    assert status == 200
    assert {key: shown[key] for key in body} == body | {"tags": [{"key": "k", "value": "v"}]}
    assert (shown["version"], shown["status"], shown["current_stage"]) == ("1", "READY", "None")
    assert shown["user_id"] == bob.get_username()
    assert read(api, "1") == shown
    model_shown = api.get("registered-models/get", name="churn")[1]["registered_model"]
    assert model_shown["latest_versions"][0]["version"] == "1"
    assert model_shown["last_updated_timestamp"] == shown["last_updated_timestamp"]


def test_description_run_and_link_are_empty_texts_when_not_given(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    model(api)
    shown = read(api, version(api))
    assert (shown["description"], shown["run_id"], shown["run_link"]) == ("", "", "")
    assert "tags" not in shown


def test_numbers_go_on_after_the_newest_version_was_deleted(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    model(api)
    assert [version(api), version(api)] == ["1", "2"]
    assert api.delete("model-versions/delete", {"name": "churn", "version": "2"}) == (200, {})
    assert code(api.get("model-versions/get", name="churn", version="2")) == MISSING
    assert code(api.delete("model-versions/delete", {"name": "churn", "version": "2"})) == MISSING
    assert version(api) == "3"


def test_deleting_a_version_drops_its_aliases(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    model(api, versions=2)
    for alias, number in (("a", "1"), ("b", "2")):
        api.post("registered-models/alias", {"name": "churn", "alias": alias, "version": number})
    api.delete("model-versions/delete", {"name": "churn", "version": "1"})
    shown = api.get("registered-models/get", name="churn")[1]["registered_model"]
    assert shown["aliases"] == [{"alias": "b", "version": "2"}]


@pytest.mark.parametrize("number", ["x", "", "1.5", None, 1])
def test_a_version_that_is_no_number_is_invalid(mlflow: Make, bob: User, number: object) -> None:
    api = mlflow(bob)
    model(api, versions=1)
    assert code(api.patch("model-versions/update", {"name": "churn", "version": number})) == INVALID


def test_a_number_that_no_version_has_is_not_found(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    model(api)
    for number in ("1", "0", "-1", "99999999999999999999"):
        status, error = api.get("model-versions/get", name="churn", version=number)
        assert (status, error["error_code"]) == MISSING
        assert code(api.delete("model-versions/delete", {"name": "churn", "version": number})) == MISSING


@pytest.mark.parametrize(
    "source",
    [
        "", "/etc/passwd", "relative/path", "file:///etc/passwd", "http://169.254.169.254/x", "https://h/x",
        "ftp://h/x", "hdfs://h/x", "mlflow-artifacts://host/x", "s3://b/../x", "s3://b/%2e%2e/x", "s3://b/./x",
        "s3://b/%252e%252e/x", "s3://b/x%00", "s3://bucket", "runs:/0123/model", "mlflow-artifacts:/0/1/artifacts",
        "models:/m-1234", "models:/", "models:/a/b/c", "models://host/churn/1", "models:/churn@none", 5,
    ],
)  # fmt: skip
def test_a_source_that_nobody_named_owns_is_refused(mlflow: Make, bob: User, source: object) -> None:
    api = mlflow(bob)
    model(api)
    assert code(api.post("model-versions/create", {"name": "churn", "source": source})) == INVALID


@pytest.mark.parametrize(
    "source", ["s3://b/x", "gs://b/x/", "s3://b//x", "dbfs:/x/y", "wasbs://c@a.blob.core/x"]
)
def test_stores_that_nobody_here_owns_are_free(mlflow: Make, bob: User, source: str) -> None:
    api = mlflow(bob)
    model(api)
    assert read(api, version(api, source))["source"] == source


def test_a_source_of_a_run_names_that_run(mlflow: Make, bob: User, actor_of: ActorOf) -> None:
    api, run = mlflow(bob), a_run(actor_of(bob))
    model(api)
    key, place = run.pk.hex, f"mlflow-artifacts:/{run.experiment_id}/{run.pk.hex}/artifacts"
    for source in (f"runs:/{key}/model", f"{place}/model"):
        assert read(api, version(api, source, run_id=key))["run_id"] == key
        assert code(api.post("model-versions/create", {"name": "churn", "source": source})) == INVALID
        other = {"name": "churn", "source": source, "run_id": "f" * 32}
        assert code(api.post("model-versions/create", other)) == INVALID
    outside = {"name": "churn", "source": f"{place}/../x", "run_id": key}
    assert code(api.post("model-versions/create", outside)) == INVALID
    assert ModelVersion.objects.filter(run=run).count() == 2
    assert version(api, "runs:/elsewhere/model", run_id="elsewhere") == "3"


def test_a_source_of_a_logged_model_leads_to_its_files_and_its_run(
    mlflow: Make, bob: User, actor_of: ActorOf
) -> None:
    api, logged = mlflow(bob), a_logged_model(actor_of(bob))
    model(api)
    key = f"m-{logged.pk.hex}"
    number = version(api, f"models:/{key}", model_id=key)
    shown = read(api, number)
    assert (shown["run_id"], shown["model_id"]) == (logged.source_run_id.hex, key)  # type: ignore[union-attr]  # it is there
    uri = api.get("model-versions/get-download-uri", name="churn", version=number)[1]["artifact_uri"]
    assert uri == f"mlflow-artifacts:/{logged.experiment_id}/models/{key}/artifacts"
    version(api, uri, model_id=key)
    other = f"m-{'0' * 32}"
    for body in ({"source": f"models:/{key}"}, {"source": f"models:/{key}", "model_id": other}):
        assert code(api.post("model-versions/create", {"name": "churn", **body})) == INVALID
    missing = {"name": "churn", "source": f"models:/{other}", "model_id": other}
    assert code(api.post("model-versions/create", missing)) == MISSING


def test_the_logged_model_lists_each_version_made_of_it_once(
    mlflow: Make, bob: User, actor_of: ActorOf
) -> None:
    api, logged = mlflow(bob), a_logged_model(actor_of(bob))
    logged.tags = {"mlflow.modelVersions": json.dumps([{"name": "churn", "version": "1"}])}
    logged.save()
    model(api)
    for _ in range(2):
        version(api, f"models:/m-{logged.pk.hex}", model_id=f"m-{logged.pk.hex}")
    logged.refresh_from_db()
    assert json.loads(logged.tags["mlflow.modelVersions"]) == [
        {"name": "churn", "version": 1},
        {"name": "churn", "version": 2},
    ]


def test_what_the_client_adds_to_that_list_is_there_once(mlflow: Make, bob: User, actor_of: ActorOf) -> None:
    """MLflow 3's client appends the version that the server has noted, with its number as text."""
    api, logged = mlflow(bob), a_logged_model(actor_of(bob))
    key, tag = f"m-{logged.pk.hex}", "mlflow.modelVersions"
    model(api)
    version(api, f"models:/{key}", model_id=key)
    logged.refresh_from_db()
    listed = json.loads(logged.tags[tag])
    for sent, kept in (
        (json.dumps([*listed, {"name": "churn", "version": "1"}]), listed),
        (json.dumps([{"name": "a", "version": "1"}, *listed]), [{"name": "a", "version": "1"}, *listed]),
        (json.dumps([{"name": "churn", "version": "1"}, *listed]), listed),
    ):
        tags = {"tags": [{"key": tag, "value": sent}, {"key": "other", "value": sent}]}
        assert api.patch(f"logged-models/{key}/tags", tags)[0] == 200
        logged.refresh_from_db()
        assert json.loads(logged.tags[tag]) == kept
        assert logged.tags["other"] == sent
    for sent in ("no JSON", "[" * 5000, "{}", "[1]"):
        tags = {"tags": [{"key": tag, "value": sent}]}
        assert api.patch(f"logged-models/{key}/tags", tags)[0] == 200
        logged.refresh_from_db()
        assert logged.tags[tag] == sent


def test_a_copied_version_keeps_the_lineage_and_the_place_of_its_files(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    model(api)
    model(api, "copy")
    version(api, "s3://bucket/first", run_id="abc")
    api.post("registered-models/alias", {"name": "churn", "alias": "champion", "version": "1"})
    for source in ("models:/churn/1", "models:/churn@champion", "models:/churn/latest"):
        number = version(api, source, name="copy")
        shown = read(api, number, "copy")
        assert (shown["source"], shown["run_id"]) == ("models:/churn/1", "abc")
        uri = api.get("model-versions/get-download-uri", name="copy", version=number)[1]
        assert uri == {"artifact_uri": "s3://bucket/first"}
    wrong = {"name": "copy", "source": "models:/churn/1", "run_id": "other"}
    assert code(api.post("model-versions/create", wrong)) == INVALID
    assert code(api.post("model-versions/create", {"name": "copy", "source": "models:/churn/9"})) == MISSING


def test_a_prompt_has_a_placeholder_for_its_source_and_is_not_copied(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    tags = [{"key": "mlflow.prompt.is_prompt", "value": "true"}, {"key": "mlflow.prompt.text", "value": "Hi"}]
    model(api, "greeting", tags=tags[:1])
    model(api)
    assert version(api, "dummy-source", name="greeting", tags=tags) == "1"
    body = {"name": "greeting", "source": "s3://b/x", "tags": tags}
    assert code(api.post("model-versions/create", body)) == INVALID
    copied = {"name": "churn", "source": "models:/greeting/1"}
    assert code(api.post("model-versions/create", copied)) == INVALID
    assert api.get("model-versions/search") == (200, {})
    found = api.get("model-versions/search", filter="tags.`mlflow.prompt.is_prompt` = 'true'")[1]
    assert [row["name"] for row in found["model_versions"]] == ["greeting"]


def test_stages_are_set_whatever_their_case_and_may_archive_the_former(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    model(api, versions=3)

    def to(number: str, stage: str, **more: object) -> tuple[int, Any]:
        body = {"name": "churn", "version": number, "stage": stage, **more}
        return api.post("model-versions/transition-stage", body)

    assert to("1", "staging")[1]["model_version"]["current_stage"] == "Staging"
    assert to("2", "STAGING", archive_existing_versions=True)[0] == 200
    assert [read(api, number)["current_stage"] for number in "123"] == ["Archived", "Staging", "None"]
    status, error = to("2", "wrong")
    assert (status, error["error_code"]) == INVALID
    assert "Invalid Model Version stage: wrong" in error["message"]
    assert code(to("2", "None", archive_existing_versions=True)) == INVALID
    assert code(to("9", "None")) == MISSING


def test_an_update_changes_the_description_alone(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    model(api, versions=1)
    before = read(api, "1")
    body = {"name": "churn", "version": "1", "description": "new", "source": "s3://other"}
    after = api.patch("model-versions/update", body)[1]["model_version"]
    assert after == before | {"description": "new", "last_updated_timestamp": after["last_updated_timestamp"]}


def test_tags_of_a_version_are_set_and_deleted_once_or_twice(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    model(api, versions=1)
    one = {"name": "churn", "version": "1", "key": "k"}
    assert api.post("model-versions/set-tag", {**one, "value": "v"}) == (200, {})
    assert read(api, "1")["tags"] == [{"key": "k", "value": "v"}]
    for _ in range(2):
        assert api.delete("model-versions/delete-tag", one) == (200, {})
    assert code(api.post("model-versions/set-tag", {**one, "version": "2", "value": "v"})) == MISSING


def test_a_search_filters_and_orders_versions(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    for name in ("a", "b"):
        model(api, name)
        for number in ("1", "2"):
            version(
                api,
                f"s3://{name}/{number}",
                name=name,
                run_id=f"run-{name}",
                tags=[{"key": "n", "value": number}],
            )

    def found(**query: object) -> list[str]:
        status, got = api.get("model-versions/search", **query)
        assert status == 200, got
        return [row["name"] + row["version"] for row in got.get("model_versions", [])]

    assert sorted(found()) == ["a1", "a2", "b1", "b2"]
    assert found(order_by=["name DESC"]) == ["b2", "b1", "a2", "a1"]
    assert found(order_by=["version_number ASC"]) == ["a1", "b1", "a2", "b2"]
    assert found(filter="name = 'a'", order_by=["version_number DESC"]) == ["a2", "a1"]
    assert found(filter="name IN ('a')", order_by=["creation_timestamp ASC"]) == ["a1", "a2"]
    assert found(filter="version_number > 1", order_by=["name"]) == ["a2", "b2"]
    assert found(filter="run_id IN ('run-b')", order_by=["version_number"]) == ["b1", "b2"]
    assert found(filter="source_path = 's3://a/2'") == ["a2"]
    assert found(filter="tags.n = '1' AND name ILIKE 'B'") == ["b1"]
    assert found(filter="tags.n = '1' OR name = 'b'", order_by=["name"]) == ["a1", "b2", "b1"]
    api.post("model-versions/set-tag", {"name": "a", "version": "1", "key": "x", "value": "y"})
    api.patch("model-versions/update", {"name": "a", "version": "1", "description": "touched"})
    assert found()[0] == "a1"


@pytest.mark.parametrize(
    "query",
    [
        {"filter": "version_number = 'x'"}, {"filter": "current_stage = 'None'"}, {"filter": "name >= 'x'"},
        {"order_by": "run_id"}, {"order_by": ["name", "name"]}, {"max_results": 0}, {"max_results": 200_001},
        {"max_results": -1}, {"page_token": "eyJvZmZzZXQiOiAyfQ=="}, {"filter": "x" * 100_000},
    ],
)  # fmt: skip
def test_a_wrong_search_of_versions_is_refused(mlflow: Make, bob: User, query: dict[str, object]) -> None:
    assert code(mlflow(bob).get("model-versions/search", **query)) == INVALID


def test_pages_of_versions_cost_two_statements_each(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    model(api, versions=5)
    seen, token = [], ""
    while True:
        with CaptureQueriesContext(connection) as queries:
            got = api.get("model-versions/search", max_results=2, page_token=token)[1]
        assert sum("models_app" in query["sql"] for query in queries) == 2
        seen += [row["version"] for row in got["model_versions"]]
        token = got.get("next_page_token", "")
        if not token:
            break
    assert sorted(seen) == ["1", "2", "3", "4", "5"]


def test_a_version_is_read_by_one_statement(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    model(api, versions=1)
    for path in ("model-versions/get", "model-versions/get-download-uri"):
        with CaptureQueriesContext(connection) as queries:
            assert api.get(path, name="churn", version="1")[0] == 200
        assert sum("models_app" in query["sql"] for query in queries) == 1


def test_viewers_and_other_teams_do_not_write_versions(
    mlflow: Make, bob: User, vera: User, charlie: User
) -> None:
    model(mlflow(bob), versions=1)
    one = {"name": "churn", "version": "1"}
    for user, expected in ((vera, (403, "PERMISSION_DENIED")), (charlie, MISSING)):
        api = mlflow(user)
        for answer in (
            api.post("model-versions/create", {"name": "churn", "source": "s3://b/x"}),
            api.patch("model-versions/update", {**one, "description": "d"}),
            api.post("model-versions/transition-stage", {**one, "stage": "Staging"}),
            api.post("model-versions/set-tag", {**one, "key": "k", "value": "v"}),
            api.delete("model-versions/delete-tag", {**one, "key": "k"}),
            api.delete("model-versions/delete", one),
        ):
            assert code(answer) == expected
    assert mlflow(vera).get("model-versions/get", **one)[0] == 200
    assert code(mlflow(charlie).get("model-versions/get-download-uri", **one)) == MISSING
    assert mlflow().get("model-versions/search")[0] == 401


def test_a_source_in_another_team_is_not_owned(
    mlflow: Make, bob: User, charlie: User, actor_of: ActorOf
) -> None:
    run = a_run(actor_of(bob))
    model(mlflow(bob), versions=1)
    api = mlflow(charlie)
    model(api, "mine")
    place = f"mlflow-artifacts:/{run.experiment_id}/{run.pk.hex}/artifacts/model"
    stolen = {"name": "mine", "source": place, "run_id": run.pk.hex}
    assert code(api.post("model-versions/create", stolen)) == INVALID
    assert code(api.post("model-versions/create", {"name": "mine", "source": "models:/churn/1"})) == MISSING
    version(api, f"runs:/{run.pk.hex}/model", name="mine", run_id=run.pk.hex)
    assert ModelVersion.objects.get(model__name="mine").run is None


def test_a_version_trained_here_is_seen_by_mlflow_with_its_run_and_place(
    mlflow: Make, bob: User, actor_of: ActorOf
) -> None:
    by = actor_of(bob)
    run = finished_run(by)
    register(run, "churn", by=by)
    api = mlflow(bob)
    shown = read(api, "1")
    assert (shown["run_id"], shown["source"]) == (run.pk.hex, f"runs:/{run.pk.hex}/model")
    uri = api.get("model-versions/get-download-uri", name="churn", version="1")[1]["artifact_uri"]
    assert uri == f"mlflow-artifacts:/{run.experiment_id}/{run.pk.hex}/artifacts/model"
    assert version(api) == "2"


def test_a_version_without_files_is_shown_everywhere_and_not_served(
    mlflow: Make, bob: User, client: Client, actor_of: ActorOf
) -> None:
    by = actor_of(bob)
    api = mlflow(bob)
    model(api, versions=1)
    client.force_login(bob)
    page = client.get("/models/churn/versions/1/")
    assert page.status_code == 200
    assert "no files that this server can serve" in page.content.decode()
    assert client.get("/models/churn/").status_code == 200
    found = ModelVersion.objects.get(model__name="churn")
    with pytest.raises(Conflict, match="Version 1 of “churn” has no files that this server can serve"):
        create_endpoint("live", variants=[{"name": "champion", "version": found, "weight": 100}], by=by)


def test_a_model_that_an_endpoint_serves_is_not_deleted(mlflow: Make, bob: User, actor_of: ActorOf) -> None:
    by = actor_of(bob)
    served = register(finished_run(by), "churn", by=by)
    create_endpoint("live", variants=[{"name": "champion", "version": served, "weight": 100}], by=by)
    api = mlflow(bob)
    assert code(api.delete("registered-models/delete", {"name": "churn"})) == INVALID
    assert code(api.delete("model-versions/delete", {"name": "churn", "version": "1"})) == INVALID
    assert api.post("registered-models/rename", {"name": "churn", "new_name": "loss"})[0] == 200


@pytest.mark.django_db(transaction=True)
def test_versions_created_at_the_same_time_have_numbers_of_their_own(bob: User, actor_of: ActorOf) -> None:
    by = actor_of(bob)
    name = create_model("churn", by=by).name

    def create() -> None:
        for _ in range(5):
            create_version(RegisteredModel.objects.get(name=name), "s3://b/x", by=by)
        connection.close()

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ModelVersion.objects.values_list("number", flat=True)) == list(range(1, 21))
