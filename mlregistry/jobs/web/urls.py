"""Addresses of the pages of jobs."""

from django.urls import URLPattern, path

from mlregistry.jobs.web import jobs, usage

urlpatterns: list[URLPattern] = [
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/usage/", usage.usage, name="usage"),
    path("jobs/usage.csv", usage.download, name="usage-download"),
    path("jobs/<uuid:job_id>/", jobs.job, name="job"),
    path("jobs/<uuid:job_id>/log", jobs.log, name="job-log"),
    path("jobs/<uuid:job_id>/resources", jobs.resources, name="job-resources"),
    path("jobs/<uuid:job_id>/cancel", jobs.cancel, name="job-cancel"),
    path("jobs/<uuid:job_id>/pause", jobs.pause, name="job-pause"),
    path("jobs/<uuid:job_id>/resume", jobs.resume, name="job-resume"),
    path("jobs/<uuid:job_id>/change", jobs.change, name="job-change"),
    path("jobs/<uuid:job_id>/retry", jobs.retry, name="job-retry"),
]
