"""A gate that asks for load tests: what they said is kept with the version, and decides whether aliases move."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, User
from mlregistry.errors import Conflict, Invalid
from models_app.actions.aliases import set_alias, set_or_await
from models_app.actions.gates import set_gate
from models_app.actions.load_verdicts import keep_load_verdict
from models_app.actions.versions import register
from models_app.models import Alias, AwaitedAlias, LoadVerdict, ModelTestRun, ModelVersion
from models_app.queries import gates
from models_app.queries.load_verdicts import served_digest
from tests.models_app.trained import finished_run
from tests.models_app.with_tests import with_tests

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
FIGURES = {"p50": 0.002, "p90": 0.004, "p99": 0.012, "p99.9": 0.02, "rate": 120.0, "error_share": 0.0}


@pytest.fixture
def by(bob: User, actor_of: ActorOf) -> Actor:
    return actor_of(bob)


@pytest.fixture
def owner(alice: User, actor_of: ActorOf) -> Actor:
    return actor_of(alice)


@pytest.fixture
def second(by: Actor, owner: Actor) -> ModelVersion:
    """The next version behind the champion; its tests passed, and its model's gate asks for a load test."""
    run = finished_run(by)
    versions = [register(run, "tumour", by=by) for _ in range(2)]
    for version in versions:
        with_tests(version)
    set_alias(versions[0].model, "champion", versions[0], by=by)
    set_gate(versions[1].model, load_test={}, by=owner)
    return versions[1]


def measured(version: ModelVersion, by: Actor, *reasons: str, **figures: Any) -> LoadVerdict:
    """As the load test's job leaves it; with reasons its goal was missed."""
    return keep_load_verdict(
        version, passed=not reasons, goal={"goal_quantile": "p99", "goal_seconds": 0.02}, reasons=reasons,
        figures={**FIGURES, **figures}, served=served_digest(version), endpoint="tumour", load_test_id=7, by=by,
    )  # fmt: skip


def champion() -> int:
    return Alias.objects.get(name="champion").version.number


def test_an_alias_does_not_move_before_a_load_test_kept_its_goal(second: ModelVersion, by: Actor) -> None:
    with pytest.raises(Conflict, match="no load test with a goal yet"):
        set_alias(second.model, "champion", second, by=by)
    assert gates.obstacles_to_promotion(second).state == gates.WAITS
    measured(second, by, "p99 is 30 ms, the goal 20 ms.")
    with pytest.raises(Conflict, match=r"fails its load test\. p99 is 30 ms"):
        set_alias(second.model, "champion", second, by=by)
    assert gates.standing(second).state == gates.SHUT
    measured(second, by)
    set_alias(second.model, "champion", second, by=by)
    assert champion() == 2
    assert AuditEvent.objects.filter(action="version.load_tested").count() == 2


def test_a_gate_holds_load_tests_to_limits_of_its_own(second: ModelVersion, by: Actor, owner: Actor) -> None:
    measured(second, by)
    set_gate(second.model, load_test={"ms": 12, "rate": 120}, by=owner)
    assert gates.standing(second).state == gates.OPEN
    set_gate(second.model, load_test={"ms": 10}, by=owner)
    assert gates.standing(second).reasons == [
        "tumour v2 fails its load test. p99 is 12 ms, the gate allows 10 ms."
    ]
    set_gate(second.model, load_test={"ms": 10, "quantile": "p90"}, by=owner)
    assert gates.standing(second).state == gates.OPEN
    set_gate(second.model, load_test={"rate": 200}, by=owner)
    assert "at 120 answers a second, the gate asks for 200" in gates.standing(second).reasons[0]
    set_gate(second.model, load_test=None, by=owner)
    assert gates.standing(second).state == gates.OPEN


def test_a_load_test_of_other_files_does_not_count(second: ModelVersion, by: Actor) -> None:
    measured(second, by)
    second.files.filter(format="joblib").delete()
    with_tests(second)
    found = gates.standing(second)
    assert (found.state, found.awaits_load) == (gates.WAITS, True)
    assert "does not count any more" in found.reasons[0]


