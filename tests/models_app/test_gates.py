"""The gate: guarded aliases move only to versions whose tests passed; owners overrule it and are written down."""

from collections.abc import Callable

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, User
from mlregistry.errors import Conflict, Forbidden, Invalid
from models_app.actions.aliases import delete_alias, set_alias, set_or_await
from models_app.actions.gates import set_gate
from models_app.actions.model_tests import give_up
from models_app.actions.versions import register
from models_app.models import Alias, AwaitedAlias, ModelTestRun, ModelVersion
from models_app.queries import gates
from serving.actions.endpoints import create_endpoint
from tests.models_app.trained import finished_run
from tests.models_app.with_tests import with_tests

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
Api = Callable[[User], APIClient]


@pytest.fixture
def by(bob: User, actor_of: ActorOf) -> Actor:
    return actor_of(bob)


@pytest.fixture
def owner(alice: User, actor_of: ActorOf) -> Actor:
    return actor_of(alice)


@pytest.fixture
def versions(by: Actor) -> list[ModelVersion]:
    """The champion, which passed, and a second version that was not tested yet."""
    run = finished_run(by)
    first, second = register(run, "tumour", by=by), register(run, "tumour", by=by)
    with_tests(first)
    set_alias(first.model, "champion", first, by=by)
    ModelTestRun.objects.filter(version=second).delete()
    return [first, second]


def champion() -> int:
    return Alias.objects.get(name="champion").version.number


def test_an_untested_version_does_not_become_champion(versions: list[ModelVersion], by: Actor) -> None:
    with pytest.raises(Conflict, match="has not been tested yet") as raised:
        set_alias(versions[1].model, "champion", versions[1], by=by)
    assert raised.value.field == "why"
    assert champion() == 1


def test_taking_the_alias_away_first_opens_no_way_around(versions: list[ModelVersion], by: Actor) -> None:
    delete_alias(versions[0].model, "champion", by=by)
    with pytest.raises(Conflict, match="has not been tested yet"):
        set_alias(versions[1].model, "champion", versions[1], by=by)


def test_a_version_whose_tests_passed_does(versions: list[ModelVersion], by: Actor) -> None:
    with_tests(versions[1])
    set_alias(versions[1].model, "champion", versions[1], by=by)
    assert champion() == 2


def test_a_version_that_failed_does_not_and_the_check_says_why(
    versions: list[ModelVersion], by: Actor
) -> None:
    with_tests(versions[1], against="row_against_batch")
    with pytest.raises(Conflict, match=r"fails “Row against batch”: It is not\. Mend it\."):
        set_alias(versions[1].model, "champion", versions[1], by=by)
    assert champion() == 1


def test_a_warning_blocks_nothing(versions: list[ModelVersion], by: Actor) -> None:
    with_tests(versions[1], against="latency", severity="warns")
    set_alias(versions[1].model, "champion", versions[1], by=by)
    assert champion() == 2


def test_an_owner_overrules_the_gate_with_a_reason_that_is_kept(
    versions: list[ModelVersion], by: Actor, owner: Actor
) -> None:
    with_tests(versions[1], against="row_against_batch")
    model = versions[1].model
    with pytest.raises(Conflict):
        set_alias(model, "champion", versions[1], by=owner)
    with pytest.raises(Forbidden, match="Only an owner"):
        set_alias(model, "champion", versions[1], why="we must", by=by)
    with pytest.raises(Invalid, match="2,000"):
        set_alias(model, "champion", versions[1], why="x" * 2_001, by=owner)
    set_alias(model, "champion", versions[1], why="the old one is worse", by=owner)
    assert champion() == 2
    line = AuditEvent.objects.get(action="gate.overrule")
    assert (line.user, line.details["why"]) == (owner.user, "the old one is worse")
    assert "Row against batch" in line.details["against"][0]


