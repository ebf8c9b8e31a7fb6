"""The serving app: endpoints, predictions and feedback."""

from django.apps import AppConfig


class ServingConfig(AppConfig):
    name = "serving"
