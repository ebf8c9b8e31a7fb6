"""Approval: four eyes, reviewers, checks, stale approvals; the alias moves in one transaction, once."""

import threading
from collections.abc import Callable

import pytest
from django.db import connections
from pytest_django import Settings

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, Membership, Role, Team, User
from mlregistry.errors import ApprovalNeeded, Conflict, Forbidden, Invalid, MlregistryError
from mlregistry.ml.model_tests.load_policy import QUANTILE
from mlregistry.notices.actions.channels import create_channel
from mlregistry.notices.models import Delivery, InboxEntry, Notice
from models_app.actions.aliases import delete_alias, set_alias, set_or_await
from models_app.actions.approval_policies import declare_approval, lift_approval
from models_app.actions.cards import write_card
from models_app.actions.importing import ModelRecord, import_model
from models_app.actions.load_verdicts import keep_load_verdict
from models_app.actions.models import delete_model
from models_app.actions.promotion_requests import request_promotion, requested, withdraw
from models_app.actions.promotion_reviews import approve, comment, reject
from models_app.actions.versions import delete_version, register
from models_app.models import Alias, AliasMove, ModelTestRun, ModelVersion, PromotionRequest, PromotionState
from models_app.queries import load_verdicts
from models_app.queries.approvals import progress
from tests.cast import make_user
from tests.models_app.approving import champion, two_versions
from tests.models_app.trained import finished_run
from tests.models_app.with_tests import with_tests

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]


@pytest.fixture(autouse=True)
def _no_gate(settings: Settings) -> None:
    """The gate has tests of its own; those that need it here switch it on."""
    settings.MODEL_GATE = False


@pytest.fixture
def by(bob: User, actor_of: ActorOf) -> Actor:
    return actor_of(bob)


@pytest.fixture
def owner(alice: User, actor_of: ActorOf) -> Actor:
    return actor_of(alice)


@pytest.fixture
def carol(team: Team, actor_of: ActorOf) -> Actor:
    return actor_of(make_user("carol", team, Role.EDITOR))


@pytest.fixture
def versions(by: Actor, owner: Actor) -> list[ModelVersion]:
    return two_versions(by, owner)


def asked(versions: list[ModelVersion], by: Actor) -> PromotionRequest:
    return request_promotion(versions[1], "champion", comment="it is better", by=by)


def state(request: PromotionRequest) -> str:
    return PromotionRequest.objects.get(pk=request.pk).state


def test_the_alias_moves_with_the_approval_of_a_second_person_and_not_before(
    versions: list[ModelVersion], by: Actor, owner: Actor
) -> None:
    with pytest.raises(ApprovalNeeded, match="moves only with the approval of a second person"):
        set_alias(versions[1].model, "champion", versions[1], by=by)
    with pytest.raises(ApprovalNeeded):
        set_alias(versions[1].model, "champion", versions[1], why="I own it", by=owner)
    request = asked(versions, by)
    assert champion() == 1
    approve(request, "yes", by=owner)
    assert (champion(), state(request)) == (2, "promoted")
    move = AliasMove.objects.order_by("-pk")[0]
    assert (move.number, move.former, move.who, move.request_number) == (2, 1, "alice", request.pk)
    assert move.why == "Approved by alice. it is better"
    line = AuditEvent.objects.get(action="promotion.promote")
    assert (line.user, line.details["approved_by"]) == (owner.user, ["alice"])
    assert PromotionRequest.objects.get().former == 1


def test_whoever_asked_does_not_approve_even_as_owner(versions: list[ModelVersion], owner: Actor) -> None:
    request = asked(versions, owner)
    for decide in (approve, reject):
        with pytest.raises(Forbidden, match="somebody else has to"):
            decide(request, "mine", by=owner)
    with pytest.raises(Forbidden):
        approve(request, by=Actor.system(owner.team))
    assert champion() == 1


def test_two_approvals_are_of_two_people(
    versions: list[ModelVersion], by: Actor, owner: Actor, carol: Actor
) -> None:
    declare_approval(versions[0].model, "champion", n_approvers=2, by=owner)
    request = asked(versions, by)
    approve(request, by=owner)
    approve(request, "again", by=owner)
    assert champion() == 1
    assert progress(request).missing == ["1 of 2 approvals given."]
    approve(request, by=carol)
    assert champion() == 2


