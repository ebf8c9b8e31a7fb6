"""Addresses of the start page and of the search."""

from django.urls import URLPattern, path

from mlregistry.ui import find, home

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("find", find.page_of_found, name="find"),
]
