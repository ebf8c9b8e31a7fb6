"""The admin: every list and page opens, nothing is edited freely, buttons call actions."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from experiments.actions import runs as run_actions
from experiments.actions import selections, training
from experiments.models import DatasetVersion, Experiment, Lifecycle, Problem, Run, RunStatus, SelectionStudy
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, User
from mlregistry.artifacts.models import StoredFile
from mlregistry.jobs.models import Job, State

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(alice: User, db: None) -> Client:
    alice.is_staff = alice.is_superuser = True
    alice.save()
    client = Client()
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(row: Experiment | Run | Problem | DatasetVersion | StoredFile) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def test_every_list_and_page_opens(
    operator: Client, problem: Problem, version: DatasetVersion, experiment: Experiment, editor: Actor
) -> None:
    run = run_actions.create_run(experiment, by=editor)
    for model in admin.site._registry:
        if model._meta.app_label in ("experiments", "artifacts"):
            address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            assert operator.get(f"{address}?q=a").status_code == 200, address
    assert version.original is not None
    for row in (problem, version, experiment, run, version.original):
        assert operator.get(page(row)).status_code == 200, row


def test_an_experiment_is_archived_and_restored_by_buttons(operator: Client, experiment: Experiment) -> None:
    assert b'value="archive"' in operator.get(page(experiment)).content
    operator.post(page(experiment), {"_button": "archive", "name": "changed"})
    experiment.refresh_from_db()
    assert (experiment.lifecycle, experiment.name) == (Lifecycle.DELETED, "First try")
    assert AuditEvent.objects.get(action="experiment.delete").via == "admin"
    operator.post(page(experiment), {"_button": "restore"})
    experiment.refresh_from_db()
    assert experiment.lifecycle == Lifecycle.ACTIVE


def test_a_training_is_cancelled_by_a_bulk_action(
    operator: Client, problem: Problem, version: DatasetVersion, editor: Actor
) -> None:
    experiment, _, job = training.start_training(
        problem, version, recipes=[{"estimator": "dummy"}], by=editor
    )
    address = reverse("admin:experiments_experiment_changelist")
    operator.post(address, {"action": "cancel", "_selected_action": [experiment.pk]})
    assert Job.objects.get(pk=job.pk).state == State.CANCELLED
    assert set(Run.objects.values_list("status", flat=True)) == {RunStatus.KILLED}


def test_a_selection_is_looked_at_cancelled_and_deleted_by_buttons(
    operator: Client, problem: Problem, version: DatasetVersion, editor: Actor
) -> None:
    study = selections.start_selection(problem, version, plan={"methods": ["variance"]}, recipe={}, by=editor)
    assert study.job is not None
    address = reverse("admin:experiments_selectionstudy_change", args=[study.pk])
    assert b'value="cancel"' in operator.get(address).content
    operator.post(address, {"_button": "cancel", "data_name": "changed"})
    assert Job.objects.get(pk=study.job.pk).state == State.CANCELLED
    assert b'value="cancel"' not in operator.get(address).content
    operator.post(address, {"_button": "remove"})
    assert not SelectionStudy.objects.exists()


def test_a_refused_action_is_a_message_not_an_error(
    operator: Client, problem: Problem, experiment: Experiment, editor: Actor
) -> None:
    experiment.problem = problem
    experiment.save()
    run_actions.create_run(experiment, by=editor)
    answer = operator.post(page(problem), {"_button": "remove"}, follow=True)
    assert "so it stays" in answer.content.decode()
    assert Problem.objects.exists()


def test_staff_without_the_permission_sees_no_buttons(experiment: Experiment, bob: User) -> None:
    bob.is_staff = True
    bob.save()
    client = Client()
    client.force_login(bob, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(page(experiment), {"_button": "archive"}).status_code == 403
    experiment.refresh_from_db()
    assert experiment.lifecycle == Lifecycle.ACTIVE