def test_only_named_reviewers_decide_and_only_while_they_are_members(
    versions: list[ModelVersion], by: Actor, owner: Actor, carol: Actor
) -> None:
    assert carol.user is not None
    assert owner.user is not None
    declare_approval(
        versions[0].model, "champion", n_approvers=2, reviewers=[carol.user, owner.user], by=owner
    )
    request = asked(versions, by)
    approve(request, by=carol)
    Membership.objects.filter(user=carol.user).update(role=Role.VIEWER)
    approve(request, by=owner)
    assert champion() == 1
    assert "may not approve this any more" in progress(request).approvals[0].stale
    declare_approval(versions[0].model, "champion", reviewers=[owner.user], by=owner)
    Membership.objects.filter(user=carol.user).update(role=Role.EDITOR)
    with pytest.raises(Forbidden, match="you are none of them"):
        approve(request, by=carol)


def test_viewers_neither_ask_nor_review(
    versions: list[ModelVersion], by: Actor, vera: User, actor_of: ActorOf
) -> None:
    with pytest.raises(Forbidden):
        asked(versions, actor_of(vera))
    request = asked(versions, by)
    for decide in (approve, reject, comment):
        with pytest.raises(Forbidden):
            decide(request, "x", by=actor_of(vera))


def test_a_newer_version_makes_approvals_stale(
    versions: list[ModelVersion], by: Actor, owner: Actor, carol: Actor
) -> None:
    declare_approval(versions[0].model, "champion", n_approvers=2, by=owner)
    request = asked(versions, by)
    approve(request, by=owner)
    register(finished_run(by), "tumour", by=by)
    assert progress(request).approvals[0].stale == "a newer version was registered since"
    approve(request, by=carol)
    assert champion() == 1
    approve(request, by=owner)
    assert champion() == 2


def test_another_champion_makes_approvals_stale(
    versions: list[ModelVersion], by: Actor, owner: Actor, carol: Actor
) -> None:
    third = register(finished_run(by), "tumour", by=by)
    declare_approval(versions[0].model, "champion", n_approvers=2, by=owner)
    first, other = asked(versions, by), request_promotion(third, "champion", by=by)
    approve(first, by=owner)
    for reviewer in (owner, carol):
        approve(other, by=reviewer)
    assert champion() == 3
    approve(first, by=carol)
    assert (champion(), progress(first).approvals[0].stale) == (3, "the alias moved meanwhile")


def test_a_changed_result_of_the_tests_makes_approvals_stale(
    versions: list[ModelVersion], by: Actor, owner: Actor, carol: Actor, settings: Settings
) -> None:
    settings.MODEL_GATE = True
    ModelTestRun.objects.filter(version=versions[1]).delete()
    with_tests(versions[1])
    declare_approval(versions[0].model, "champion", n_approvers=2, checks=["gate"], by=owner)
    request = asked(versions, by)
    approve(request, by=owner)
    with_tests(versions[1], against="row_order")
    found = progress(request)
    assert found.approvals[0].stale == "the result of its tests changed since"
    assert "fails “Row order”" in found.missing[1]
    approve(request, by=carol)
    assert champion() == 1
    with_tests(versions[1])  # carol's was of the failed tests; alice's counts again
    assert (champion(), state(request)) == (1, "open")
    approve(request, by=carol)
    assert champion() == 2


def test_the_card_is_asked_for_and_the_alias_moves_when_it_is_written(
    versions: list[ModelVersion], by: Actor, owner: Actor
) -> None:
    declare_approval(versions[0].model, "champion", checks=["card"], by=owner)
    request = asked(versions, by)
    approve(request, by=owner)
    assert progress(request).missing == [
        "The model card of tumour v2 does not say what it is for and its limits."
    ]
    write_card(versions[1], intended_use="screening", by=by)
    assert champion() == 1
    write_card(versions[1], limits="adults only", by=by)
    assert (champion(), state(request)) == (2, "promoted")


