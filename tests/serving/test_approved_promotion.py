"""A/B tests, canaries and retrainings obey the approval of the alias: they ask for it, wait, and go on with it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.errors import ApprovalNeeded
from models_app.actions.aliases import set_alias
from models_app.actions.approval_policies import declare_approval
from models_app.actions.promotion_requests import request_promotion
from models_app.actions.promotion_reviews import approve, reject
from models_app.models import Alias, ModelVersion, PromotionRequest
from serving.actions.abtests import obstacles_to, promote, start_test
from serving.actions.retraining import approve as approve_retraining
from serving.actions.retraining_looks import tend
from serving.models import AbTestState, Endpoint, EndpointMove
from tests.serving.answering import logged
from tests.serving.retrained import LATER, only, texts
from tests.serving.test_abtests import BASE
from tests.serving.test_canaries import CANARY, after, counted, share
from tests.serving.test_retraining import waiting

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(alice: User, actor_of: Callable[..., Actor]) -> Actor:
    return actor_of(alice)


def guarded(version: ModelVersion, owner: Actor) -> None:
    set_alias(version.model, "champion", version, by=owner)
    declare_approval(version.model, "champion", by=owner)


def test_an_ab_test_is_promoted_only_once_the_alias_is_approved(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor, owner: Actor
) -> None:
    guarded(versions[0], owner)
    test = start_test(endpoint, replace(BASE, alias="champion"), by=by)
    logged(endpoint, {"champion": 0.6, "challenger": 0.75}, n=2400)
    for who in (by, owner):
        with pytest.raises(ApprovalNeeded, match="moves only with the approval"):
            promote(test, "challenger", why="it won", by=who)
    assert endpoint.variants.count() == 2
    approve(request_promotion(versions[1], "champion", by=by), by=owner)
    test.refresh_from_db()
    assert obstacles_to(test, "challenger") == []
    promote(test, "challenger", by=by)
    (only_one,) = EndpointMove.objects.order_by("-pk")[0].variants
    assert (only_one["version"], only_one["weight"]) == (2, 100.0)
    assert "won" in EndpointMove.objects.order_by("-pk")[0].why


def test_a_canary_asks_at_its_last_step_and_goes_on_when_it_is_approved(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor, owner: Actor
) -> None:
    guarded(versions[0], owner)
    test, minutes = start_test(endpoint, CANARY, by=by), 0.0
    for _ in range(5):
        counted(endpoint, n=300)
        minutes += 11
        test = after(test, minutes)
    assert (test.state, share(endpoint)) == (AbTestState.RUNNING, 100)
    request = PromotionRequest.objects.get()
    assert (request.origin, request.link) == ("The canary “Bring in version 2”", f"/ab-tests/{test.pk}/")
    assert f"request {request.pk} waits" in test.memory["newest"]["move"]["reason"]
    assert after(test, minutes + 11).state == AbTestState.RUNNING
    assert PromotionRequest.objects.count() == 1
    approve(request, by=owner)
    test = after(test, minutes + 22)
    assert (test.state, test.winner) == (AbTestState.PROMOTED, "challenger")
    assert [variant.version for variant in endpoint.variants.all()] == [versions[1]]


def test_a_canary_whose_promotion_was_rejected_stays_and_says_why(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor, owner: Actor
) -> None:
    guarded(versions[0], owner)
    test, minutes = start_test(endpoint, CANARY, by=by), 0.0
    for _ in range(5):
        counted(endpoint, n=300)
        minutes += 11
        test = after(test, minutes)
    reject(PromotionRequest.objects.get(), "not before Monday", by=owner)
    test = after(test, minutes + 11)
    assert "was rejected: not before Monday" in test.memory["newest"]["move"]["reason"]
    assert (test.state, Alias.objects.get(name="champion").version) == (AbTestState.RUNNING, versions[0])


def test_a_retraining_asks_the_reviewers_of_the_alias_whose_approval_is_its_own(
    watched: Endpoint, known: ModelVersion, by: Actor, owner: Actor, tmp_path: Path
) -> None:
    guarded(known, owner)
    row = waiting(watched, by, tmp_path)
    assert row.state == "waiting", (row.outcome, texts(row))
    request = PromotionRequest.objects.get()
    assert (request.version, request.link) == (row.challenger, f"/retrainings/{row.pk}/")
    with pytest.raises(ApprovalNeeded, match=f"Request {request.pk} for it is open"):
        approve_retraining(row, why="looks well", now=LATER + timedelta(hours=1), by=owner)
    assert only(watched).state == "waiting"
    request.refresh_from_db()
    assert request.is_open
    approve(request, by=owner)
    tend(LATER + timedelta(hours=2))
    row = only(watched)
    assert (row.state, row.outcome) == ("promoted", f"The reviewers of “champion” approved {row.challenger}.")
    assert [variant.version for variant in watched.variants.all()] == [row.challenger]
    assert "Retraining" in EndpointMove.objects.order_by("-pk")[0].why


def test_a_retraining_whose_promotion_was_rejected_is_refused(
    watched: Endpoint, known: ModelVersion, by: Actor, owner: Actor, tmp_path: Path
) -> None:
    guarded(known, owner)
    row = waiting(watched, by, tmp_path)
    reject(PromotionRequest.objects.get(), "worse on the young", by=owner)
    tend(LATER + timedelta(hours=2))
    row = only(watched)
    assert (row.state, "worse on the young" in row.outcome) == ("refused", True)
    assert [variant.version for variant in watched.variants.all()] == [known]
