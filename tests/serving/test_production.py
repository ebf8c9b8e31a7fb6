"""What was in production at a moment: histories kept with each change, filled from the audit trail, never changed."""

import csv
import importlib
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, Team, User
from mlregistry.errors import Invalid
from models_app.actions.aliases import delete_alias, set_alias
from models_app.actions.models import delete_model, rename_model
from models_app.actions.versions import delete_version
from models_app.models import AliasMove, ModelVersion
from serving.actions.endpoints import create_endpoint, delete_endpoint, set_variants
from serving.models import Endpoint, EndpointMove
from serving.queries.production import moment, production
from serving.queries.timelines import timeline
from tests.serving.conftest import two_variants

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


def moved(
    team: Team, at: datetime, *shares: tuple[int, float], name: str = "churn", key: int = 7
) -> EndpointMove:
    variants = [
        {"name": f"v{number}", "model": "m", "model_id": 5, "version": number, "weight": weight}
        for number, weight in shares
    ]
    return EndpointMove.objects.create(
        team=team, endpoint_id_then=key, endpoint_name=name, variants=variants, who="bob", via="web", why="because",
        at=at,
    )  # fmt: skip


def pointed(team: Team, at: datetime, number: int | None, *, alias: str = "champion") -> AliasMove:
    return AliasMove.objects.create(
        team=team, model_id_then=5, model_name="m", alias=alias, number=number, who="alice", via="api", at=at
    )


@pytest.fixture
def past(team: Team) -> None:
    """Version 1 since Monday, a canary on Tuesday, version 2 and the alias on Wednesday, deleted on Friday."""
    moved(team, MONDAY, (1, 100))
    pointed(team, MONDAY, 1)
    moved(team, MONDAY + timedelta(days=1), (1, 90), (2, 10))
    moved(team, MONDAY + timedelta(days=2), (2, 100))
    pointed(team, MONDAY + timedelta(days=2), 2)
    moved(team, MONDAY + timedelta(days=4))
    pointed(team, MONDAY + timedelta(days=4), None)


def shares(team: Team, at: datetime) -> dict[int, float]:
    found = production(team, at).endpoints
    return {one["version"]: one["weight"] for one in found[0].variants} if found else {}


def test_each_moment_of_the_past_is_as_it_was(past: None, team: Team, other_team: Team) -> None:
    hours = [-1, 0, 23, 24, 47, 48, 95, 96]
    seen = [shares(team, MONDAY + timedelta(hours=hour)) for hour in hours]
    canary = {1: 90, 2: 10}
    assert seen == [{}, {1: 100}, {1: 100}, canary, canary, {2: 100}, {2: 100}, {}]
    (then,) = production(team, MONDAY + timedelta(hours=30)).endpoints
    assert [one["aliases"] for one in then.variants] == [["champion"], []]
    assert (then.who, then.why, then.since) == ("bob", "because", MONDAY + timedelta(days=1))
    assert production(team, MONDAY + timedelta(days=5)).aliases == []
    assert production(other_team, MONDAY).endpoints == []


def test_it_takes_two_queries_however_long_the_histories_are(team: Team) -> None:
    for day in range(40):
        moved(team, MONDAY + timedelta(days=day), (day + 1, 100), name=f"e{day % 5}", key=day % 5)
        pointed(team, MONDAY + timedelta(days=day), day + 1, alias=f"a{day % 3}")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = production(team, MONDAY + timedelta(days=60))
    assert (len(queries), len(found.endpoints), len(found.aliases)) == (2, 5, 3)


