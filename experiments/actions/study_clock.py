"""Counts the time that a study is worked on: as long as its lanes give signs of life. Called with each of them.

While the server is down nothing is counted but the seconds up to a lease in which nobody could know.
"""

from django.db import connection

from mlregistry.jobs.options import seconds

KEEP_TIME = """
UPDATE experiments_study
SET
    used_seconds = used_seconds + least(extract(epoch FROM statement_timestamp() - resumed_at)::float8, %(lease)s),
    resumed_at = statement_timestamp()
WHERE id = %(study_id)s AND state = 'RUNNING' AND n_lanes > 0 AND resumed_at IS NOT NULL
"""
REST = """
UPDATE experiments_study AS study SET resumed_at = NULL
WHERE id = %(study_id)s AND state = 'RUNNING' AND NOT EXISTS (
    SELECT FROM experiments_trial AS trial
    WHERE trial.study_id = study.id AND trial.state = 'RUNNING' AND trial.lease_until >= now()
)
"""


def keep_time(study_id: int) -> None:
    """Add what has passed since the last sign of life, at most a lease; nothing for a study without lanes."""
    with connection.cursor() as cursor:
        cursor.execute(KEEP_TIME, {"study_id": study_id, "lease": seconds("JOB_LEASE_SECONDS")})


def rest(study_id: int) -> None:
    """Stop the clock while no trial is under way, until the next is claimed: the wait for a worker costs no time."""
    keep_time(study_id)
    with connection.cursor() as cursor:
        cursor.execute(REST, {"study_id": study_id})
