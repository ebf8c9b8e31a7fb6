"""Each run of a training in a process of its own: its share of the job's limits, the folds behind it, the cluster.

Called by the training job. A run that hangs, takes too much memory or breaks its process fails alone.
"""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import asdict

from django.conf import settings

from experiments.models import Run
from mlregistry.jobs.context import JobContext
from mlregistry.jobs.forked import Limits
from mlregistry.jobs.models import Job
from mlregistry.jobs.parts import left_of
from mlregistry.ml import farm
from mlregistry.ml.supervised.carrying import Carrier, Done
from mlregistry.ml.supervised.farming import Farmer, without_cluster

SPARE_SHARE, MOST_SPARE_SECONDS = 0.05, 10.0  # of the job's time, to write down what happened


class Allowance:
    """The job's time shared out: each run gets an even part of what the runs before it have left."""

    def __init__(self, context: JobContext) -> None:
        job = Job.objects.get(pk=context.job_id)
        spare = min(MOST_SPARE_SECONDS, SPARE_SHARE * job.timeout_seconds)
        self.until = time.monotonic() + job.timeout_seconds - spare
        self.memory_mb = job.memory_mb

    def of_one(self, n_left: int) -> Limits:
        """The limits of the next run when so many are left, it included."""
        seconds = max(1.0, (self.until - time.monotonic()) / n_left)
        return Limits(seconds, left_of(self.memory_mb), output_bytes=None)


@contextlib.contextmanager
def carrier(
    context: JobContext, run: Run, *, n_cells: int, leave_by: float | None = None
) -> Iterator[Carrier]:
    """Goes on after the folds that an earlier attempt has measured; a pause stops after the next one.

    A table of many cells is fitted on the operator's Dask cluster, where there is one that answers.
    """
    kept = context.resumed_from or {}
    mine = kept.get("run") == str(run.pk)
    done = Done(list(kept["folds"]), list(kept["warnings"])) if mine else Done()

    def keep(done: Done) -> None:
        _keep(context, run, done)

    with contextlib.ExitStack() as stack:
        if settings.DASK is not None and n_cells >= settings.DASK_LEAST_CELLS:
            try:
                cluster = stack.enter_context(farm.connected(settings.DASK))
                yield Farmer(cluster, done, keep)
                return
            except farm.FarmLost as error:
                context.log(without_cluster(error))
                done.warnings.append(without_cluster(error))
        yield Carrier(done, keep, leave_by)


def _keep(context: JobContext, run: Run, done: Done) -> None:
    try:
        context.checkpoint({"run": str(run.pk), **asdict(done)})
    except (
        ValueError
    ):  # too many figures for a checkpoint, or one that is none: this far they are measured again
        context.checkpoint()
