# ruff: noqa: S608  # only texts of this file are joined; values are parameters
"""Histories of metrics as MLflow's JSON, written by PostgreSQL in the order of the key. Called by the MLflow door."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from mlregistry.errors import Invalid
from mlregistry.searching import opened, sealed

MOST_POINTS = 1_000_000
MOST_BULK_POINTS = 25_000
MOST_RUNS = 100
MOST_SAMPLES = 2_500
VALUE = """CASE WHEN is_nan THEN '"NaN"' ELSE value::text END"""
POINT = f"""
%(head)s || {VALUE} || ',"timestamp":' || timestamp || ',"step":' || step
"""
RUN = """ || ',"run_id":"' || replace(run_id::text, '-', '') || '"'"""
KEY = "timestamp, step, value, is_nan"
# A call that was sent again left its points twice: each counts once.
POINTS = """
SELECT DISTINCT point.timestamp, point.step, CASE WHEN point.number = 'NaN' THEN 0 ELSE point.number END AS value,
       point.number = 'NaN' AS is_nan
FROM {chunks} AS c CROSS JOIN LATERAL unnest(c.timestamps, c.steps, c.numbers) AS point(timestamp, step, number)
"""
OURS = """
SELECT r.id FROM experiments_run AS r JOIN experiments_experiment AS e ON e.id = r.experiment_id
WHERE r.id = ANY(%(runs)s::uuid[]) AND e.team_id = %(team)s
"""
# Chunks that begin after the page's end are not opened: those that lie behind its begin hold enough before it.
PAGE = f"""
WITH near AS (
    SELECT first_at, last_at, timestamps, steps, numbers FROM experiments_metricchunk
    WHERE run_id = %(run)s AND key = %(key)s AND last_at >= %(at)s AND EXISTS ({OURS})
), bound AS (
    SELECT min(last_at) AS last FROM (
        SELECT last_at, sum(cardinality(timestamps)) OVER (ORDER BY last_at) AS total
        FROM near WHERE first_at > %(at)s
    ) AS summed WHERE total > %(most)s AND NOT %(all)s
), numbered AS (
    SELECT *, row_number() OVER () AS place FROM (
        SELECT {KEY} FROM ({POINTS.format(chunks="near")}
            WHERE c.first_at <= COALESCE((SELECT last FROM bound), c.first_at) AND point.timestamp >= %(at)s
        ) AS point WHERE ({KEY}) > (%(at)s, %(step)s, %(value)s::float8, %(nan)s)
        ORDER BY {KEY} LIMIT %(most)s + 1
    ) AS ordered
)
SELECT string_agg({POINT} || '}}', ',') FILTER (WHERE place <= %(most)s), count(*) > %(most)s,
       max(timestamp) FILTER (WHERE place = %(most)s), max(step) FILTER (WHERE place = %(most)s),
       max(value) FILTER (WHERE place = %(most)s), bool_or(is_nan) FILTER (WHERE place = %(most)s),
       (SELECT last FROM bound) IS NOT NULL, EXISTS ({OURS})
FROM numbered
"""
OF_RUN = f"{POINTS.format(chunks='experiments_metricchunk')} WHERE c.run_id = r.id AND c.key = %(key)s"
BULK = f"""
SELECT string_agg({POINT}{RUN} || '}}', ',') FROM (
    SELECT r.id AS run_id, p.* FROM ({OURS}) AS r CROSS JOIN LATERAL (
        {OF_RUN} ORDER BY {KEY} LIMIT %(most)s
    ) AS p ORDER BY r.id, {KEY} LIMIT %(most)s
) AS points
"""
# The point at place p is taken where p * (most - 1) / (total - 1) reaches a new whole number: the first and
# the last always, the others at even distances.
SAMPLES = f"""
SELECT string_agg({POINT}{RUN} || '}}', ',') FROM (
    SELECT r.id AS run_id, p.* FROM unnest(%(runs)s::uuid[]) WITH ORDINALITY AS wanted(id, turn)
    JOIN ({OURS}) AS r ON r.id = wanted.id
    CROSS JOIN LATERAL (
        SELECT * FROM (
            SELECT *, row_number() OVER (ORDER BY step, timestamp, value, is_nan) - 1 AS place,
                   count(*) OVER () - 1 AS last
            FROM ({OF_RUN} AND point.step BETWEEN %(start)s AND %(end)s) AS point
        ) AS numbered
        WHERE last < %(most)s OR place = last OR (%(most)s > 1 AND (
              place = 0 OR place * (%(most)s - 1) / last > (place - 1) * (%(most)s - 1) / last))
    ) AS p ORDER BY wanted.turn, p.place
) AS points
"""
BEGIN = {"at": -1, "step": 0, "value": 0.0, "nan": False}


@dataclass(frozen=True, slots=True)
class History:
    """`points` is the text of a JSON list; the token is empty on the last page."""

    points: bytes
    next_page_token: str = ""


def history(
    team_id: int, run_id: uuid.UUID, key: str, *, max_results: int | None = None, page_token: str = ""
) -> History | None:
    """A page by timestamp, step and value; None when the team has no such run."""
    if max_results is not None and max_results <= 0:
        message = f"Invalid value {max_results} for parameter 'max_results' supplied."
        raise Invalid(f"{message} It must be a positive integer.", field="max_results")
    query = ["history", str(run_id), key]
    values = _values(team_id, [run_id], key, min(max_results or MOST_POINTS, MOST_POINTS))
    values |= {"run": str(run_id), "all": False, **BEGIN}
    if page_token:
        values |= dict(zip(BEGIN, opened(page_token, query, len(BEGIN)), strict=True))
    points, more, *last, cut, ours = _row(PAGE, values)
    if cut and not more:  # so many points were there twice that the page is not full
        points, more, *last, cut, ours = _row(PAGE, values | {"all": True})
    if not ours:
        return None
    return History(_list(points), sealed(list(last), query) if more else "")


def bulk(team_id: int, run_ids: Sequence[uuid.UUID], key: str, *, max_results: int) -> bytes:
    """The points of several runs, run by run, all together at most `max_results`."""
    values = _values(team_id, run_ids, key, max(0, min(max_results, MOST_BULK_POINTS)))
    return _list(_row(BULK, values)[0])


def samples(
    team_id: int,
    run_ids: Sequence[uuid.UUID],
    key: str,
    *,
    most: int = MOST_SAMPLES,
    steps: tuple[int, int] | None = None,
) -> bytes:
    """At most `most` points of each run at even distances by step, the first and the last among them."""
    start, end = steps or (-(2**63), 2**63 - 1)
    values = _values(team_id, run_ids, key, most) | {"start": start, "end": end}
    return _list(_row(SAMPLES, values)[0])


def _values(team_id: int, run_ids: Sequence[uuid.UUID], key: str, most: int) -> dict[str, Any]:
    head = f'{{"key":{json.dumps(key, ensure_ascii=False)},"value":'
    runs = f"{{{','.join(map(str, run_ids))}}}"
    return {"team": team_id, "runs": runs, "key": key, "most": most, "head": head}


def _row(sql: str, values: dict[str, Any]) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row: tuple[Any, ...] = cursor.fetchone()
        return row


def _list(points: str | None) -> bytes:
    return b"[" + points.encode() + b"]" if points else b""
