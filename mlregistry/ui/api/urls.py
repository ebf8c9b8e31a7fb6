"""The address of the search under /api/v1/."""

from django.urls import path

from . import finding

urlpatterns = [path("find", finding.Find.as_view(), name="api-find")]
