"""Signs of life of runs, and the end of those that show none. Called by doors, by logging and the scheduler.

Each log raises `active_at`, as a heartbeat does. A run that a job trains is settled with its job instead.
"""

import uuid

from django.conf import settings
from django.db import connection

from experiments.models import Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import NotFound

from .run_tags import check_timeout
from .runs import require_active

BEAT = """
UPDATE experiments_run AS run
SET active_at = now(), timeout_seconds = COALESCE(%(timeout)s, run.timeout_seconds)
WHERE run.id = %(run)s::uuid AND run.lifecycle = 'active'
  AND %(team)s = (SELECT place.team_id FROM experiments_experiment AS place WHERE place.id = run.experiment_id)
RETURNING run.status
"""
SET_TIMEOUT = "UPDATE experiments_run SET timeout_seconds = %s WHERE id = %s::uuid"
# A run whose children log is alive itself. What another transaction holds is alive too, and is left alone.
END = """
WITH overdue AS (
    SELECT run.id, wait.seconds, GREATEST(run.active_at, below.active_at) AS seen_at
    FROM experiments_run AS run
    CROSS JOIN LATERAL (SELECT COALESCE(run.timeout_seconds, %(default)s) AS seconds) AS wait
    LEFT JOIN LATERAL (
        SELECT max(child.active_at) AS active_at FROM experiments_run AS child WHERE child.parent_id = run.id
    ) AS below ON TRUE
    WHERE run.status = 'RUNNING' AND run.job_id IS NULL AND wait.seconds > 0
      AND run.active_at < now() - make_interval(secs => wait.seconds)
      AND GREATEST(run.active_at, below.active_at) < now() - make_interval(secs => wait.seconds)
    FOR UPDATE OF run SKIP LOCKED
), ended AS (
    UPDATE experiments_run AS run
    SET status = 'KILLED', ended_at = overdue.seen_at, timed_out = TRUE, changes = run.changes + 1,
        error = 'No sign of life for ' || justify_interval(make_interval(secs => overdue.seconds))
                || ': the time-out ended this run. Logging to it takes it up again.'
    FROM overdue WHERE run.id = overdue.id
    RETURNING run.id, run.name, run.experiment_id, overdue.seconds
)
INSERT INTO accounts_auditevent (team_id, user_id, action, target_type, target_id, target_name, details, via, at)
SELECT experiment.team_id, NULL, 'run.time_out', 'experiments.run', ended.id::text, ended.name,
       jsonb_build_object('after_seconds', ended.seconds), 'worker', now()
FROM ended JOIN experiments_experiment AS experiment ON experiment.id = ended.experiment_id
"""


def heartbeat(run_id: uuid.UUID, *, timeout_seconds: int | None = None, by: Actor) -> str:
    """The run is alive: one UPDATE; returns its status. With `timeout_seconds` the time-out changes (0: never)."""
    by.require(Role.EDITOR)
    values: dict[str, str | int | None] = {"run": str(run_id), "team": by.team.pk, "timeout": timeout_seconds}
    if timeout_seconds is not None:
        check_timeout(timeout_seconds)
    with connection.cursor() as cursor:
        cursor.execute(BEAT, values)
        found = cursor.fetchone()
    if found is None:
        run = Run.objects.filter(pk=run_id, experiment__team=by.team).first()
        if run is not None:
            require_active(run)
        raise NotFound(f"Run with id={run_id.hex} not found", field="run_id")
    return str(found[0])


def set_timeout(run_id: uuid.UUID, seconds: int | None) -> None:
    """After the tag mlregistry.timeoutSeconds was written or removed; the caller has checked the rest."""
    with connection.cursor() as cursor:
        cursor.execute(SET_TIMEOUT, [seconds, str(run_id)])


def end_overdue() -> int:
    """End as KILLED, as of their last sign of life, all runs over their time-out; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(END, {"default": settings.RUN_TIMEOUT_HOURS * 3600})
        return int(cursor.rowcount)
