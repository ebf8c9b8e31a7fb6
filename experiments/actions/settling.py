"""Ends the runs whose job ended without them: cancelled, killed, out of memory, out of time.

A killed process cannot write its own end, so the doors call this before they show runs.
"""

from django.db.models import OuterRef, Subquery, TextField, Value
from django.db.models.functions import Coalesce, Now, NullIf

from experiments.models import LIVE, Run, RunStatus
from mlregistry.accounts.models import Team
from mlregistry.jobs.models import Job, State
from mlregistry.prepared_queries import PreparedQuery

ENDED = (State.CANCELLED, State.SUCCEEDED, State.FAILED)
STUCK = PreparedQuery(
    lambda: (
        Run.objects.filter(status__in=LIVE).filter(job__team_id=0).filter(job__state__in=ENDED).only("pk")[:1]
    )
)
UNTOLD = "Its job ended before the run did."


def settle_runs(team: Team) -> int:
    """KILLED when the job was cancelled, else FAILED with the job's reason; returns how many runs."""
    if STUCK.first(*LIVE, team.pk, *ENDED) is None:
        return 0
    stuck = Run.objects.filter(status__in=LIVE, job__isnull=False, job__team=team)
    killed = stuck.filter(job__state=State.CANCELLED).update(status=RunStatus.KILLED, ended_at=Now())
    reason = Job.objects.filter(pk=OuterRef("job_id")).values("error")[:1]
    told = NullIf(Subquery(reason), Value(""), output_field=TextField())
    failed = stuck.filter(job__state__in=(State.SUCCEEDED, State.FAILED)).update(
        status=RunStatus.FAILED, error=Coalesce(told, Value(UNTOLD), output_field=TextField()), ended_at=Now()
    )
    return killed + failed