def test_failed_checks_and_a_failed_load_test_are_both_told(second: ModelVersion, by: Actor) -> None:
    with_tests(second, against="row_against_batch")
    measured(second, by, "p99 is 30 ms, the goal 20 ms.")
    found = gates.standing(second)
    assert (found.state, len(found.reasons)) == (gates.SHUT, 2)
    ModelTestRun.objects.filter(version=second).delete()
    assert gates.standing(second).state == gates.SHUT


def test_an_alias_that_waits_for_tests_waits_for_the_load_test_too(second: ModelVersion, by: Actor) -> None:
    ModelTestRun.objects.filter(version=second).delete()
    assert set_or_await(second.model, "champion", second, by=by) is None
    with_tests(second)
    assert AwaitedAlias.objects.get().version == second
    measured(second, by)
    assert champion() == 2
    assert not AwaitedAlias.objects.exists()


def test_an_alias_that_waited_stays_when_the_load_test_fails(second: ModelVersion, by: Actor) -> None:
    assert set_or_await(second.model, "champion", second, by=by) is None
    measured(second, by, "p99 is 30 ms, the goal 20 ms.")
    assert (champion(), AwaitedAlias.objects.count()) == (1, 0)
    assert "p99 is 30 ms" in AuditEvent.objects.get(action="alias.stay").details["why"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (True, "null or an object"),
        ([], "null or an object"),
        ({"p99": 5}, "no field “p99”"),
        ({"ms": "fast"}, "ms of load_test is a number"),
        ({"ms": True}, "ms of load_test is a number"),
        ({"rate": float("nan")}, "rate of load_test is a number"),
        ({"ms": 0}, "above 0"),
        ({"rate": 1e9}, "at most 1,000,000"),
        ({"ms": 5, "quantile": "p98"}, "p50, p90, p99, p99.9"),
        ({"ms": 5, "quantile": []}, "p50, p90, p99, p99.9"),
    ],
)
def test_a_wrong_policy_is_named(given: Any, told: str, second: ModelVersion, owner: Actor) -> None:
    with pytest.raises(Invalid, match=told) as raised:
        set_gate(second.model, load_test=given, by=owner)
    assert raised.value.field == "load_test"


def test_the_api_sets_the_policy_and_tells_the_verdict(
    second: ModelVersion, by: Actor, api: Callable[[User], APIClient], alice: User, bob: User
) -> None:
    policy = {"load_test": {"ms": 50, "rate": 100}}
    address = "/api/v1/models/tumour/gate"
    assert api(bob).put(address, policy, format="json").status_code == 403
    found = api(alice).put(address, policy, format="json")
    assert found.json()["load_test"] == {"ms": 50.0, "rate": 100.0, "quantile": "p99"}
    assert api(alice).put(address, {"load_test": {"ms": -1}}, format="json").status_code == 400
    tests = "/api/v1/models/tumour/versions/2/tests"
    assert api(bob).get(tests).json()["load_test"] is None
    measured(second, by)
    told = api(bob).get(tests).json()
    assert (told["gate"], told["load_test"]["is_passed"], told["load_test"]["is_current"]) == (
        "open",
        True,
        True,
    )
    assert told["load_test"]["figures"]["p99"] == 0.012


def test_the_pages_set_the_policy_and_show_the_verdict(
    second: ModelVersion, by: Actor, web: Callable[[User], Client], alice: User
) -> None:
    client, address = web(alice), reverse("models_app:gate", args=["tumour"])
    form = {
        "aliases": "champion",
        "load_test": "on",
        "load-ms": "50",
        "load-rate": "",
        "load-quantile": "p90",
    }
    assert client.post(address, form).status_code == 302
    second.model.gate.refresh_from_db()
    assert second.model.gate.load_test == {"ms": 50.0, "quantile": "p90"}
    assert 'value="50' in client.get(address).content.decode()
    wrong = client.post(address, {**form, "load-ms": "-4"})
    assert wrong.status_code == 400
    assert "above 0" in wrong.content.decode()
    tests = reverse("models_app:model-tests", args=["tumour", 2])
    assert "no load test with a goal yet" in client.get(tests).content.decode()
    measured(second, by, "p99 is 30 ms, the goal 20 ms.")
    assert "p99 is 30 ms, the goal 20 ms." in client.get(tests).content.decode()
    assert client.post(address, {"aliases": "champion"}).status_code == 302
    second.model.gate.refresh_from_db()
    assert second.model.gate.load_test is None
