"""The experiments app: problems, datasets, experiments and runs."""

from django.apps import AppConfig


class ExperimentsConfig(AppConfig):
    name = "experiments"
