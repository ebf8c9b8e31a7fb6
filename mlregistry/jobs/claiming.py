"""Which waiting job a woken worker takes: the best of its resource classes, in one statement.

First the higher priority; then the team with the fewest running jobs, and of those the one that used the least
processor time of late; then who waits longest. One claim in ten (JOB_OLDEST_FIRST_SHARE) takes the oldest
of all instead, so that none waits for ever behind others. Only the heads of the lines are compared, one line for each
class, priority and team, so that a claim costs the same however many jobs wait. Called by runner, attempts and queries.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.db import connection

from .options import option

WAITING = "job.state = 'QUEUED' AND (job.scheduled_at IS NULL OR job.scheduled_at <= now())"
TEAMS = """
busy AS (
    SELECT team_id, count(*) AS n_running, sum(cpu_seconds) AS cpu_seconds
    FROM jobs_job WHERE state = 'RUNNING' GROUP BY team_id
)"""
JOINED = """
    jobs_job AS job
    LEFT JOIN busy ON busy.team_id IS NOT DISTINCT FROM job.team_id
    LEFT JOIN jobs_teamload AS load ON load.team_id = job.team_id
"""
# What a team used, halved with every hour since.
LOAD_NOW = "load.cpu_seconds * power(0.5, least(500, extract(epoch FROM now() - load.at)::float8 / 3600))"
USED = f"coalesce(busy.cpu_seconds, 0) + coalesce({LOAD_NOW}, 0)"
# Expressions of the index jobs_job_in_line.
TEAM = "coalesce(job.team_id, 0)"
DUE = "greatest(job.queued_at, job.scheduled_at)"
# Each line is found by one step into the index behind the line before. Several heads of each, as some may be locked.
HEADS = f"""
lines AS (
    SELECT class.queue, first.priority, first.team
    FROM unnest(%(classes)s::text[]) AS class (queue) CROSS JOIN LATERAL (
        SELECT job.priority, {TEAM} AS team FROM jobs_job AS job
        WHERE job.state = 'QUEUED' AND job.queue = class.queue
        ORDER BY job.priority, {TEAM} LIMIT 1
    ) AS first
    UNION ALL
    SELECT lines.queue, next.priority, next.team
    FROM lines CROSS JOIN LATERAL (
        SELECT job.priority, {TEAM} AS team FROM jobs_job AS job
        WHERE job.state = 'QUEUED' AND job.queue = lines.queue
            AND (job.priority, {TEAM}) > (lines.priority, lines.team)
        ORDER BY job.priority, {TEAM} LIMIT 1
    ) AS next
), heads AS MATERIALIZED (
    SELECT head.id FROM lines CROSS JOIN LATERAL (
        SELECT job.id FROM jobs_job AS job
        WHERE job.state = 'QUEUED' AND job.queue = lines.queue AND job.priority = lines.priority
            AND {TEAM} = lines.team AND {DUE} <= now()
        ORDER BY {DUE}, job.id LIMIT 16
    ) AS head
    UNION SELECT %(job_id)s::uuid
)"""  # noqa: S608  # joined of constants
BEST = f"""
WITH RECURSIVE {TEAMS}, turn AS MATERIALIZED (
    SELECT random() < %(oldest_share)s AS is_of_the_oldest
), {HEADS}, best AS MATERIALIZED (
    SELECT job.id FROM turn CROSS JOIN heads CROSS JOIN {JOINED}
    WHERE job.id = heads.id AND {WAITING}
    ORDER BY
        CASE WHEN is_of_the_oldest THEN 0 ELSE -job.priority END,
        CASE WHEN is_of_the_oldest THEN 0 ELSE coalesce(busy.n_running, 0) END,
        CASE WHEN is_of_the_oldest THEN 0 ELSE {USED} END,
        {DUE}, job.id
    LIMIT 1 FOR UPDATE OF job SKIP LOCKED
)"""  # noqa: S608  # joined of constants
NAMED = f"""
WITH best AS MATERIALIZED (
    SELECT job.id FROM jobs_job AS job WHERE job.id = %(job_id)s AND {WAITING} FOR UPDATE SKIP LOCKED
)"""  # noqa: S608  # joined of constants
TAKE = """
UPDATE jobs_job AS job SET
    state = 'RUNNING', attempt = attempt + 1, n_tries = n_tries + 1, heartbeat_at = now(), started_at = now(),
    finished_at = NULL, worker = %(worker)s, pid = %(pid)s, child_pid = NULL, progress = 0, message = '',
    eta_seconds = NULL, error = ''
