"""Which jobs train the runs of an experiment. Called by doors."""

from experiments.models import Experiment
from mlregistry.jobs.models import LIVE, Job


def live_jobs(experiment: Experiment) -> list[Job]:
    """The jobs that are queued or running now, newest first."""
    rows = Job.objects.filter(runs__experiment=experiment, state__in=LIVE)
    return list(rows.distinct().order_by("-created_at"))
