"""What it costs to choose the next job: the claim's plan and time beside many finished and waiting rows.

`python -m benchmarks.queue`, on a PostgreSQL of its own.
"""

import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command
from django.db import connection

from mlregistry.jobs import claiming
from mlregistry.supervisor.postgres import FAST_AND_UNSAFE, Postgres

FILL = """
INSERT INTO jobs_job (id, team_id, kind, title, args, queue, priority, state, progress, message, error, attempt,
    n_tries, max_attempts, memory_mb, timeout_seconds, worker, n_log_lines, cpu_seconds, created_at,
    queued_at, finished_at, n_nudges, gb_seconds, gpu_seconds, wall_seconds, bytes_read, bytes_written, cost, phases,
    parts, stop_reason)
SELECT gen_random_uuid(), (SELECT id FROM accounts_team ORDER BY id LIMIT 1 OFFSET n % 5), 'artifacts.sweep', 'job',
    '{{}}', 'cpu', n % 3 - 1, '{state}', 0, '', '', 1, 1, 3, 2048, 3600, '', 0, 12,
    now() - n * interval '1 second', now() - n * interval '1 second', {finished}, 0, 0, 0, 0, 0, 0, 0, '[]', '[]', ''
FROM generate_series(1, {count}) AS n
"""


def run(
    *, n_finished: int = 100_000, n_running: int = 20, waiting: tuple[int, ...] = (10, 1_000, 10_000, 100_000)
) -> None:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        server = Postgres(home / "postgres", home / "socket", options=FAST_AND_UNSAFE)
        server.start()
        try:
            os.environ |= {"MLREGISTRY_HOME": name, "DATABASE_URL": server.url()}
            os.environ["DJANGO_SETTINGS_MODULE"] = "mlregistry.settings"
            _measure(n_finished, n_running, waiting)
        finally:
            server.stop()


def _measure(n_finished: int, n_running: int, waiting: tuple[int, ...]) -> None:
    django.setup()
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_team (slug, name, description, created_at)"
            " SELECT 't' || n, 'Team', '', now() FROM generate_series(1, 5) AS n"
        )
        cursor.execute(FILL.format(state="SUCCEEDED", finished="now()", count=n_finished))
        cursor.execute(FILL.format(state="RUNNING", finished="NULL", count=n_running))
        filled = 0
        for count in waiting:
            cursor.execute(FILL.format(state="QUEUED", finished="NULL", count=count - filled))
            filled = count
            cursor.execute("VACUUM ANALYZE jobs_job")
            _tell(cursor, n_finished, count)


def _tell(cursor: Any, n_finished: int, n_waiting: int) -> None:
    job_id = "00000000-0000-4000-8000-000000000000"
    values = {"job_id": job_id, "worker": "w", "pid": 1, "classes": ["cpu"], "oldest_share": 0.1}
    cursor.execute("BEGIN")
    cursor.execute("EXPLAIN (ANALYZE, COSTS OFF) " + claiming.BEST + claiming.TAKE, values)
    plan = "\n".join(line for (line,) in cursor.fetchall())
    cursor.execute("ROLLBACK")
    taken = []
    for _ in range(50):
        began = time.perf_counter()
        claiming.claim_best(job_id, classes=["cpu"], worker="w", pid=1)
        taken.append(time.perf_counter() - began)
    print(
        f"\n{n_finished:,} finished, {n_waiting:,} waiting: {1000 * statistics.median(taken):.2f} ms a claim"
    )
    print(plan)


if __name__ == "__main__":
    run()
