"""Buttons of the admin: only staff with Django's permission to change a model may press them, whatever its page."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client, RequestFactory

from mlregistry.accounts.models import AuditEvent, Team, User
from mlregistry.jobs.models import Job, State
from mlregistry.look_only import LookOnly

CANCEL = {"action": "cancel_jobs"}


@pytest.fixture
def staff(vera: User) -> User:
    """Vera as staff who may look at jobs."""
    vera.is_staff = True
    vera.save()
    vera.user_permissions.add(Permission.objects.get(codename="view_job"))
    return vera


@pytest.fixture
def job(team: Team) -> Job:
    return Job.objects.create(team=team, kind="experiments.train", title="Train")


def _cancel(client: Client, user: User, job: Job) -> str:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/admin/jobs/job/", {**CANCEL, "_selected_action": str(job.pk)})
    return Job.objects.get(pk=job.pk).state


def test_staff_who_may_only_look_cannot_cancel(client: Client, staff: User, job: Job) -> None:
    assert _cancel(client, staff, job) == State.QUEUED


def test_staff_who_may_change_jobs_cancel_in_their_own_name(client: Client, staff: User, job: Job) -> None:
    staff.user_permissions.add(Permission.objects.get(codename="change_job"))
    assert _cancel(client, staff, job) == State.CANCELLED
    line = AuditEvent.objects.get(action="job.cancel")
    assert (line.user, line.via) == (staff, "admin")


def test_no_page_to_look_at_offers_its_buttons_to_staff_without_permission(staff: User) -> None:
    request = RequestFactory().get("/admin/")
    request.user = staff
    pages = [page for page in admin.site._registry.values() if isinstance(page, LookOnly)]
    assert len(pages) > 10
    assert {str(page): list(page.get_actions(request)) for page in pages if page.get_actions(request)} == {}