def test_an_alias_that_nobody_guards_moves_freely(versions: list[ModelVersion], by: Actor) -> None:
    model = versions[0].model
    for version in versions:
        set_alias(model, "candidate", version, by=by)
    assert Alias.objects.get(name="candidate").version == versions[1]


def test_the_first_champion_waits_for_no_tests_but_must_not_have_failed(by: Actor, owner: Actor) -> None:
    version = register(finished_run(by), "fresh", by=by)
    set_alias(version.model, "champion", version, by=by)
    other = register(finished_run(by), "other", by=by)
    with_tests(other, against="single_feature")
    with pytest.raises(Conflict):
        set_alias(other.model, "champion", other, by=by)
    strict = register(finished_run(by), "strict", by=by)
    set_gate(strict.model, strict=True, by=owner)
    with pytest.raises(Conflict, match=r"still running|not been tested"):
        set_alias(strict.model, "production", strict, by=by)


def test_a_version_that_cannot_be_opened_moves_unless_the_gate_is_strict(
    versions: list[ModelVersion], by: Actor, owner: Actor
) -> None:
    ModelVersion.objects.filter(pk=versions[1].pk).update(signature=None)
    second = ModelVersion.objects.select_related("model").get(pk=versions[1].pk)
    assert gates.standing(second).state == gates.UNTESTABLE
    set_gate(second.model, strict=True, by=owner)
    with pytest.raises(Conflict, match="cannot be tested here"):
        set_alias(second.model, "champion", second, by=by)
    set_gate(second.model, strict=False, by=owner)
    set_alias(second.model, "champion", second, by=by)
    assert champion() == 2


def test_tests_of_other_files_do_not_count(versions: list[ModelVersion], by: Actor) -> None:
    run = with_tests(versions[1])
    versions[1].files.filter(format="joblib").delete()
    assert "other files" in gates.standing(versions[1]).reasons[0]
    ModelTestRun.objects.filter(pk=run.pk).update(verdict="broken")
    assert "could not be run" in gates.standing(versions[1]).reasons[0]


def test_other_limits_make_earlier_tests_count_no_more(
    versions: list[ModelVersion], by: Actor, owner: Actor
) -> None:
    with_tests(versions[1])
    set_gate(versions[1].model, limits={"latency_ms": 5}, by=owner)
    with pytest.raises(Conflict, match="limits or expectations were changed"):
        set_alias(versions[1].model, "champion", versions[1], by=by)
    with_tests(versions[1])
    set_alias(versions[1].model, "champion", versions[1], by=by)


def test_a_model_chooses_what_blocks_it(versions: list[ModelVersion], by: Actor, owner: Actor) -> None:
    with_tests(versions[1], against="latency", severity="warns")
    set_gate(versions[1].model, blocking=["latency"], by=owner)
    with pytest.raises(Conflict, match="fails “Latency”"):
        set_alias(versions[1].model, "champion", versions[1], by=by)
    set_gate(versions[1].model, blocking=["row_order"], by=owner)
    set_alias(versions[1].model, "champion", versions[1], by=by)
    assert champion() == 2


def test_only_owners_set_the_gate(versions: list[ModelVersion], by: Actor) -> None:
    with pytest.raises(Forbidden):
        set_gate(versions[0].model, strict=True, by=by)


@pytest.mark.parametrize("aliases", [["x" * 256], [""], ["a\x00"], [f"a{n}" for n in range(51)]])
def test_a_wrong_list_of_aliases_is_refused(
    aliases: list[str], versions: list[ModelVersion], owner: Actor
) -> None:
    with pytest.raises(Invalid) as raised:
        set_gate(versions[0].model, aliases=aliases, by=owner)
    assert raised.value.field == "aliases"


def test_an_alias_of_a_version_that_is_served_is_guarded_too(versions: list[ModelVersion], by: Actor) -> None:
    model = versions[0].model
    set_alias(model, "live", versions[0], by=by)
    assert not gates.is_guarded(model, "live")
    create_endpoint("tumour", variants=[{"name": "one", "version": versions[0], "weight": 100}], by=by)
    assert gates.is_guarded(model, "live")
    with pytest.raises(Conflict):
        set_alias(model, "live", versions[1], by=by)


