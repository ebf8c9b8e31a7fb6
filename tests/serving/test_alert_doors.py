"""The doors of alert rules: API and pages, by role."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from rest_framework.test import APIClient

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Team, User
from mlregistry.notices.models import Channel
from serving.actions.alert_declarations import Declaration
from serving.actions.alert_looks import tend
from serving.actions.alert_rules import create_alert_rule
from serving.models import AlertRule, Endpoint, LogCount

Api = Callable[..., APIClient]
Web = Callable[[User], Client]
NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
WANTED = {"name": "errors", "figure": "error_rate", "threshold": 0.05}
FORM = {
    "name": "slow", "figure": "latency_p99", "comparison": "above", "threshold": "250", "window_minutes": "10",
    "fewest": "100", "looks": "3", "cooldown_minutes": "30", "severity": "critical", "channels": "inbox",
    "tells_recovery": "on",
}  # fmt: skip


@pytest.fixture
def endpoint(team: Team) -> Endpoint:
    return Endpoint.objects.create(team=team, name="tumour", salt="s")


@pytest.fixture
def rule(endpoint: Endpoint, by: Actor) -> AlertRule:
    """One that fires."""
    made = create_alert_rule(
        endpoint, Declaration(name="lost", figure="log_drops", threshold=0), now=NOW, by=by
    )
    tend(NOW)
    LogCount.objects.create(endpoint=endpoint, source="p", n_enqueued=10, n_dropped=3)
    tend(NOW + timedelta(minutes=1))
    return made


def test_a_rule_from_the_api_s_first_answer_to_its_end(endpoint: Endpoint, bob: User, api: Api) -> None:
    client = api(bob)
    figures = {one["name"]: one for one in client.get("/api/v1/alert-figures/").json()}
    assert figures["error_rate"]["unit"] == "share"
    assert figures["live_metric"]["longest_window_seconds"] == 90 * 86_400
    made = client.post("/api/v1/endpoints/tumour/alert-rules/", WANTED, format="json")
    assert made.status_code == 201
    body = made.json()
    assert (body["state"], body["window_seconds"], body["is_active"]) == ("no data", 300, True)
    assert body["channels"] == [Channel.objects.get(kind="inbox").pk]
    address = f"/api/v1/alert-rules/{body['id']}"
    changed = client.patch(
        address, {"threshold": 0.1, "channels": [], "is_active": False}, format="json"
    ).json()
    assert (changed["threshold"], changed["channels"], changed["is_active"]) == (0.1, [], False)
    for listed in ("/api/v1/alert-rules/", "/api/v1/endpoints/tumour/alert-rules/"):
        assert [one["name"] for one in client.get(listed).json()["results"]] == ["errors"]
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"figure": "happiness"}, "figure"), ({"threshold": 2}, "threshold"), ({"threshold": "x"}, "threshold"),
        ({"looks": 0}, "looks"), ({"window_seconds": 10**20}, "window_seconds"), ({"channels": [987_654]}, "channels"),
        ({"channels": [10**30]}, "channels"), ({"comparison": "beside"}, "comparison"), ({"name": ""}, "name"),
    ],
)  # fmt: skip
def test_a_wrong_body_is_a_problem_that_names_its_field(
    endpoint: Endpoint, bob: User, api: Api, change: dict[str, object], field: str
) -> None:
    answer = api(bob).post("/api/v1/endpoints/tumour/alert-rules/", {**WANTED, **change}, format="json")
    assert 400 <= answer.status_code < 500
    assert answer.json()["field"].partition(".")[0] == field


def test_the_history_says_what_happened(rule: AlertRule, vera: User, api: Api) -> None:
    client = api(vera)
    [event] = client.get(f"/api/v1/alert-rules/{rule.pk}/events").json()["results"][:1]
    assert (event["former"], event["state"], event["value"]) == ("no data", "firing", 3.0)
    assert event["notice"] is not None
    assert client.get(f"/api/v1/alert-rules/{rule.pk}").json()["state"] == "firing"


def test_a_viewer_looks_and_changes_nothing_and_an_outsider_finds_nothing(
    rule: AlertRule, vera: User, charlie: User, api: Api, web: Web
) -> None:
    address = f"/api/v1/alert-rules/{rule.pk}"
    viewer, stranger = api(vera), api(charlie)
    assert viewer.patch(address, {}, format="json").status_code == 403
    assert viewer.delete(address).status_code == 403
    assert viewer.post("/api/v1/endpoints/tumour/alert-rules/", WANTED, format="json").status_code == 403
    for verb in ("get", "patch", "delete"):
        assert getattr(stranger, verb)(address).status_code == 404
    for page in ("edit", "switch", "delete"):
        assert web(vera).post(f"/alert-rules/{rule.pk}/{page}").status_code == 403
        assert web(charlie).post(f"/alert-rules/{rule.pk}/{page}").status_code == 404
    text = web(vera).get(f"/alert-rules/{rule.pk}/").content.decode()
    assert "Switch off" not in text
    assert AlertRule.objects.count() == 1


def test_the_pages_make_show_change_switch_and_delete_a_rule(endpoint: Endpoint, bob: User, web: Web) -> None:
    browser = web(bob)
    assert "No rules yet" in browser.get("/endpoints/tumour/alerts/").content.decode()
    assert browser.get("/endpoints/tumour/new-alert-rule").status_code == 200
    assert browser.post("/endpoints/tumour/new-alert-rule", FORM).status_code == 302
    rule = AlertRule.objects.get()
    assert (rule.threshold, rule.window_seconds, rule.cooldown_seconds) == (0.25, 600, 1800)
    assert (rule.looks, rule.fewest, rule.tells_recovery, rule.tells_no_data) == (3, 100, True, False)
    page = browser.get(f"/alert-rules/{rule.pk}/").content.decode()
    assert "Latency p99 above 250 ms over 10 minutes." in page
    form = browser.get(f"/alert-rules/{rule.pk}/edit").content.decode()
    assert 'value="250"' in form
    channel = Channel.objects.get()
    browser.post(f"/alert-rules/{rule.pk}/edit", {**FORM, "threshold": "300", "channels": str(channel.pk)})
    browser.post(f"/alert-rules/{rule.pk}/switch")
    rule.refresh_from_db()
    assert (rule.threshold, rule.is_active, list(rule.channels.all())) == (0.3, False, [channel])
    assert browser.post(f"/alert-rules/{rule.pk}/delete").status_code == 302
    assert not AlertRule.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"threshold": ""}, "Say from which value on"),
        ({"threshold": "fast"}, "is not a number"),
        ({"window_minutes": "0"}, "must lie between"),
        ({"channels": "x"}, "Choose channels from the list."),
        ({"figure": "error_rate", "threshold": "250"}, "is a share"),
    ],
)
def test_a_refused_form_keeps_what_was_written(
    endpoint: Endpoint, bob: User, web: Web, change: dict[str, str], words: str
) -> None:
    answer = web(bob).post("/endpoints/tumour/new-alert-rule", {**FORM, **change})
    text = answer.content.decode()
    assert answer.status_code == 400
    assert words in text
    assert 'value="slow"' in text


def test_what_fires_comes_first_on_the_pages(
    rule: AlertRule, endpoint: Endpoint, by: Actor, bob: User, web: Web
) -> None:
    create_alert_rule(endpoint, Declaration(name="aaa", figure="error_rate", threshold=0.5), by=by)
    browser = web(bob)
    for address in ("/alerts/", "/endpoints/tumour/alerts/", "/endpoints/tumour/"):
        text = browser.get(address).content.decode()
        assert text.index(">lost<") < text.index(">aaa<")
    assert "1 alert firing" in browser.get("/").content.decode()
    assert '<span class="count">1</span>' in browser.get("/inbox/").content.decode()
    assert "tumour: lost is firing" in browser.get("/inbox/").content.decode()


def test_the_admin_shows_rules_and_their_history(rule: AlertRule, alice: User, web: Web) -> None:
    alice.is_staff = alice.is_superuser = True
    alice.save()
    for name in ("alertrule", "alertevent", "endpointreading"):
        assert web(alice).get(f"/admin/serving/{name}/").status_code == 200
