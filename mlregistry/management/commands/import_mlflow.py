"""`manage.py import_mlflow`: brings an existing MLflow over into a team; run it again to go on or to check."""

import signal
import sys
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.queries.teams import the_team
from mlregistry.errors import MlregistryError
from mlregistry.mlflow_import.moving import move
from mlregistry.mlflow_import.opening import open_source
from mlregistry.mlflow_import.progress import Progress
from mlregistry.mlflow_import.report import Report

STOPPED = 130


class Command(BaseCommand):
    help = "Import experiments, runs, histories, artifacts, logged models and the registry of an MLflow."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", help="http(s)://… · sqlite:///… · postgresql://… · file:/… or a folder")
        parser.add_argument("--team", help="slug of the team that gets it; needed when there are several")
        parser.add_argument(
            "--experiments", nargs="+", default=[], metavar="NAME", help="only these, no registry"
        )
        parser.add_argument(
            "--artifacts-root", type=Path, help="the folder that mlflow-artifacts:/ stands for"
        )
        parser.add_argument("--workspace", default="", help="MLflow's workspace, where it has several")
        parser.add_argument("--dry-run", action="store_true", help="only read and count")

    def handle(self, *args: Any, **options: Any) -> None:
        self._stop = False
        progress = Progress(sys.stderr)
        former = signal.signal(signal.SIGINT, self._interrupt)
        try:
            by = replace(Actor.system(the_team(options["team"])), via="command")
            report = self._move(options, progress, by)
        except MlregistryError as error:
            raise CommandError(str(error)) from error
        finally:
            signal.signal(signal.SIGINT, former)
        progress.close()
        self._tell(report, by.team.slug, dry=options["dry_run"])

    def _move(self, options: dict[str, Any], progress: Progress, by: Actor) -> Report:
        source = open_source(
            options["source"], artifacts_root=options["artifacts_root"], workspace=options["workspace"]
        )
        try:
            return move(
                source,
                names=options["experiments"],
                dry=options["dry_run"],
                progress=progress,
                stop=lambda: self._stop,
                by=by,
            )
        finally:
            source.close()

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        """The first Ctrl-C lets the run be finished, the second one does not."""
        if self._stop:
            raise KeyboardInterrupt
        self._stop = True

    def _tell(self, report: Report, slug: str, *, dry: bool) -> None:
        for line in report.lines("source", slug):
            self.stdout.write(line)
        if report.stopped:
            self.stdout.write("Stopped. The same command goes on from here.")
            raise SystemExit(STOPPED)
        if dry:
            self.stdout.write("Nothing was written.")
        elif not report.agrees:
            raise CommandError("The counts differ, or something was refused.", returncode=1)
        else:
            self.stdout.write("Both sides agree.")