def test_every_change_is_kept_with_its_transaction(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor
) -> None:
    set_variants(endpoint, two_variants(versions, 20, 80), why="it is better", by=by)
    set_alias(versions[0].model, "champion", versions[1], by=by)
    rename_model(versions[0].model, "growth", by=by)
    (now,) = production(by.team, moment("")).endpoints
    assert [(one["version"], one["weight"], one["aliases"]) for one in now.variants] == [
        (1, 20.0, []), (2, 80.0, ["champion"]),
    ]  # fmt: skip
    assert (now.who, now.why) == ("bob", "it is better")
    with pytest.raises(Invalid):
        set_variants(endpoint, two_variants(versions, 20, 20), by=by)
    assert EndpointMove.objects.count() == 2
    delete_endpoint(endpoint, by=by)
    assert production(by.team, moment("")).endpoints == []
    delete_version(versions[1], by=by)
    assert AliasMove.objects.order_by("-pk")[0].why == "Version 2 was deleted."
    set_alias(versions[0].model, "champion", versions[0], by=by)
    set_alias(versions[0].model, "shadow", versions[0], by=by)
    delete_alias(versions[0].model, "shadow", by=by)
    assert [move.alias for move in production(by.team, moment("")).aliases] == ["champion"]
    delete_model(versions[0].model, by=by)
    assert production(by.team, moment("")).aliases == []
    assert production(by.team, now.since).endpoints[0].variants[1]["version"] == 2


def test_a_reason_given_with_a_split_is_kept_in_the_history_and_the_audit_trail(
    endpoint: Endpoint, bob: User, vera: User, api: Callable[..., APIClient], web: Callable[[User], Client]
) -> None:
    page, form = web(bob), {"variant": ["champion"], "version": ["tumour/2"], "weight": ["100"]}
    answer = page.post("/endpoints/tumour/variants", {**form, "reason": " <b>fewer</b> false alarms "})
    assert answer.status_code == 302
    words = "&lt;b&gt;fewer&lt;/b&gt; false alarms"
    for path in ("/endpoints/tumour/history/", "/production/"):
        assert words in web(vera).get(path).content.decode(), path
    sent = {"variants": [{"name": "champion", "model": "tumour", "version": 1, "weight": 100}]}
    client, address = api(bob), "/api/v1/endpoints/tumour"
    assert client.put(f"{address}/variants", {**sent, "reason": "back"}, format="json").status_code == 200
    client.post(f"{address}/deploy", {**sent, "reason": "once more"}, format="json")
    history = client.get(f"{address}/history").json()["results"]
    given = ["once more", "back", "<b>fewer</b> false alarms", "The endpoint was made."]
    assert [move["why"] for move in history] == given
    assert client.get("/api/v1/production").json()["endpoints"][0]["why"] == "once more"
    audited = AuditEvent.objects.filter(action="endpoint.set_variants").order_by("-pk")
    assert [event.details["why"] for event in audited] == given[:3]


def test_a_reason_has_at_most_500_characters_and_the_form_keeps_what_was_typed(
    endpoint: Endpoint, bob: User, api: Callable[..., APIClient], web: Callable[[User], Client]
) -> None:
    form = {"variant": ["champion"], "version": ["tumour/2"], "weight": ["100"], "reason": "x" * 501}
    answer = web(bob).post("/endpoints/tumour/variants", form)
    assert answer.status_code == 400
    assert f'value="{"x" * 501}"' in answer.content.decode()
    sent = {"variants": [{"name": "champion", "model": "tumour", "version": 1, "weight": 100}]}
    for verb, path in (("put", "variants"), ("post", "deploy")):
        call = getattr(api(bob), verb)
        refused = call(f"/api/v1/endpoints/tumour/{path}", {**sent, "reason": "x" * 501}, format="json")
        assert (refused.status_code, refused.json()["field"]) == (400, "reason")
        refused = call(f"/api/v1/endpoints/tumour/{path}", {**sent, "reason": "a\x00b"}, format="json")
        assert refused.status_code == 400
    assert EndpointMove.objects.count() == 1


@pytest.mark.parametrize("model", [EndpointMove, AliasMove])
def test_a_history_cannot_be_changed(past: None, model: Any) -> None:
    with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
        model.objects.update(why="another reason")


