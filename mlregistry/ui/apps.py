"""The ui app: base templates, static files and what every page shares."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "mlregistry.ui"
    label = "ui"
