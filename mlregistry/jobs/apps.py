"""Django's registration of the jobs app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "mlregistry.jobs"
    label = "jobs"
    verbose_name = "Jobs"
    default_auto_field = "django.db.models.BigAutoField"
