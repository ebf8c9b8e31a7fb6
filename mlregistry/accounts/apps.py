"""The accounts app: users, teams, roles, tokens and the audit trail."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "mlregistry.accounts"
    label = "accounts"
