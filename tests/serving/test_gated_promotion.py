"""A/B tests and canaries promote only versions whose tests passed; an owner overrules it with a reason."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, User
from mlregistry.errors import Conflict, Forbidden
from models_app.models import Alias, ModelVersion
from serving.actions.abtest_looks import tend
from serving.actions.abtests import obstacles_to, promote, start_test
from serving.models import AbTest, AbTestState, Endpoint
from tests.models_app.with_tests import with_tests
from tests.serving.answering import logged
from tests.serving.test_abtests import BASE
from tests.serving.test_canaries import CANARY, counted, share

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _gated(settings: Settings) -> None:
    settings.MODEL_GATE = True


def test_a_challenger_that_won_is_not_promoted_when_its_tests_failed(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor, alice: User, actor_of: Callable[..., Actor]
) -> None:
    test = start_test(endpoint, replace(BASE, alias="champion"), by=by)
    logged(endpoint, {"champion": 0.6, "challenger": 0.75}, n=2400)
    with_tests(versions[1], against="row_against_batch")
    assert "Row against batch" in obstacles_to(test, "challenger")[-1]
    with pytest.raises(Conflict, match="Row against batch"):
        promote(test, "challenger", by=by)
    with pytest.raises(Forbidden):
        promote(test, "challenger", why="it is better", by=by)
    promote(test, "challenger", why="it is better", by=actor_of(alice))
    assert Alias.objects.get(name="champion").version == versions[1]
    assert AuditEvent.objects.get(action="gate.overrule").details["why"] == "it is better"


def test_a_challenger_whose_tests_passed_is_promoted(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor
) -> None:
    test = start_test(endpoint, replace(BASE, alias="champion"), by=by)
    logged(endpoint, {"champion": 0.6, "challenger": 0.75}, n=2400)
    with_tests(versions[1])
    promote(test, "challenger", by=by)
    assert Alias.objects.get(name="champion").version == versions[1]


def test_a_canary_stays_where_it_is_until_the_tests_have_passed(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor
) -> None:
    test = start_test(endpoint, CANARY, by=by)
    counted(endpoint, n=300)
    tend(timezone.now() + timedelta(minutes=11))
    test = AbTest.objects.get(pk=test.pk)
    assert (share(endpoint), test.state) == (1, AbTestState.RUNNING)
    assert "tests of tumour v2" in test.memory["newest"]["move"]["reason"]
    with_tests(versions[1])
    tend(timezone.now() + timedelta(minutes=22))
    assert share(endpoint) == 5
