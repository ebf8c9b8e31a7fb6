"""Addresses of the pages of jobs."""

from django.urls import URLPattern, path

from mlregistry.jobs.web import jobs

urlpatterns: list[URLPattern] = [
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/<uuid:job_id>/", jobs.job, name="job"),
    path("jobs/<uuid:job_id>/log", jobs.log, name="job-log"),
    path("jobs/<uuid:job_id>/cancel", jobs.cancel, name="job-cancel"),
    path("jobs/<uuid:job_id>/retry", jobs.retry, name="job-retry"),
]