def test_a_moment_is_read_in_the_zone_of_whoever_asks() -> None:
    assert moment("2026-07-01T12:00", "Europe/Berlin") == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert moment("2026-07-01T12:00:00+05:00", "Europe/Berlin") == datetime(2026, 7, 1, 7, tzinfo=UTC)
    assert moment("2026-07-01T12:00") == datetime(2026, 7, 1, 12, tzinfo=UTC)
    for text, zone, field in (
        ("yesterday", "", "at"), ("2026-13-01T12:00", "", "at"), ("0001-01-01T00:00", "", "at"),
        ("2026-07-01T12:00", "Mars/Base", "zone"), ("2026-07-01T12:00", "../etc", "zone"),
        ("2026-07-01T12:00", "Europe", "zone"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as raised:
            moment(text, zone)
        assert raised.value.field == field


def test_what_the_audit_trail_knows_fills_the_histories(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor
) -> None:
    set_alias(versions[0].model, "champion", versions[0], by=by)
    set_alias(versions[0].model, "champion", versions[1], by=by)
    set_alias(versions[0].model, "old", versions[0], by=by)
    delete_alias(versions[0].model, "old", by=by)
    set_variants(endpoint, two_variants(versions, 0, 100), by=by)
    unknown = create_endpoint("unknown", variants=two_variants(versions, 50, 50), by=by)
    AuditEvent.objects.filter(target_type="serving.endpoint", target_id=str(unknown.pk)).delete()
    kept = [list(model.objects.order_by("pk").values_list(*FIELDS[model])) for model in FIELDS]
    for model in FIELDS:
        model.objects.all().delete()
    for module in (
        "models_app.migrations.0010_approvals_and_alias_moves",
        "serving.migrations.0015_endpoint_moves",
    ):
        with connection.cursor() as cursor:
            cursor.execute(importlib.import_module(module).FILL)
    filled = [list(model.objects.order_by("pk").values_list(*FIELDS[model])) for model in FIELDS]
    assert filled == kept
    assert EndpointMove.objects.get(endpoint_name="unknown").why == "Known since the history is kept."


FIELDS: dict[Any, tuple[str, ...]] = {
    AliasMove: ("team_id", "model_id_then", "model_name", "alias", "number"),
    EndpointMove: ("team_id", "endpoint_id_then", "endpoint_name", "variants"),
}


def test_a_timeline_has_a_block_for_each_version_and_period(past: None, team: Team) -> None:
    moves = list(EndpointMove.objects.order_by("at"))
    found = timeline(moves, now=MONDAY + timedelta(days=8))
    assert found is not None
    assert [(block.x, block.width, block.height, block.tone) for block in found.blocks] == [
        (0.0, 125.0, 100.0, 1), (125.0, 125.0, 90.0, 1), (125.0, 125.0, 10.0, 2), (250.0, 250.0, 100.0, 2),
    ]  # fmt: skip
    assert found.versions == [("m v1", 1), ("m v2", 2)]
    assert timeline([], now=MONDAY) is None


def test_the_page_and_the_csv_show_a_moment(past: None, vera: User, web: Callable[[User], Client]) -> None:
    page = web(vera)
    shown = page.get("/production/?at=2026-03-03T15:00&zone=Europe/Berlin")
    text = shown.content.decode()
    assert (shown.status_code, "3 March 2026, 15:00" in text, "90 %" in text) == (200, True, True)
    wrong = page.get("/production/?at=soon")
    assert (wrong.status_code, "Give a moment such as" in wrong.content.decode()) == (400, True)
    rows = list(csv.DictReader(io.StringIO(page.get("/production.csv?at=2026-03-03T14:00").content.decode())))
    assert [(row["version"], row["weight"], row["aliases"]) for row in rows] == [
        ("1", "90", "champion"),
        ("2", "10", ""),
    ]
    history = page.get("/endpoints/churn/history/").content.decode()
    assert ("The endpoint is deleted." in history, history.count('<rect class="s')) == (True, 6)
    lines = page.get("/endpoints/churn/history.csv").content.decode().splitlines()
    assert len(lines) == 6
    assert page.get("/endpoints/nothing/history/").status_code == 404
    assert page.get("/endpoints/nothing/history.csv").status_code == 404


def test_the_api_answers_for_a_moment_and_for_an_endpoint(
    past: None, vera: User, charlie: User, api: Callable[..., APIClient]
) -> None:
    client = api(vera)
    found = client.get("/api/v1/production", {"at": "2026-03-04T13:00:00Z"}).json()
    assert (found["endpoints"][0]["variants"][0]["version"], found["aliases"][0]["version"]) == (2, 2)
    assert client.get("/api/v1/production", {"at": "never"}).json()["field"] == "at"
    assert len(client.get("/api/v1/endpoints/churn/history").json()["results"]) == 4
    assert api(charlie).get("/api/v1/endpoints/churn/history").status_code == 404
