"""The doors of A/B tests: API and pages start, show, plan, stop and promote, and refuse with a sentence."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from serving.actions.abtest_looks import tend
from serving.models import AbTest, Endpoint, Feedback, Prediction
from tests.serving.answering import logged

Api = Callable[..., APIClient]
Web = Callable[[User], Client]
WANTED: dict[str, Any] = {
    "name": "Better?", "control": "champion", "metric": "accuracy", "margin": 0.0, "horizon": 1000,
    "weights": {"champion": 50, "challenger": 50},
}  # fmt: skip
FORM = {
    "name": "Better?", "mode": "split", "control": "champion", "metric": "accuracy", "margin": "0", "effect": "",
    "weight-champion": "50", "weight-challenger": "50", "cuped_days": "0",
}  # fmt: skip


def test_the_api_starts_shows_and_promotes(endpoint: Endpoint, bob: User, vera: User, api: Api) -> None:
    client = api(bob)
    made = client.post("/api/v1/endpoints/tumour/ab-tests/", WANTED, format="json")
    assert made.status_code == 201, made.json()
    address = f"/api/v1/ab-tests/{made.json()['id']}"
    assert made.json()["declared"]["horizon"] == 1000
    assert client.patch(address, {"margin": 5}, format="json").status_code in (403, 405)
    refused = client.post(f"{address}/promote", {"variant": "challenger"}, format="json")
    assert refused.status_code == 409
    logged(endpoint, {"champion": 0.5, "challenger": 0.75}, n=1500)
    tend(timezone.now() + timedelta(minutes=5))
    seen = api(vera).get(address).json()
    assert seen["newest"]["comparisons"][0]["verdict"] == "wins"
    assert seen["obstacles"] == {"challenger": []}
    assert len(api(vera).get(f"{address}/looks").json()) == 2
    assert api(vera).get("/api/v1/endpoints/tumour/ab-tests/").json()["results"][0]["id"] == seen["id"]
    assert (
        client.post(f"{address}/promote", {"variant": "challenger"}, format="json").json()["state"]
        == "promoted"
    )
    assert client.post(f"{address}/stop", {}, format="json").status_code == 409


@pytest.mark.parametrize(
    ("change", "field"),
    [({"control": "nobody"}, "control"), ({"metric": "taste"}, "metric"), ({"weights": {"champion": 1}}, "weights"),
     ({"horizon": 10**18}, "horizon"), ({"guardrails": {"x": "y"}}, "guardrails.x")],
)  # fmt: skip
def test_the_api_refuses_with_the_field(
    change: dict[str, Any], field: str, endpoint: Endpoint, bob: User, api: Api
) -> None:
    answer = api(bob).post("/api/v1/endpoints/tumour/ab-tests/", {**WANTED, **change}, format="json")
    assert answer.status_code == 400
    assert answer.json().get("field", field) == field


def test_the_planner_answers_through_both_doors(
    endpoint: Endpoint, bob: User, vera: User, api: Api, web: Web
) -> None:
    query = {"metric": "accuracy", "effect": "0.05", "weight-champion": "50", "weight-challenger": "50"}
    early = api(vera).get("/api/v1/endpoints/tumour/ab-test-plan", query)
    assert early.status_code == 400
    assert "Fewer than 30 units" in early.json()["detail"]
    assert "Fewer than 30 units" in web(vera).get("/endpoints/tumour/test-plan", query).content.decode()
    logged(endpoint, {"champion": 0.8, "challenger": 0.8}, n=500, at=timezone.now() - timedelta(days=5))
    planned = api(vera).get("/api/v1/endpoints/tumour/ab-test-plan", query).json()
    assert planned["traffic"]["units_per_day"] == pytest.approx(100, rel=0.02)
    assert planned["plan"]["fixed_days"] > 0
    page = web(bob).get("/endpoints/tumour/test-plan", query | {"control": "champion"}).content.decode()
    assert "looking at any time" in page
    assert "Say which improvement" in web(bob).get("/endpoints/tumour/test-plan", {}).content.decode()


def test_the_page_starts_a_test_and_shows_it(endpoint: Endpoint, bob: User, web: Web) -> None:
    client = web(bob)
    assert "How long will it take?" in client.get("/endpoints/tumour/new-test").content.decode()
    answer = client.post("/endpoints/tumour/new-test", FORM)
    test = AbTest.objects.get()
    assert answer["Location"] == f"/ab-tests/{test.pk}/"
    assert "The first look comes within seconds" in client.get(f"/ab-tests/{test.pk}/").content.decode()
    logged(endpoint, {"champion": 0.5, "challenger": 0.75}, n=1500)
    for minutes in (5, 15):
        tend(timezone.now() + timedelta(minutes=minutes))
    page = client.get(f"/ab-tests/{test.pk}/").content.decode()
    assert "“challenger” is better than “champion”" in page
    told = r"Share of right answers: ([\d.]+)\s% against ([\d.]+)\s%, better by ([\d.]+) points \(95\s%: \+"
    found = re.search(told, page)
    assert found
    seen = [_percent_right(endpoint, variant) for variant in ("challenger", "champion")]
    assert list(map(float, found.groups())) == pytest.approx([*seen, seen[0] - seen[1]], abs=0.051)
    assert 'id="chart-sequence"' in page
    assert "split as declared" in page
    assert test.name in client.get("/endpoints/tumour/").content.decode()
    live = client.get(f"/ab-tests/{test.pk}/", headers={"HX-Request": "true"})
    assert "HX-Refresh" not in live.headers
    client.post(f"/ab-tests/{test.pk}/promote", {"variant": "challenger"})
    test.refresh_from_db()
    assert test.state == "promoted"
    live = client.get(f"/ab-tests/{test.pk}/", headers={"HX-Request": "true"})
    assert live["HX-Refresh"] == "true"


def _percent_right(endpoint: Endpoint, variant: str) -> float:
    """Which units a variant answers, and so how often it is right, is another in each run."""
    asked = Prediction.objects.filter(endpoint=endpoint, variant=variant).values("request_id")
    truths = Feedback.objects.filter(request_id__in=asked).values_list("truth", flat=True)
    return 100 * sum(map(int, truths)) / len(truths)


def test_a_split_that_is_off_hides_the_verdict(endpoint: Endpoint, bob: User, web: Web) -> None:
    client = web(bob)
    client.post("/endpoints/tumour/new-test", FORM)
    logged(endpoint, {"champion": 0.5, "challenger": 0.75}, n=1500)
    Prediction.objects.filter(variant="champion", unit__regex="[1357]$").delete()
    tend(timezone.now() + timedelta(minutes=5))
    test = AbTest.objects.get()
    assert test.memory["split_alarm"]
    page = client.get(f"/ab-tests/{test.pk}/").content.decode()
    assert "Sample ratio mismatch" in page
    assert "“challenger” is better than “champion”" not in page
    assert " left</span>" not in page
    assert "disabled" in page


def test_a_refused_form_keeps_what_was_sent(endpoint: Endpoint, bob: User, web: Web) -> None:
    answer = web(bob).post("/endpoints/tumour/new-test", {**FORM, "margin": "0.1", "effect": "0.05"})
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "must be above the margin" in page
    assert 'value="Better?"' in page


@pytest.mark.parametrize(
    "more",
    [{"mode": "canary", "steps": "10, 50, 100", "error_rate": "2", "p99_seconds": "0.25", "dwell_minutes": "1"},
     {"mode": "bandit", "floor": "5", "every_minutes": "30"}],
)  # fmt: skip
def test_the_page_starts_canaries_and_bandits(
    more: dict[str, str], endpoint: Endpoint, bob: User, web: Web
) -> None:
    client = web(bob)
    answer = client.post("/endpoints/tumour/new-test", {**FORM, **more})
    assert answer.status_code == 302, answer.content.decode()
    tend(timezone.now() + timedelta(minutes=1))
    page = client.get(answer["Location"]).content.decode()
    assert AbTest.objects.get().mode == more["mode"]
    assert ("Guardrails" in page) == (more["mode"] == "canary")
    client.post(f"{answer['Location']}stop", {"back": "yes"})
    assert {float(v.weight) for v in endpoint.variants.all()} == {100, 0}


def test_a_viewer_sees_no_buttons(endpoint: Endpoint, by: Actor, bob: User, vera: User, web: Web) -> None:
    web(bob).post("/endpoints/tumour/new-test", FORM)
    address = f"/ab-tests/{AbTest.objects.get().pk}/"
    page = web(vera).get(address).content.decode()
    assert "Promote" not in page
    assert web(vera).post(f"{address}stop").status_code == 403
    assert web(vera).get("/endpoints/tumour/new-test").status_code == 403