def test_an_alias_asked_for_at_registration_waits_for_the_tests(
    versions: list[ModelVersion], by: Actor
) -> None:
    model, second = versions[1].model, versions[1]
    assert set_or_await(model, "champion", second, by=by) is None
    assert (champion(), AwaitedAlias.objects.get().version) == (1, second)
    with_tests(second)
    assert (champion(), AwaitedAlias.objects.exists()) == (2, False)


def test_an_alias_that_waited_stays_where_it_is_when_the_tests_fail(
    versions: list[ModelVersion], by: Actor
) -> None:
    model, second = versions[1].model, versions[1]
    set_or_await(model, "champion", second, by=by)
    with_tests(second, against="row_order")
    assert (champion(), AwaitedAlias.objects.exists()) == (1, False)
    assert "fails “Row order”" in AuditEvent.objects.get(action="alias.stay").details["why"]
    with pytest.raises(Conflict):
        set_or_await(model, "champion", second, by=by)


def test_tests_that_could_not_be_run_let_nothing_move(versions: list[ModelVersion], by: Actor) -> None:
    set_or_await(versions[1].model, "champion", versions[1], by=by)
    run = ModelTestRun.objects.create(version=versions[1])
    give_up(run, "The file is gone.", by=Actor.system(by.team))
    assert (champion(), AwaitedAlias.objects.exists()) == (1, False)


def test_a_later_wish_takes_the_place_of_one_that_waits(versions: list[ModelVersion], by: Actor) -> None:
    set_or_await(versions[1].model, "champion", versions[1], by=by)
    set_alias(versions[0].model, "champion", versions[0], by=by)
    assert not AwaitedAlias.objects.exists()


def test_the_operator_can_switch_all_gates_off(
    versions: list[ModelVersion], by: Actor, settings: Settings
) -> None:
    settings.MODEL_GATE = False
    set_alias(versions[1].model, "champion", versions[1], by=by)
    assert champion() == 2


def test_the_api_answers_409_with_the_reasons_and_takes_an_owners(
    versions: list[ModelVersion], bob: User, alice: User, api: Api
) -> None:
    with_tests(versions[1], against="row_order")
    path = "/api/v1/models/tumour/aliases/champion"
    refused = api(bob).put(path, {"version": 2}, format="json")
    assert refused.status_code == 409
    assert "Row order" in refused.json()["detail"]
    assert refused.json()["errors"]
    assert api(bob).put(path, {"version": 2, "why": "please"}, format="json").status_code == 403
    assert api(alice).put(path, {"version": 2, "why": "we know"}, format="json").status_code == 200
    assert champion() == 2


def test_the_gate_is_read_and_set_through_the_api(
    versions: list[ModelVersion], bob: User, alice: User, vera: User, api: Api
) -> None:
    path = "/api/v1/models/tumour/gate"
    assert api(vera).get(path).json()["aliases"] == ["champion", "production"]
    assert api(bob).put(path, {"strict": True}, format="json").status_code == 403
    expectation = {"name": "e", "column": "mean area", "change": "add", "value": 1, "expected": "up"}
    given = {
        "aliases": ["live"],
        "blocking": ["row_order"],
        "limits": {"latency_ms": 5},
        "expectations": [expectation],
    }
    found = api(alice).put(path, given, format="json")
    assert found.status_code == 200
    assert found.json()["blocks"] == ["row_order"]
    assert api(alice).put(path, {"blocking": None}, format="json").json()["blocks"][0] == "signature_complete"
    for wrong in (
        {"limits": {"x": 1}},
        {"blocking": ["x"]},
        {"expectations": [1]},
        {"expectations": {"a": 1}},
        {"aliases": 5},
    ):
        assert api(alice).put(path, wrong, format="json").status_code == 400