def test_the_load_test_is_asked_for(versions: list[ModelVersion], by: Actor, owner: Actor) -> None:
    declare_approval(versions[0].model, "champion", checks=["load_test"], by=owner)
    request = asked(versions, by)
    approve(request, by=owner)
    assert progress(request).missing == ["tumour v2 has no load test with a goal yet."]
    for passed, served in ((False, ""), (True, "others"), (True, "")):
        keep_load_verdict(
            versions[1], passed=passed, goal={QUANTILE: 1}, figures={}, reasons=[], endpoint="e", load_test_id=1,
            served=served or load_verdicts.served_digest(versions[1]), by=by,
        )  # fmt: skip
    assert (champion(), state(request)) == (2, "promoted")


def test_a_rejection_ends_it_and_needs_a_reason(
    versions: list[ModelVersion], by: Actor, owner: Actor
) -> None:
    request = asked(versions, by)
    with pytest.raises(Invalid, match="Say why"):
        reject(request, "  ", by=owner)
    reject(request, "worse on the young", by=owner)
    assert (state(request), champion()) == ("rejected", 1)
    with pytest.raises(Conflict, match="it was rejected"):
        approve(request, by=owner)
    told = Notice.objects.get(kind="promotion.rejected")
    assert (told.text, InboxEntry.objects.get(notice=told).user) == ("worse on the young", by.user)
    assert state(asked(versions, by)) == "open"


def test_it_is_withdrawn_by_whoever_asked_or_an_owner(
    versions: list[ModelVersion], by: Actor, owner: Actor, carol: Actor
) -> None:
    request = asked(versions, by)
    with pytest.raises(Forbidden, match="Only whoever asked"):
        withdraw(request, by=carol)
    withdraw(request, why="not yet", by=by)
    other = asked(versions, by)
    withdraw(other, by=owner)
    assert {state(request), state(other)} == {"withdrawn"}


def test_reviewers_and_channels_are_told(
    versions: list[ModelVersion], by: Actor, owner: Actor, carol: Actor
) -> None:
    channel = create_channel("mail", kind="email", emails=["lab@example.org"], by=owner).channel
    declare_approval(versions[0].model, "champion", channels=[channel], by=owner)
    request = asked(versions, by)
    notice = Notice.objects.get(kind="promotion.requested")
    told = InboxEntry.objects.filter(notice=notice).values_list("user__username", flat=True)
    assert (sorted(told), notice.link) == (["alice", "carol"], f"/promotions/{request.pk}/")
    assert Delivery.objects.get(notice=notice).channel == channel
    comment(request, "how does it do on the young?", by=owner)
    said = InboxEntry.objects.filter(notice__kind="promotion.commented")
    assert sorted(said.values_list("user__username", flat=True)) == ["bob", "carol"]


def test_a_request_is_checked(versions: list[ModelVersion], by: Actor) -> None:
    with pytest.raises(Invalid, match="points at tumour v1 already"):
        request_promotion(versions[0], "champion", by=by)
    with pytest.raises(Conflict, match="moves without approval"):
        request_promotion(versions[1], "shadow", by=by)
    with pytest.raises(Invalid, match="reserved"):
        request_promotion(versions[1], "latest", by=by)
    request = asked(versions, by)
    with pytest.raises(Conflict, match=f"Request {request.pk} asks for this already"):
        asked(versions, by)
    with pytest.raises(Invalid, match="maximum length"):
        comment(request, "x" * 5_001, by=by)
    with pytest.raises(Invalid, match="Write what"):
        comment(request, " ", by=by)


