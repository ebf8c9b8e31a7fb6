"""The registry's REST door."""

from collections.abc import Callable

from rest_framework.test import APIClient

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from models_app.actions.client_versions import create_version
from models_app.actions.models import create_model
from models_app.actions.versions import register
from tests.models_app.trained import finished_run

Api = Callable[..., APIClient]
ActorOf = Callable[..., Actor]


def test_a_run_is_registered_read_and_traced(bob: User, api: Api, actor_of: ActorOf) -> None:
    run, client = finished_run(actor_of(bob)), api(bob)
    body = {"run": run.pk.hex, "alias": "champion"}
    made = client.post("/api/v1/models/tumour/versions/", body, format="json", HTTP_IDEMPOTENCY_KEY="one")
    again = client.post("/api/v1/models/tumour/versions/", body, format="json", HTTP_IDEMPOTENCY_KEY="one")
    assert (made.status_code, made.data["number"], made.data["aliases"]) == (201, 1, ["champion"])
    assert again.data["number"] == 1
    listed = client.get("/api/v1/models/").data["results"]
    assert [(row["name"], row["latest_version"], row["aliases"]) for row in listed] == [
        ("tumour", 1, {"champion": 1})
    ]
    assert client.get("/api/v1/models/tumour/aliases/champion").data["number"] == 1
    assert client.get("/api/v1/models/tumour/versions/1/lineage").data["run"]["id"] == run.pk.hex
    assert client.get("/api/v1/models/tumour/versions/").data["results"][0]["number"] == 1


def test_models_are_made_changed_and_deleted(bob: User, api: Api) -> None:
    client = api(bob)
    assert client.post("/api/v1/models/", {"name": "tumour"}, format="json").status_code == 201
    assert client.post("/api/v1/models/", {"name": "tumour"}, format="json").status_code == 409
    changed = client.patch("/api/v1/models/tumour", {"description": "new"}, format="json")
    assert changed.data["description"] == "new"
    assert client.delete("/api/v1/models/tumour").status_code == 204
    assert client.get("/api/v1/models/tumour").status_code == 404


def test_a_viewer_reads_and_does_not_write(bob: User, vera: User, api: Api, actor_of: ActorOf) -> None:
    run = finished_run(actor_of(bob))
    register(run, "tumour", by=actor_of(bob))
    client = api(vera)
    assert client.get("/api/v1/models/tumour/versions/1").status_code == 200
    refused = client.post("/api/v1/models/tumour/versions/", {"run": run.pk.hex}, format="json")
    assert refused.status_code == 403
    assert client.delete("/api/v1/models/tumour/versions/1").status_code == 403


def test_another_team_finds_nothing(bob: User, charlie: User, api: Api, actor_of: ActorOf) -> None:
    register(finished_run(actor_of(bob)), "tumour", by=actor_of(bob))
    client = api(charlie)
    assert client.get("/api/v1/models/tumour").status_code == 404
    assert client.get("/api/v1/models/tumour/versions/1").status_code == 404


def test_an_unknown_alias_or_version_is_named(bob: User, api: Api, actor_of: ActorOf) -> None:
    register(finished_run(actor_of(bob)), "tumour", by=actor_of(bob))
    client = api(bob)
    missing = client.get("/api/v1/models/tumour/aliases/champion")
    assert (missing.status_code, missing.data["field"]) == (404, "alias")
    wrong = client.put("/api/v1/models/tumour/aliases/champion", {"version": 7}, format="json")
    assert (wrong.status_code, wrong.data["field"]) == (404, "version")
    reserved = client.put("/api/v1/models/tumour/aliases/latest", {"version": 1}, format="json")
    assert (reserved.status_code, reserved.data["field"]) == (400, "alias")


def test_listings_are_searched_by_filter_order_and_page_token(bob: User, api: Api, actor_of: ActorOf) -> None:
    by, client = actor_of(bob), api(bob)
    for name in ("a", "b", "c"):
        model = create_model(name, tags={"kind": "odd" if name != "b" else "even"}, by=by)
        for _ in range(2):
            create_version(model, "s3://bucket/x", by=by)
    query: dict[str, str | int] = {
        "filter": "tags.kind = 'odd' OR name = 'b'",
        "order_by": "name DESC",
        "max_results": 2,
    }
    first = client.get("/api/v1/models/", query).data
    assert [row["name"] for row in first["results"]] == ["c", "b"]
    rest = client.get("/api/v1/models/", {**query, "page_token": first["next_page_token"]}).data
    assert ([row["name"] for row in rest["results"]], rest["next_page_token"]) == (["a"], "")
    found = client.get("/api/v1/models/a/versions/", {"filter": "version_number > 1"}).data["results"]
    assert [(row["model"], row["number"], row["signature"]) for row in found] == [("a", 2, None)]
    for wrong in (
        {"filter": "x"},
        {"order_by": "x"},
        {"page_token": "x"},
        {"filter": "", "max_results": "x"},
    ):
        assert client.get("/api/v1/models/", wrong).status_code == 400
        assert client.get("/api/v1/models/a/versions/", wrong).status_code == 400


def test_a_model_is_renamed_and_a_version_moved_to_a_stage(bob: User, api: Api, actor_of: ActorOf) -> None:
    client = api(bob)
    create_version(create_model("a", by=actor_of(bob)), "s3://bucket/x", by=actor_of(bob))
    create_model("taken", by=actor_of(bob))
    renamed = client.patch("/api/v1/models/a", {"name": "b", "description": "new"}, format="json")
    assert (renamed.data["name"], renamed.data["description"]) == ("b", "new")
    assert client.patch("/api/v1/models/b", {"name": "taken"}, format="json").status_code == 409
    moved = client.patch("/api/v1/models/b/versions/1", {"stage": "production"}, format="json")
    assert (moved.data["stage"], moved.data["source"]) == ("Production", "s3://bucket/x")
    assert client.patch("/api/v1/models/b/versions/1", {"stage": "x"}, format="json").status_code == 400


def test_an_endpoint_is_refused_for_a_version_without_files(bob: User, api: Api, actor_of: ActorOf) -> None:
    create_version(create_model("a", by=actor_of(bob)), "s3://bucket/x", by=actor_of(bob))
    body = {"name": "live", "variants": [{"name": "champion", "model": "a", "version": 1, "weight": 100}]}
    refused = api(bob).post("/api/v1/endpoints/", body, format="json")
    assert refused.status_code == 409, refused.data
    assert "has no files that this server can serve" in refused.data["detail"]
