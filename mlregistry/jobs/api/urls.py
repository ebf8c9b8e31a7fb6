"""The addresses of jobs under /api/v1/."""

from django.urls import path

from mlregistry.jobs.api import jobs

urlpatterns = [
    path("jobs/", jobs.Jobs.as_view()),
    path("jobs/<str:job_id>", jobs.OneJob.as_view()),
    path("jobs/<str:job_id>/log", jobs.Log.as_view()),
    path("jobs/<str:job_id>/cancel", jobs.Cancel.as_view()),
    path("jobs/<str:job_id>/retry", jobs.Retry.as_view()),
]