FROM best WHERE job.id = best.id
RETURNING
    job.id, job.attempt, job.kind, job.args, job.queue, job.memory_mb, job.timeout_seconds, job.n_tries,
    job.max_attempts, job.n_log_lines, job.team_id,
    jsonb_build_object(
        'cpu_seconds', coalesce(job.cpu_seconds, 0), 'gb_seconds', job.gb_seconds, 'gpu_seconds', job.gpu_seconds,
        'wall_seconds', job.wall_seconds, 'bytes_read', job.bytes_read, 'bytes_written', job.bytes_written,
        'cost', job.cost, 'peak_memory_mb', coalesce(job.peak_memory_mb, 0)
    ), job.checkpoint
"""
STANDS_FOR = f"""
SELECT job.queue FROM jobs_job AS job
WHERE job.id = %(job_id)s AND {WAITING} AND (job.n_nudges = %(message)s OR %(message)s IS NULL)
"""  # noqa: S608  # joined of constants
ADD_LOAD = f"""
INSERT INTO jobs_teamload AS load (team_id, cpu_seconds, at) VALUES (%(team_id)s, %(cpu_seconds)s, now())
ON CONFLICT (team_id) DO UPDATE SET
    cpu_seconds = excluded.cpu_seconds + {LOAD_NOW},
    at = now()
"""  # noqa: S608  # joined of constants
# As if each job of a team that goes before another of it were running by then.
QUEUE = f"""
WITH {TEAMS}, waiting AS (
    SELECT job.id, job.priority, job.queued_at, {USED} AS used,
        coalesce(busy.n_running, 0) + row_number() OVER (
            PARTITION BY job.team_id ORDER BY job.priority DESC, job.queued_at, job.id
        ) AS turn
    FROM {JOINED} WHERE {WAITING} AND job.queue = %(queue)s
)
SELECT id FROM waiting ORDER BY priority DESC, turn, used, queued_at, id LIMIT %(most)s
"""  # noqa: S608  # joined of constants


@dataclass(frozen=True)
class Attempt:
    """One execution of a job, as claimed; `number` fences every write of it."""

    job_id: str
    number: int
    kind: str
    args: dict[str, Any]
    queue: str
    memory_mb: int
    timeout_seconds: int
    n_tries: int
    max_attempts: int
    first_line: int
    team_id: int | None
    before: dict[str, float]  # what its earlier attempts used
    checkpoint: dict[str, Any] | None


COLUMNS = tuple(column.name for column in fields(Attempt))  # in the order of RETURNING


def claim_best(job_id: str, *, classes: Sequence[str], worker: str, pid: int) -> Attempt | None:
    """Take the best waiting job of these classes; the one of the message counts whatever its class."""
    share = float(option("JOB_OLDEST_FIRST_SHARE"))
    return _take(BEST, job_id, worker, pid, classes=list(classes), oldest_share=share)


def claim_named(job_id: str, *, worker: str, pid: int) -> Attempt | None:
    """Take this job and no other."""
    return _take(NAMED, job_id, worker, pid)


def number_message(job_id: str) -> int | None:
    """The number of the next message for the job, which makes those before it void; None when the job is gone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE jobs_job SET n_nudges = n_nudges + 1 WHERE id = %s RETURNING n_nudges", [job_id]
        )
        row = cursor.fetchone()
    return int(row[0]) if row else None


def queue_of_waiting(job_id: str, message: int | None) -> str | None:
    """The class of a job that is there to be taken and whose last message this is; None for any other."""
    with connection.cursor() as cursor:
        cursor.execute(STANDS_FOR, {"job_id": job_id, "message": message})
        row = cursor.fetchone()
    return str(row[0]) if row else None


def add_load(team_id: int | None, cpu_seconds: float | None) -> None:
    """Count the processor time of an ended attempt against its team."""
    if team_id is not None and cpu_seconds:
        with connection.cursor() as cursor:
            cursor.execute(ADD_LOAD, {"team_id": team_id, "cpu_seconds": cpu_seconds})


def in_order(queue: str, *, most: int) -> list[str]:
    """The ids of the jobs that wait in one class, in the order in which they will probably be taken."""
    with connection.cursor() as cursor:
        cursor.execute(QUEUE, {"queue": queue, "most": most})
        return [str(job_id) for (job_id,) in cursor.fetchall()]


def _take(best: str, job_id: str, worker: str, pid: int, **values: Any) -> Attempt | None:
    with connection.cursor() as cursor:
        cursor.execute(best + TAKE, {"job_id": job_id, "worker": worker[:200], "pid": pid, **values})
        row = cursor.fetchone()
    if row is None:
        return None
    values = dict(zip(COLUMNS, row, strict=True))
    values |= {name: json.loads(values[name] or "null") for name in ("args", "before", "checkpoint")}
    return Attempt(**values | {"job_id": str(values["job_id"])})
