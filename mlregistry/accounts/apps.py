"""The accounts app: users, teams, tokens, audit."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.utils.module_loading import import_string


class AccountsConfig(AppConfig):
    name = "mlregistry.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Every way to sign in, Django's own and the administration's too, tells by this signal alone."""
        user_logged_in.connect(import_string("mlregistry.accounts.page_middleware.note_sign_in"))
