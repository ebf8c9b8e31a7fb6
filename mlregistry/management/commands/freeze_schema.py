"""`manage.py freeze_schema`: for developers, after each new migration."""

from typing import Any

from django.core.management.base import BaseCommand

from mlregistry.supervisor import schema


class Command(BaseCommand):
    help = "Write the tables that all migrations make into the file from which empty databases get them."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        schema.FILE.write_text(schema.frozen(), encoding="utf-8")
        self.stdout.write(f"Written: {schema.FILE}")
