"""Fills the database of a running server with long curves, as logging leaves them, and folds them as its chore does.

`python -m benchmarks.curves_work.fill RUNS POINTS`; started by benchmarks.curves with the server's environment.
"""

import base64
import json
import os
import sys
import time
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlregistry.settings")
django.setup()

from django.db import connection  # noqa: E402  # after Django is set up

from experiments.actions import curve_rollups  # noqa: E402  # after Django is set up
from experiments.actions.experiments import create_experiment  # noqa: E402  # after Django is set up
from experiments.actions.runs import create_run  # noqa: E402  # after Django is set up
from experiments.models import Run  # noqa: E402  # after Django is set up
from mlregistry.accounts.models import User  # noqa: E402  # after Django is set up
from mlregistry.accounts.queries import actors  # noqa: E402  # after Django is set up

AT_ONCE = 1_000
BEGIN = 1_750_000_000_000
CHUNKS = """
INSERT INTO experiments_metricchunk (run_id, key, change, first_at, last_at, timestamps, steps, numbers)
SELECT %(run)s, 'loss', chunk + 1, min(at), max(at), array_agg(at ORDER BY step), array_agg(step ORDER BY step),
       array_agg(value ORDER BY step)
FROM (
    SELECT step / %(at_once)s AS chunk, step, %(begin)s + 10 * step AS at,
           exp(-step / 200000.0) * (1 + %(place)s / 40.0) + 0.05 * random() AS value
    FROM generate_series(0, %(n)s - 1) AS step
) AS points GROUP BY chunk
"""
LATEST = """
INSERT INTO experiments_latestmetric
    (run_id, experiment_id, key, value, is_nan, step, timestamp, minimum, maximum)
VALUES (%(run)s, %(experiment)s, 'loss', 0.1, false, %(n)s - 1, %(begin)s + 10 * (%(n)s - 1), 0, 1.5)
"""


def main(n_runs: int, n_points: int) -> None:
    by = actors.for_user(User.objects.get(username="owner"))
    experiment = create_experiment(f"long curves {time.time():.0f}", by=by)
    runs: list[Run] = []
    for place in range(n_runs):
        run = create_run(experiment, name=f"seed {place}", by=by)
        values: dict[str, Any] = {
            "run": str(run.pk), "experiment": experiment.pk, "n": n_points, "begin": BEGIN, "place": place,
            "at_once": AT_ONCE,
        }  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(CHUNKS, values)
            cursor.execute(LATEST, values)
            cursor.execute(
                "UPDATE experiments_run SET changes = %s WHERE id = %s",
                [n_points // AT_ONCE + 1, str(run.pk)],
            )
        runs.append(run)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE experiments_metricchunk")
    begin = time.perf_counter()
    curve_rollups.ready([run.pk for run in runs], ["loss"])
    ids = "".join(base64.urlsafe_b64encode(run.pk.bytes).decode().rstrip("=") for run in runs)
    print(json.dumps({"ids": ids, "fold_seconds": time.perf_counter() - begin}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
