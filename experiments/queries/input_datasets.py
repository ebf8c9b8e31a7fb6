"""Which datasets the runs of experiments read, as clients described them. Called by the MLflow door."""

from __future__ import annotations

from typing import Any

from django.db import connection

from experiments.queries.search import Scope

MOST_SUMMARIES = 1000
SUMMARIES = """
SELECT DISTINCT CASE WHEN e.is_default THEN '0' ELSE e.id::text END, d.name, d.digest, i.tags ->> 'mlflow.data.context'
FROM experiments_inputdataset AS d
JOIN experiments_experiment AS e ON e.id = d.experiment_id
JOIN experiments_runinput AS i ON i.dataset_id = d.id
WHERE d.experiment_id = ANY(%s::bigint[])
ORDER BY 1, 2, 3, 4 LIMIT %s
"""


def summaries(where: Scope) -> list[dict[str, Any]]:
    """Each dataset once per context: experiment_id, name, digest, and context where one was given."""
    with connection.cursor() as cursor:
        cursor.execute(SUMMARIES, [list(where.experiment_ids), MOST_SUMMARIES])
        names = ("experiment_id", "name", "digest", "context")
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [{name: value for name, value in row.items() if value is not None} for row in rows]
