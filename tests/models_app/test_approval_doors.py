"""Every door of the registry to an alias that takes approval: refused with a clear error; and the doors of approval."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.notices.models import InboxEntry
from models_app.actions.promotion_requests import request_promotion
from models_app.models import ApprovalPolicy, ModelVersion, PromotionRequest, RegisteredModel
from tests.models_app.approving import champion, two_versions

pytestmark = pytest.mark.django_db
Api = Callable[[User], APIClient]
Web = Callable[[User], Client]
NEEDED = "moves only with the approval of a second person"


@pytest.fixture(autouse=True)
def _no_gate(settings: Settings) -> None:
    settings.MODEL_GATE = False


@pytest.fixture
def versions(bob: User, alice: User, actor_of: Callable[..., Actor]) -> list[ModelVersion]:
    return two_versions(actor_of(bob), actor_of(alice))


def test_the_rest_api_refuses_to_set_and_to_delete(
    versions: list[ModelVersion], alice: User, api: Api
) -> None:
    client = api(alice)
    answer = client.put(
        "/api/v1/models/tumour/aliases/champion", {"version": 2, "why": "mine"}, format="json"
    )
    assert (answer.status_code, answer.json()["title"]) == (409, "approval needed")
    assert NEEDED in answer.json()["detail"]
    gone = client.delete("/api/v1/models/tumour/aliases/champion")
    assert (gone.status_code, champion()) == (409, 1)
    assert client.delete("/api/v1/models/tumour/versions/1").status_code == 409
    assert client.delete("/api/v1/models/tumour").status_code == 409


def test_the_pages_refuse_and_offer_to_ask(
    versions: list[ModelVersion], bob: User, alice: User, web: Web
) -> None:
    page = web(bob)
    sent = page.post("/models/tumour/aliases", {"alias": "champion", "version": "2"}, follow=True)
    assert NEEDED in sent.content.decode()
    page.post("/models/tumour/aliases/delete", {"alias": "champion"})
    assert champion() == 1
    shown = page.get("/models/tumour/aliases/move?alias=champion&version=2").content.decode()
    assert "It takes approval" in shown
    asked = page.post(
        "/models/tumour/promotions", {"alias": "champion", "version": "2", "comment": "**better**"}
    )
    request = PromotionRequest.objects.get()
    assert asked["Location"] == f"/promotions/{request.pk}/"
    own = page.get(f"/promotions/{request.pk}/").content.decode()
    assert 'value="approve"' not in own
    assert "somebody else decides" in own
    assert page.post(f"/promotions/{request.pk}/review", {"verdict": "approve"}).status_code == 403
    other = web(alice)
    theirs = other.get(f"/promotions/{request.pk}/").content.decode()
    assert 'value="approve"' in theirs
    assert "<strong>better</strong>" in theirs
    other.post(f"/promotions/{request.pk}/review", {"verdict": "approve", "text": "fine"})
    assert champion() == 2
    assert "Promoted by alice" in other.get(f"/promotions/{request.pk}/").content.decode()
    listed = other.get("/promotions/?state=promoted").content.decode()
    assert f"/promotions/{request.pk}/" in listed
    assert "request" in other.get("/models/tumour/aliases/history").content.decode()


def test_the_admin_cannot_move_or_delete_it(versions: list[ModelVersion], alice: User, web: Web) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)
    page = web(alice)
    for noun, row in (("registeredmodel", versions[0].model), ("modelversion", versions[0])):
        verb = "delete_models" if noun == "registeredmodel" else "delete_versions"
        chosen = {"action": verb, "_selected_action": [row.pk]}
        sent = page.post(f"/admin/models_app/{noun}/", chosen, follow=True)
        assert "moves only with approval" in sent.content.decode()
    alias = versions[0].model.aliases.get()
    assert (
        page.post(f"/admin/models_app/registeredmodel/{versions[0].model.pk}/change/", {}).status_code == 403
    )
    assert (alias.version_id, RegisteredModel.objects.count(), champion()) == (versions[0].pk, 1, 1)


def test_the_api_of_approval(versions: list[ModelVersion], bob: User, alice: User, api: Api) -> None:
    editor, owner = api(bob), api(alice)
    place = "/api/v1/models/tumour/approval-policies/"
    assert editor.put(f"{place}champion", {"n_approvers": 1}, format="json").status_code == 403
    body = {"n_approvers": 1, "reviewers": ["alice"], "checks": ["card"]}
    made = owner.put(f"{place}champion", body, format="json").json()
    assert (made["reviewers"], made["checks"]) == (["alice"], ["card"])
    assert owner.put(f"{place}*", {}, format="json").json()["alias"] == "*"
    assert [one["alias"] for one in editor.get(place).json()["results"]] == ["*", "champion"]
    assert owner.delete(f"{place}*").status_code == 204
    wrong = owner.put(f"{place}champion", {"reviewers": ["nobody"]}, format="json")
    assert wrong.status_code == 404
    asked = editor.post(
        "/api/v1/models/tumour/promotions/",
        {"alias": "champion", "version": 2, "comment": "go"},
        format="json",
    ).json()
    assert (asked["state"], asked["progress"]["reviewers"]) == ("open", ["alice"])
    reviews = f"/api/v1/promotions/{asked['id']}/reviews"
    assert editor.post(reviews, {"verdict": "approve"}, format="json").status_code == 403
    assert editor.post(reviews, {"verdict": "praise"}, format="json").status_code == 400
    assert editor.post(reviews, {"verdict": "comment", "text": "hello"}, format="json").status_code == 200
    missing = owner.post(reviews, {"verdict": "approve"}, format="json").json()["progress"]["missing"]
    assert missing == ["The model card of tumour v2 does not say what it is for and its limits."]
    owner.patch("/api/v1/models/tumour/versions/2/card", {"intended_use": "a", "limits": "b"}, format="json")
    assert (champion(), owner.get(f"/api/v1/promotions/{asked['id']}").json()["state"]) == (2, "promoted")
    back = {"alias": "champion", "version": 1}
    again = editor.post("/api/v1/models/tumour/promotions/", back, format="json").json()["id"]
    assert [one["id"] for one in editor.get("/api/v1/promotions/?state=open").json()["results"]] == [again]
    gone = editor.post(f"/api/v1/promotions/{again}/withdraw", {"text": "no"}, format="json").json()
    assert (gone["state"], gone["reason"]) == ("withdrawn", "no")
    moves = editor.get("/api/v1/models/tumour/alias-history").json()["results"]
    assert [(one["version"], one["former"]) for one in moves] == [(2, 1), (1, None)]


def test_a_policy_is_declared_changed_and_lifted_on_its_page(
    versions: list[ModelVersion], bob: User, alice: User, web: Web
) -> None:
    page = web(alice)
    form: dict[str, Any] = {
        "alias": "champion",
        "n_approvers": "1",
        "reviewers": ["bob", "alice"],
        "checks": ["gate"],
    }
    assert page.post("/models/tumour/approval", form).status_code == 302
    policy = ApprovalPolicy.objects.get()
    assert (policy.checks, policy.reviewers.count()) == (["gate"], 2)
    shown = page.get("/models/tumour/approval?alias=champion").content.decode()
    assert "any editor or owner" not in shown
    refused = page.post("/models/tumour/approval", {**form, "n_approvers": "3"})
    assert (refused.status_code, "3 approvals take 3 reviewers" in refused.content.decode()) == (400, True)
    assert web(bob).post("/models/tumour/approval/lift", {"alias": "champion"}).status_code == 403
    page.post("/models/tumour/approval/lift", {"alias": "champion"})
    assert not ApprovalPolicy.objects.exists()


def test_reviewers_find_it_in_their_inbox(
    versions: list[ModelVersion], bob: User, alice: User, actor_of: Callable[..., Actor], web: Web
) -> None:
    request = request_promotion(versions[1], "champion", by=actor_of(bob))
    entry = InboxEntry.objects.get(user=alice)
    assert entry.notice.link == f"/promotions/{request.pk}/"
    assert "approval asked for by bob" in web(alice).get("/inbox/").content.decode()
    home = web(alice).get("/").content.decode()
    assert "1 request for approval" in home
    assert f"/promotions/{request.pk}/" in home
