"""The last fits of a "Just train it", in a fork that is ended when the time is up. Called by its closing job.

As long as nothing is trained, time is kept for a quick model.
"""

import mmap
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import threadpoolctl

from experiments.actions import auto_closing
from experiments.actions import runs as run_actions
from experiments.models import LIVE, Artifact, AutoTraining, Run, RunStatus
from experiments.queries import auto_trainings as queries
from experiments.workers import training
from mlregistry.accounts.actor import Actor
from mlregistry.artifacts import store
from mlregistry.errors import Invalid
from mlregistry.jobs.context import JobContext
from mlregistry.jobs.forked import Limits
from mlregistry.jobs.parts import left_of, run_part
from mlregistry.jobs.patience import patiently
from mlregistry.ml import packaging
from mlregistry.ml.ensembling import blends, pricing
from mlregistry.ml.ensembling.offering import ONE_MODEL
from mlregistry.ml.signature import Signature

CELLS_FOR_THREADS = 500_000
MEASURING = 2.0  # a training takes so many times its fit
STORING_SHARE, STORING_SECONDS = 0.25, (1.0, 5.0)  # of the time left, to write a model down
NO_TIME = "There was no time left for it; give a longer budget."
LATE = "It was not ready within the time; give a longer budget."
BEGUN, TRAINED = 0, 1
FOREVER = 7 * 24 * 3600.0  # its time is looked at otherwise
Row = dict[str, Any]


class LastFits:
    """Of the offers of one closing, each a run.

    They end at `deadline` of time.monotonic, and `spare` seconds earlier as long as nothing is trained.
    """

    def __init__(
        self, context: JobContext, auto: AutoTraining, *, deadline: float, spare: float, by: Actor
    ) -> None:
        self.context, self.auto, self.by = context, auto, by
        self.deadline, self.spare = deadline, spare
        low, high = STORING_SECONDS
        self.storing = min(high, max(low, STORING_SHARE * (deadline - time.monotonic())))
        self.data: training.Data | None = None

    @property
    def n_trained(self) -> int:
        wanted = [one["run"] for one in self.auto.offers]
        return Run.objects.filter(pk__in=wanted, status=RunStatus.FINISHED).count()

    def train(self, rows: Sequence[Row], *, within: float | None = None) -> None:
        """Each in turn until the deadline; or for so many seconds, where that is told."""
        until = None if within is None else time.monotonic() + within
        runs = training.runs_to_do([row["run"] for row in rows])
        waiting = [(row, run) for row in rows for run in runs if str(run.pk) == row["run"]]
        if waiting and self.data is None:
            self.context.report(0.05, "Reading the dataset")
            self.data = training.data_of(waiting[0][1])
        while waiting:
            with mmap.mmap(-1, 2) as told:  # how many were begun, and whether any is trained
                told[TRAINED] = self.n_trained > 0
                if time.monotonic() >= self._end_of(told, until):
                    for _, run in waiting:
                        self._end(run, NO_TIME)
                    return
                problem = self._part(waiting, told, until)
                done, waiting = waiting[: told[BEGUN]], waiting[told[BEGUN] :]
            if done and problem:
                self._end(done[-1][1], problem)
            elif problem:  # it broke before the first
                raise Invalid(problem)

    def _end_of(self, told: mmap.mmap, until: float | None) -> float:
        return until or (self.deadline if told[TRAINED] else self.deadline - self.spare)

    def _part(self, waiting: Sequence[tuple[Row, Run]], told: mmap.mmap, until: float | None) -> str:
        """Train them in one fork, where they share their members; why it was stopped, or broke."""

        def work(context: JobContext) -> None:
            with blends.sharing(), threadpoolctl.threadpool_limits(self._threads()):
                for place, (row, run) in enumerate(waiting):
                    told[BEGUN] = place + 1
                    if self._one(context, row, run, self._end_of(told, until)):
                        told[TRAINED] = True
                        settle(context, self.auto, run)

        limits = Limits(FOREVER, left_of(self._memory_mb()), output_bytes=None)
        over = lambda: LATE if time.monotonic() >= self._end_of(told, until) else None  # noqa: E731  # handed on as it is
        return run_part(self.context, work, limits, over=over)

    def _one(self, context: JobContext, row: Row, run: Run, deadline: float) -> bool:
        """Whether it is trained."""
        assert self.data is not None  # noqa: S101  # read before there is a fork
        if row["method"] not in ONE_MODEL and time.monotonic() + MEASURING * row["seconds"] > deadline:
            context.log(f"{run.name}: left out, its fit takes about {row['seconds']:.0f} s.")
            run_actions.finish_run(run, RunStatus.KILLED, error=NO_TIME, by=self.by)
            return False
        place = [one["run"] for one in self.auto.offers].index(row["run"])
        share = training.Share(context, place, len(self.auto.offers), row["title"])
        training.train_one(context, share, run, self.data, leave_by=deadline - self.storing)
        run.refresh_from_db()
        return run.status == RunStatus.FINISHED

    def _end(self, run: Run, reason: str) -> None:
        """For a run that nobody goes on with; one that has told its own end is left as it is."""
        status = RunStatus.KILLED if reason in (LATE, NO_TIME) else RunStatus.FAILED

        def end() -> None:
            run.refresh_from_db(fields=["status", "lifecycle", "error", "ended_at"])
            if run.status in LIVE:
                self.context.log(f"{run.name}: {reason}")
                run_actions.finish_run(run, status, error=reason[: training.LONGEST_ERROR], by=self.by)

        patiently(end)

    def _memory_mb(self) -> int:
        return self.auto.job.memory_mb if self.auto.job is not None else auto_closing.MEMORY_MB

    def _threads(self) -> int | None:
        """One for a small table, whose fits threads only slow down on a busy machine."""
        version = self.auto.study.dataset_version
        small = version is not None and version.n_rows * version.n_columns < CELLS_FOR_THREADS
        return 1 if small else None


def settle(context: JobContext, auto: AutoTraining, run: Run) -> None:
    """The price of what was trained, and whether it is the one to use; it is that before its price is known too."""
    choose(auto)
    found = _price(run)
    auto_closing.update_offer(auto, str(run.pk), **found)
    context.log(
        f"{run.name}: {found['ms_per_request']:.2f} ms a request, {found['megabytes']:.2f} MB."
        if found["ms_per_request"] is not None
        else f"{run.name}: {found['megabytes']:.2f} MB."
    )
    choose(auto)


def choose(auto: AutoTraining) -> None:
    auto.refresh_from_db(fields=["offers"])
    chosen = queries.chosen(auto)
    if chosen is not None:
        auto_closing.choose(auto, chosen)


def _price(run: Run) -> dict[str, Any]:
    """By the form that will serve; a model that answers no single row has a size only."""
    signature = Signature.from_json(run.signature or {})
    example = signature.frame(run.input_example or [])
    files = Artifact.objects.filter(run=run, path__startswith="model/").select_related("file")
    stored = {row.path.rpartition("/")[2]: row.file for row in files}
    file = stored[packaging.NAMES["skops"]]
    megabytes = round(file.size / 1e6, 3)
    if not len(example):
        return {"ms_per_request": None, "ms_per_row": None, "megabytes": megabytes}
    name = packaging.NAMES["skops"]
    with store.local_path(file) as path, tempfile.TemporaryDirectory(prefix="model-") as folder:
        Path(folder, name).symlink_to(path.resolve())
        pipeline = packaging.load(Path(folder), packaging.ModelFile("skops", name, file.size, file.sha256))
    return {**asdict(pricing.price(pipeline, signature, pd.DataFrame(example))), "megabytes": megabytes}
