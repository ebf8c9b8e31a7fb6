"""The operator's pages of serving: every list and page opens, nothing is edited freely, buttons call actions."""

from datetime import UTC, datetime

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, User
from mlregistry.jobs.models import Job, State
from models_app.models import ModelVersion
from serving.actions import shadows
from serving.actions.abtests import start_test
from serving.models import (
    AbTest,
    AbTestState,
    AnswerCount,
    Batch,
    DriftBaseline,
    DriftCheck,
    DriftWatch,
    Endpoint,
    LoadTest,
    LogCount,
    ServingWorker,
    Shadow,
    ShadowAnswer,
    UnitFeedback,
)
from tests.serving.test_abtests import BASE

pytestmark = pytest.mark.django_db
SOME_ID = "01890000-0000-7000-8000-000000000000"


@pytest.fixture
def operator(alice: User) -> Client:
    alice.is_staff = alice.is_superuser = True
    alice.save()
    client = Client()
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(row: Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def press(operator: Client, button: str, row: Model) -> str:
    """On the list of the row's kind; what the page says then."""
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_changelist")
    sent = {"action": button, "_selected_action": str(row.pk)}
    return operator.post(address, sent, follow=True).content.decode()


def job(endpoint: Endpoint) -> Job:
    return Job.objects.create(team=endpoint.team, kind="serving.predict_batch", title="Some work")


def test_every_list_and_page_of_serving_opens(
    operator: Client, endpoint: Endpoint, versions: list[ModelVersion], by: Actor
) -> None:
    now = timezone.now()
    shadow = shadows.add_shadow(endpoint, "next", versions[1], by=by)
    rows: list[Model] = [
        endpoint,
        shadow,
        start_test(endpoint, BASE, by=by),
        Batch.objects.create(endpoint=endpoint, version=versions[0], job=job(endpoint), n_rows=3),
        LoadTest.objects.create(endpoint=endpoint, version=versions[0], histogram={"n": 1}, ended_at=now),
        ShadowAnswer.objects.create(shadow=shadow, request_id=SOME_ID, output={"prediction": 1}),
        UnitFeedback.objects.create(endpoint=endpoint, unit="u", truth=1, until=now, received_at=now),
        ServingWorker.objects.create(name="one", host="here", pid=1, epoch=1, seen_at=now),
        DriftBaseline.objects.create(version=versions[0], state="failed", error="no data"),
        DriftWatch.objects.create(endpoint=endpoint, next_at=now),
        DriftCheck.objects.create(endpoint=endpoint, version=versions[0], since=now, until=now, at=now),
    ]
    for model in admin.site._registry:
        if model._meta.app_label == "serving":
            address = reverse(f"admin:serving_{model._meta.model_name}_changelist")
            assert operator.get(f"{address}?q=a").status_code == 200, address
    for row in rows:
        shown = operator.get(page(row))
        assert shown.status_code == 200, row
        assert b'name="_save"' not in shown.content, row


def test_an_endpoints_page_shows_its_answers_and_what_became_of_its_log(
    operator: Client, endpoint: Endpoint, versions: list[ModelVersion]
) -> None:
    hours = (datetime(2026, 11, 1, 7, tzinfo=UTC), datetime(2026, 11, 1, 8, tzinfo=UTC))
    for hour, n in zip(hours, (40, 2), strict=True):
        AnswerCount.objects.create(
            endpoint=endpoint,
            variant="champion",
            version_id=versions[0].pk,
            status=200,
            hour=hour,
            n_requests=n,
        )
    LogCount.objects.create(endpoint=endpoint, source="web-1", n_enqueued=42, n_written=41)
    shown = operator.get(page(endpoint)).content.decode()
    assert f"champion · version id {versions[0].pk} · 200: 42" in shown
    assert "web-1" in shown


def test_the_list_of_predictions_names_the_weeks_of_the_log(operator: Client) -> None:
    shown = operator.get(reverse("admin:serving_prediction_changelist")).content.decode()
    assert "serving_prediction_rest" in shown


def test_the_operator_stops_a_test_in_their_own_name(
    operator: Client, endpoint: Endpoint, alice: User, by: Actor
) -> None:
    test = start_test(endpoint, BASE, by=by)
    press(operator, "stop_tests", test)
    assert AbTest.objects.get(pk=test.pk).state == AbTestState.STOPPED
    line = AuditEvent.objects.filter(via="admin").latest("pk")
    assert (line.user, line.team) == (alice, endpoint.team)
    assert "ended" in press(operator, "stop_tests", test)


def test_the_operator_cancels_batches_and_load_tests_and_removes_shadows(
    operator: Client, endpoint: Endpoint, versions: list[ModelVersion], by: Actor
) -> None:
    batch = Batch.objects.create(endpoint=endpoint, version=versions[0], job=job(endpoint))
    press(operator, "cancel_batches", batch)
    assert Batch.objects.get(pk=batch.pk).job.state == State.CANCELLED  # type: ignore[union-attr]  # it has one
    test = LoadTest.objects.create(endpoint=endpoint, version=versions[0], job=job(endpoint))
    press(operator, "cancel_load_tests", test)
    assert LoadTest.objects.get(pk=test.pk).ended_at is not None
    assert "has ended already" in press(operator, "cancel_load_tests", test)
    shadow = shadows.add_shadow(endpoint, "next", versions[1], by=by)
    press(operator, "remove_shadows", shadow)
    assert not Shadow.objects.exists()
