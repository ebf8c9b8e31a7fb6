"""Django's registration of the app of comments, watches, the activity feed and write-ups."""

from django.apps import AppConfig


class DiscussionsConfig(AppConfig):
    name = "mlregistry.discussions"
    label = "discussions"
    verbose_name = "Discussions"
    default_auto_field = "django.db.models.BigAutoField"
