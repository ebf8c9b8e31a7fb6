"""`manage.py prepare`: what a start needs before the first request; prints how to log in."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from experiments.workers import trash
from mlregistry import env
from mlregistry.accounts.actions.setup import ensure_first_owner
from mlregistry.artifacts import sweeping
from mlregistry.supervisor import gate, migrations, schema, static_files
from serving.actions.demo import ensure_demo


class Command(BaseCommand):
    help = (
        "Migrate the database, collect the static files when they changed, make the first owner and the demo."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        gate.wait(env.home(), gate.DATABASE)
        schema.load_into_empty()
        if migrations.due():
            call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
        static_files.collect()
        self.stdout.write(str(ensure_first_owner()))
        self.stdout.flush()  # shown once: nothing that fails later may keep it back
        sweeping.ensure_schedule()
        trash.ensure_schedule()
        ensure_demo()