def test_a_policy_is_checked(
    versions: list[ModelVersion], by: Actor, owner: Actor, charlie: User, bob: User
) -> None:
    model = versions[0].model
    with pytest.raises(Forbidden):
        declare_approval(model, by=by)
    for wrong, field in (
        ({"checks": ["luck"]}, "checks"), ({"n_approvers": 0}, "n_approvers"), ({"n_approvers": 2}, "n_approvers"),
        ({"reviewers": [charlie]}, "reviewers"), ({"reviewers": [bob], "n_approvers": 2}, "reviewers"),
        ({"alias": "v3"}, "alias"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as raised:
            declare_approval(model, **wrong, by=owner)
        assert raised.value.field == field


def test_a_policy_of_all_aliases_holds_for_those_without_one_of_their_own(
    versions: list[ModelVersion], by: Actor, owner: Actor
) -> None:
    model = versions[0].model
    declare_approval(model, by=owner)
    for alias in ("shadow", "Champion"):
        with pytest.raises(ApprovalNeeded):
            set_alias(model, alias, versions[1], by=by)
    lift_approval(model, by=owner)
    set_alias(model, "shadow", versions[1], by=by)
    with pytest.raises(ApprovalNeeded):
        set_alias(model, "Champion", versions[1], by=by)
    lift_approval(model, "champion", by=owner)
    set_alias(model, "champion", versions[1], by=by)
    with pytest.raises(MlregistryError, match="asks for no approval"):
        lift_approval(model, "champion", by=owner)


def test_nothing_moves_by_itself_once_the_policy_was_lifted(
    versions: list[ModelVersion], by: Actor, owner: Actor
) -> None:
    request = asked(versions, by)
    lift_approval(versions[0].model, "champion", by=owner)
    write_card(versions[1], limits="adults only", by=by)
    assert (champion(), state(request)) == (1, "open")
    assert "withdraw this" in progress(request).missing[0]


def test_the_alias_is_neither_taken_away_nor_deleted_with_its_version(
    versions: list[ModelVersion], by: Actor, owner: Actor
) -> None:
    with pytest.raises(ApprovalNeeded, match="points at version 1"):
        delete_alias(versions[0].model, "champion", by=owner)
    with pytest.raises(ApprovalNeeded, match="points at version 1"):
        delete_version(versions[0], by=owner)
    with pytest.raises(ApprovalNeeded, match="points at version 1"):
        delete_model(versions[0].model, by=owner)
    assert champion() == 1


def test_registering_with_the_alias_asks_for_approval(versions: list[ModelVersion], by: Actor) -> None:
    assert set_or_await(versions[1].model, "champion", versions[1], by=by) is None
    request = PromotionRequest.objects.get()
    assert (request.requested_by, request.origin, champion()) == (by.user, "The registration of version 2", 1)
    assert requested(versions[1], "champion", origin="again", by=by) == request


def test_an_import_leaves_the_alias_where_it_is(versions: list[ModelVersion], owner: Actor) -> None:
    model = versions[0].model
    declare_approval(model, by=owner)
    record = ModelRecord(
        model.name, model.created_at, model.updated_at, aliases={"production": 2, "champion": 2}
    )
    outcome = import_model(record, by=owner)
    assert not Alias.objects.filter(name="production").exists()
    assert (champion(), len(outcome.kept)) == (1, 2)
    assert "moves only with approval here" in outcome.kept[0]


@pytest.mark.django_db(transaction=True)
def test_approvals_at_once_move_the_alias_once(
    versions: list[ModelVersion], by: Actor, owner: Actor, team: Team, actor_of: ActorOf
) -> None:
    reviewers = [actor_of(make_user(f"reviewer-{n}", team, Role.EDITOR)) for n in range(4)]
    declare_approval(versions[0].model, "champion", n_approvers=3, by=owner)
    request = asked(versions, by)
    together, errors = threading.Barrier(4), []

    def review(reviewer: Actor) -> None:
        try:
            together.wait()
            approve(request, by=reviewer)
        except Conflict as error:
            errors.append(error.message)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=review, args=[reviewer]) for reviewer in reviewers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == ["The request is decided already: it was promoted."]
    assert (champion(), state(request)) == (2, PromotionState.PROMOTED)
    assert AliasMove.objects.filter(number=2, alias="champion").count() == 1
    assert AuditEvent.objects.filter(action="promotion.promote").count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_approval_and_a_withdrawal_at_once_are_one_or_the_other(
    versions: list[ModelVersion], by: Actor, owner: Actor
) -> None:
    request = asked(versions, by)
    together, done = threading.Barrier(2), []

    def run(action: Callable[..., object], who: Actor) -> None:
        try:
            together.wait()
            action(request, by=who)
            done.append(action.__name__)
        except Conflict:
            pass
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in ((approve, owner), (withdraw, by))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1
    assert champion() == (2 if done == ["approve"] else 1)
