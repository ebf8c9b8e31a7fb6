"""The room that files take: each stored file counts once, however many paths lead to it. Called by doors."""

from __future__ import annotations

import uuid

from django.db import connection

RUN = """
SELECT COALESCE(sum(file.size), 0) FROM artifacts_storedfile AS file
WHERE file.id IN (SELECT file_id FROM experiments_artifact WHERE run_id = %s::uuid)
"""
EXPERIMENT = """
SELECT COALESCE(sum(file.size), 0) FROM artifacts_storedfile AS file
WHERE file.id IN (
    SELECT artifact.file_id FROM experiments_artifact AS artifact
    JOIN experiments_run AS run ON run.id = artifact.run_id WHERE run.experiment_id = %s
    UNION ALL
    SELECT artifact.file_id FROM experiments_artifact AS artifact
    JOIN experiments_loggedmodel AS model ON model.id = artifact.logged_model_id WHERE model.experiment_id = %s
)
"""


def of_run(run_id: uuid.UUID) -> int:
    """Bytes of the run's own files."""
    return _bytes(RUN, [str(run_id)])


def of_experiment(experiment_id: int) -> int:
    """Bytes of the files of its runs and logged models, deleted ones too."""
    return _bytes(EXPERIMENT, [experiment_id, experiment_id])


def _bytes(sql: str, values: list[int | str]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.fetchone()[0])
