"""`manage.py gc`: removes for good what was deleted, as `mlflow gc` does, with files and names."""

import re
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from experiments.actions import trash
from experiments.queries import trash as queries
from mlregistry.accounts.models import Team
from mlregistry.artifacts import store

AGE = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?")


class Command(BaseCommand):
    help = "Purge deleted experiments, runs and logged models, and remove files that nothing refers to."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--older-than", default="0d", help="only what was deleted before: 30d, 12h, 1d6h …"
        )
        parser.add_argument("--team", help="the slug of the only team to look at")
        parser.add_argument("--dry-run", action="store_true", help="say what would go, and remove nothing")

    def handle(self, *args: Any, older_than: str, team: str | None, dry_run: bool, **options: Any) -> None:
        age = _age(older_than)
        for one in _teams(team):
            if dry_run:
                self._foretell(one, age)
            else:
                self._purge(one, age)
        if not dry_run:
            self.stdout.write(f"{store.delete_unreferenced():,} files of broken uploads removed.")

    def _foretell(self, team: Team, age: timedelta) -> None:
        chosen = queries.deleted_before(team.pk, timezone.now() - age)
        kept = queries.holders(chosen.experiments, chosen.runs)
        self.stdout.write(
            f"{team.slug}: {len(chosen.experiments):,} experiments, {len(chosen.runs):,} single runs and"
            f" {len(chosen.logged_models):,} single logged models would go, but for"
            f" {len(kept.experiments) + len(kept.runs):,} that model versions hold."
        )

    def _purge(self, team: Team, age: timedelta) -> None:
        done = trash.purge_old(team, older_than=age)
        self.stdout.write(
            f"{team.slug}: {done.n_experiments:,} experiments, {done.n_runs:,} runs and"
            f" {done.n_logged_models:,} logged models removed, {filesizeformat(done.n_bytes)} free."
        )
        for line in done.kept:
            self.stdout.write(f"  kept: {line}")


def _age(text: str) -> timedelta:
    found = AGE.fullmatch(text.strip())
    if not found or not text.strip():
        raise CommandError(f"{text!r} is no age: write 30d, 12h, 45m or 1d6h.")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _teams(slug: str | None) -> QuerySet[Team]:
    found = Team.objects.order_by("slug")
    if slug is None:
        return found
    if not found.filter(slug=slug).exists():
        raise CommandError(f"There is no team {slug!r}.")
    return found.filter(slug=slug)
