"""The operator's pages of the registry: every list and page opens, nothing is edited freely, buttons call actions."""

import io
from collections.abc import Callable

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, User
from models_app.actions import intakes
from models_app.actions.cards import write_card
from models_app.actions.gates import set_gate
from models_app.actions.versions import register
from models_app.models import AwaitedAlias, Compilation, Intake, IntakeState, ModelTestRun, ModelVersion
from tests.models_app.trained import finished_run
from tests.models_app.with_tests import with_tests

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(alice: User) -> Client:
    alice.is_staff = alice.is_superuser = True
    alice.save()
    client = Client()
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def owner(alice: User, actor_of: Callable[..., Actor]) -> Actor:
    return actor_of(alice)


@pytest.fixture
def version(owner: Actor) -> ModelVersion:
    return register(finished_run(owner), "tumour", by=owner)


def pickled(owner: Actor) -> Intake:
    """A model from outside that waits for an owner."""
    return Intake.objects.get(version=intakes.upload("foreign", io.BytesIO(b"\x80\x04."), "m.pkl", by=owner))


def page(row: Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def press(operator: Client, button: str, row: Model) -> str:
    """On the list of the row's kind; what the page says then."""
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_changelist")
    sent = {"action": button, "_selected_action": str(row.pk)}
    return operator.post(address, sent, follow=True).content.decode()


def test_every_list_and_page_of_the_registry_opens(
    operator: Client, version: ModelVersion, owner: Actor
) -> None:
    run = with_tests(version, against="row_against_batch")
    rows: list[Model] = [
        version.model,
        version,
        run,
        set_gate(version.model, strict=True, by=owner),
        AwaitedAlias.objects.create(model=version.model, name="champion", version=version),
        Compilation.objects.get_or_create(version=version)[0],
        write_card(version, limits="Not for children.", by=owner),
        pickled(owner),
    ]
    for model in admin.site._registry:
        if model._meta.app_label == "models_app":
            address = reverse(f"admin:models_app_{model._meta.model_name}_changelist")
            assert operator.get(f"{address}?q=a").status_code == 200, address
    for row in rows:
        shown = operator.get(page(row))
        assert shown.status_code == 200, row
        assert b'name="_save"' not in shown.content, row
    assert "It is not. Mend it." in operator.get(page(run)).content.decode()


def test_who_let_a_pickle_be_opened_and_why_is_on_its_page(operator: Client, owner: Actor) -> None:
    intake = pickled(owner)
    intakes.approve(intake.version, "I know who made it", by=owner)
    shown = operator.get(page(intake)).content.decode()
    assert "I know who made it" in shown
    assert "alice" in shown


def test_checking_again_goes_no_way_around_the_quarantine(operator: Client, owner: Actor) -> None:
    intake = pickled(owner)
    assert "no owner has approved" in press(operator, "check_again", intake)
    intake.refresh_from_db()
    assert intake.state == IntakeState.QUARANTINED


def test_the_operator_runs_tests_in_their_own_name(
    operator: Client, version: ModelVersion, alice: User
) -> None:
    ModelTestRun.objects.all().delete()
    press(operator, "test_versions", version)
    assert ModelTestRun.objects.get(version=version).created_by == alice
    assert AuditEvent.objects.get(via="admin").action == "version.test"


def test_what_cannot_be_compiled_or_served_natively_is_told(
    operator: Client, version: ModelVersion, owner: Actor
) -> None:
    Compilation.objects.all().delete()
    compilation = Compilation.objects.create(version=version)
    assert "trained here on rows" in press(operator, "compile_again", compilation)
    foreign = Compilation.objects.create(version=pickled(owner).version)
    assert "its closed form alone" in press(operator, "serve_native", foreign)
