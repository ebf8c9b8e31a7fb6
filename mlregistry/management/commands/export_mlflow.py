"""`manage.py export_mlflow`: writes a team as a file store that the mlflow client reads."""

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
from mlregistry.mlflow_import.exporting import Export, export_tracking, new_root
from mlregistry.mlflow_import.exporting_registry import export_registry
from mlregistry.mlflow_import.progress import Progress
from mlregistry.mlflow_import.report import Report


class Command(BaseCommand):
    help = "Write experiments, runs, histories, artifacts, logged models and the registry as MLflow's file store."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="a new or empty folder")
        parser.add_argument("--team", help="slug of the team; needed when there are several")
        parser.add_argument(
            "--experiments", nargs="+", default=[], metavar="NAME", help="only these, no registry"
        )

        parser.add_argument("--for-mlflow-2", action="store_true", help="leave out what MLflow 2 cannot read")

    def handle(self, *args: Any, **options: Any) -> None:
        self._stop = False
        progress = Progress(sys.stderr)
        former = signal.signal(signal.SIGINT, self._interrupt)
        try:
            by = replace(Actor.system(the_team(options["team"])), via="command")
            work = Export(
                new_root(options["folder"]),
                by,
                Report(),
                progress,
                lambda: self._stop,
                options["for_mlflow_2"],
            )
            export_tracking(work, options["experiments"])
            if not options["experiments"] and not work.report.stopped:
                export_registry(work)
        except MlregistryError as error:
            raise CommandError(str(error)) from error
        finally:
            signal.signal(signal.SIGINT, former)
        progress.close()
        self._tell(work.report, by.team.slug, work.root)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self._stop = True

    def _tell(self, report: Report, slug: str, root: Path) -> None:
        for line in report.lines(slug, "folder"):
            self.stdout.write(line)
        if report.stopped:
            raise CommandError("Stopped; the folder is not whole.", returncode=130)
        if not report.agrees:
            raise CommandError("The counts differ, or something was refused.", returncode=1)
        self.stdout.write(
            f"To read it: MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri {root.as_uri()}"
        )
