"""The operator's console: the administration in the look of the other pages, its first page a console."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "mlregistry.console"
    label = "console"
