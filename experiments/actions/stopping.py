"""Stop a run that is under way: through its job if it has one. Called by the page of a run."""

from experiments.models import LIVE, Run, RunStatus
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict
from mlregistry.jobs.actions import jobs

from .runs import finish_run


def stop_run(run: Run, *, by: Actor) -> None:
    """A job is asked to stop, with all runs that it trains; a client's run ends as KILLED, whatever it still logs."""
    by.require(Role.EDITOR)
    if run.status not in LIVE:
        raise Conflict(f"The run has ended already: it is {run.get_status_display()}.")
    if run.job is not None and run.job.is_live:
        jobs.cancel(run.job, by=by)
    else:
        finish_run(run, RunStatus.KILLED, by=by)
