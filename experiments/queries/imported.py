"""How much of named runs and logged models is here, counted by the database. Called by the import's report."""

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from django.db import connection

AT_ONCE = 1_000
RUNS = """
WITH mine AS (
    SELECT run.id, run.name, run.note FROM experiments_run AS run
    JOIN experiments_experiment AS experiment ON experiment.id = run.experiment_id
    WHERE run.id = ANY(%(ids)s::uuid[]) AND experiment.team_id = %(team)s
), files AS (
    SELECT count(*) AS n, coalesce(sum(stored.size), 0) AS size
    FROM mine JOIN experiments_artifact AS artifact ON artifact.run_id = mine.id
    JOIN artifacts_storedfile AS stored ON stored.id = artifact.file_id
)
SELECT (SELECT count(*) FROM mine) AS "runs",
       (SELECT count(*) FROM mine JOIN experiments_param AS x ON x.run_id = mine.id) AS "params",
       (SELECT count(*) FROM mine JOIN experiments_runtag AS x ON x.run_id = mine.id)
         + (SELECT count(*) FILTER (WHERE name <> '') + count(*) FILTER (WHERE note <> '') FROM mine) AS "tags",
       (SELECT count(*) FROM mine JOIN experiments_latestmetric AS x ON x.run_id = mine.id) AS "latest metrics",
       (SELECT count(*) FROM mine JOIN experiments_metricpoint AS x ON x.run_id = mine.id) AS "points",
       (SELECT count(*) FROM mine JOIN experiments_runinput AS x ON x.run_id = mine.id) AS "dataset inputs",
       (SELECT n FROM files) AS "artifacts", (SELECT size FROM files) AS "artifact bytes"
"""
MODELS = """
WITH mine AS (
    SELECT model.id FROM experiments_loggedmodel AS model
    JOIN experiments_experiment AS experiment ON experiment.id = model.experiment_id
    WHERE model.id = ANY(%(ids)s::uuid[]) AND experiment.team_id = %(team)s
), files AS (
    SELECT count(*) AS n, coalesce(sum(stored.size), 0) AS size
    FROM mine JOIN experiments_artifact AS artifact ON artifact.logged_model_id = mine.id
    JOIN artifacts_storedfile AS stored ON stored.id = artifact.file_id
)
SELECT (SELECT count(*) FROM mine) AS "logged models",
       (SELECT count(*) FROM mine JOIN experiments_loggedmodelmetric AS x ON x.logged_model_id = mine.id)
         AS "model metrics",
       (SELECT n FROM files) AS "artifacts", (SELECT size FROM files) AS "artifact bytes"
"""
FILES = """
SELECT path FROM experiments_artifact WHERE run_id = %(id)s::uuid OR logged_model_id = %(id)s::uuid
"""


def counted(run_ids: Iterable[uuid.UUID], model_ids: Iterable[uuid.UUID], *, team_id: int) -> Counter[str]:
    """By noun: what these runs and logged models of the team hold."""
    total: Counter[str] = Counter()
    for statement, ids in ((RUNS, run_ids), (MODELS, model_ids)):
        for some in _chunks(ids):
            total.update(_count(statement, some, team_id))
    return total


def paths(owner_id: uuid.UUID) -> set[str]:
    """Where files of this run or logged model lie."""
    with connection.cursor() as cursor:
        cursor.execute(FILES, {"id": str(owner_id)})
        return {path for (path,) in cursor.fetchall()}


def _count(statement: str, ids: Sequence[str], team_id: int) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"ids": f"{{{','.join(ids)}}}", "team": team_id})
        names = [column.name for column in cursor.description]
        return {name: int(value) for name, value in zip(names, cursor.fetchone())}


def _chunks(ids: Iterable[uuid.UUID]) -> Iterator[list[str]]:
    rest = iter(ids)
    while chunk := [str(each) for each in islice(rest, AT_ONCE)]:
        yield chunk
