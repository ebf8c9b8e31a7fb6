"""Tells by one statement whether migrations are due; `manage.py prepare` asks before it loads them all."""

from pkgutil import iter_modules

from django.apps import apps
from django.db import connection

TABLE = "django_migrations"


def due() -> bool:
    """Whether an installed app has a migration that this database has not recorded."""
    return not _on_disk() <= _recorded()


def _on_disk() -> set[tuple[str, str]]:
    return {
        (config.label, module.name)
        for config in apps.get_app_configs()
        for module in iter_modules([f"{config.path}/migrations"])
        if not module.name.startswith(("_", "~"))
    }


def _recorded() -> set[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [TABLE])
        (exists,) = cursor.fetchone() or (False,)
        if not exists:
            return set()
        cursor.execute(f"SELECT app, name FROM {TABLE}")  # noqa: S608 (a constant)
        return set(cursor.fetchall())
