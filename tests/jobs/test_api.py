"""The REST door of jobs: looking, cancelling, running again; and nothing of another team."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from mlregistry.accounts.models import Team, User
from mlregistry.jobs.models import Job, JobLog, State

Api = Callable[[User], APIClient]


@pytest.fixture
def job(team: Team) -> Job:
    return Job.objects.create(team=team, kind="experiments.train", title="Train six estimators")


def test_a_viewer_sees_the_jobs_of_the_team(api: Api, vera: User, job: Job) -> None:
    answer = api(vera).get("/api/v1/jobs/?state=QUEUED")
    assert [row["title"] for row in answer.json()["results"]] == ["Train six estimators"]


def test_another_team_sees_nothing(api: Api, charlie: User, job: Job) -> None:
    assert api(charlie).get(f"/api/v1/jobs/{job.id}").status_code == 404
    assert api(charlie).get("/api/v1/jobs/").json()["results"] == []


def test_an_unknown_state_is_named(api: Api, vera: User) -> None:
    answer = api(vera).get("/api/v1/jobs/?state=LATE")
    assert answer.status_code == 400
    assert answer.json()["field"] == "state"


def test_the_log_is_read_from_a_line_on(api: Api, vera: User, job: Job) -> None:
    JobLog.objects.bulk_create([JobLog(job=job, sequence=n, text=f"line {n}") for n in range(4)])
    answer = api(vera).get(f"/api/v1/jobs/{job.id}/log?after=1")
    assert [line["text"] for line in answer.json()] == ["line 2", "line 3"]
    assert api(vera).get(f"/api/v1/jobs/{job.id}/log?after=soon").status_code == 400


def test_an_editor_cancels_and_a_viewer_may_not(api: Api, bob: User, vera: User, job: Job) -> None:
    assert api(vera).post(f"/api/v1/jobs/{job.id}/cancel").status_code == 403
    assert api(bob).post(f"/api/v1/jobs/{job.id}/cancel").json()["state"] == State.CANCELLED
    assert api(bob).post(f"/api/v1/jobs/{job.id}/cancel").status_code == 409


def test_a_job_that_failed_runs_again_and_a_finished_one_does_not(api: Api, bob: User, job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(state=State.FAILED)
    assert api(bob).post(f"/api/v1/jobs/{job.id}/retry").json()["state"] == State.QUEUED
    Job.objects.filter(pk=job.pk).update(state=State.SUCCEEDED)
    assert api(bob).post(f"/api/v1/jobs/{job.id}/retry").status_code == 409
