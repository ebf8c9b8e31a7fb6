"""The addresses of jobs under /api/v1/."""

from django.urls import path

from mlregistry.jobs.api import jobs, usage

urlpatterns = [
    path("jobs/", jobs.Jobs.as_view()),
    path("jobs/estimate", usage.Estimates.as_view()),
    path("jobs/<str:job_id>", jobs.OneJob.as_view()),
    path("jobs/<str:job_id>/log", jobs.Log.as_view()),
    path("jobs/<str:job_id>/resources", jobs.Resources.as_view()),
    path("jobs/<str:job_id>/cancel", jobs.Cancel.as_view()),
    path("jobs/<str:job_id>/pause", jobs.Pause.as_view()),
    path("jobs/<str:job_id>/resume", jobs.Resume.as_view()),
    path("jobs/<str:job_id>/retry", jobs.Retry.as_view()),
    path("usage", usage.Usage.as_view()),
    path("budget", usage.TeamBudget.as_view()),
]
