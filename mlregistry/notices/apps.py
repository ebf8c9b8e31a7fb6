"""Django's registration of the notices app."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "mlregistry.notices"
    label = "notices"
    verbose_name = "Notices"
    default_auto_field = "django.db.models.BigAutoField"
