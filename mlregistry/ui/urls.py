"""Address of the start page."""

from django.urls import URLPattern, path

from mlregistry.ui import home

urlpatterns: list[URLPattern] = [path("", home.home, name="home")]
