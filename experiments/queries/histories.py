"""Histories of metrics as MLflow's JSON, from the chunks in which they are stored. Called by the MLflow door.

The hot one, page by page, is put together here from the text of the arrays: a value is never made a number
unless points must be sorted. The others are left to PostgreSQL.
"""
# ruff: noqa: S608  # only texts of this file are joined; values are parameters

from __future__ import annotations

import json
import uuid
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.searching import opened, sealed
from mlregistry.sql_rows import fetched

MOST_POINTS = 1_000_000
MOST_BULK_POINTS = 25_000
MOST_RUNS = 100
MOST_SAMPLES = 2_500
QUOTED_NAN = '"NaN"'
VALUE = """CASE WHEN is_nan THEN '"NaN"' ELSE value::text END"""
POINT = f"""
%(head)s || {VALUE} || ',"timestamp":' || timestamp || ',"step":' || step
"""
RUN = """ || ',"run_id":"' || replace(run_id::text, '-', '') || '"'"""
Place = tuple[int, int, float, bool]
Point = tuple[int, int, str]
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
# Chunks that begin after the page's end are left out, when those that end before hold enough points.
PAGE = f"""
WITH near AS (
    SELECT first_at, last_at, n_points, timestamps, steps, numbers FROM experiments_metricchunk
    WHERE run_id = %(run)s AND key = %(key)s AND last_at >= %(at)s AND EXISTS ({OURS})
), bound AS (
    SELECT min(last_at) AS last FROM (
        SELECT last_at, sum(n_points) OVER (ORDER BY last_at) AS total
        FROM near WHERE first_at > %(at)s
    ) AS summed WHERE total > %(most)s AND NOT %(all)s
)
SELECT timestamps::text, steps::text, numbers::text, bound.last IS NOT NULL
FROM near, bound WHERE first_at <= COALESCE(bound.last, first_at) ORDER BY first_at
"""
OF_RUN = f"{POINTS.format(chunks='experiments_metricchunk')} WHERE c.run_id = r.id AND c.key = %(key)s"
# The same for each run. Where so many points were there twice that the rest is not enough, it says so.
BULK = f"""
SELECT string_agg({POINT}{RUN} || '}}', ','), bool_or(is_short) FROM (
    SELECT r.id AS run_id, p.* FROM ({OURS}) AS r
    CROSS JOIN LATERAL (
        SELECT min(last_at) AS last FROM (
            SELECT last_at, sum(n_points) OVER (ORDER BY last_at) AS total
            FROM experiments_metricchunk WHERE run_id = r.id AND key = %(key)s
        ) AS summed WHERE total > %(most)s AND NOT %(all)s
    ) AS bound
    CROSS JOIN LATERAL (
        SELECT *, bound.last IS NOT NULL AND count(*) OVER () < %(most)s AS is_short
        FROM ({OF_RUN} AND c.first_at <= COALESCE(bound.last, c.first_at)) AS near
        ORDER BY {KEY} LIMIT %(most)s
    ) AS p ORDER BY r.id, {KEY} LIMIT %(most)s
) AS points
"""
# As MLflow's server does it: the points are dealt to `most` buckets in order, as evenly as can be, the first `more`
# of them holding one point more than the `each` of the others. The first point of each bucket is taken, of the
# last bucket the last.
SAMPLES = f"""
SELECT string_agg({POINT}{RUN} || '}}', ',') FROM (
    SELECT r.id AS run_id, p.* FROM unnest(%(runs)s::uuid[]) WITH ORDINALITY AS wanted(id, turn)
    JOIN ({OURS}) AS r ON r.id = wanted.id
    CROSS JOIN LATERAL (
        SELECT * FROM (
            SELECT *, row_number() OVER (ORDER BY step, timestamp, value, is_nan) - 1 AS place,
                   count(*) OVER () AS total, count(*) OVER () / %(most)s AS each,
                   mod(count(*) OVER (), %(most)s) AS more
            FROM ({OF_RUN} AND point.step BETWEEN %(start)s AND %(end)s) AS point
        ) AS numbered
        WHERE total <= %(most)s OR place = total - 1 OR (place < (%(most)s - 1) * each + more AND
              CASE WHEN place < more * (each + 1) THEN mod(place, each + 1) ELSE mod(place - more, each) END = 0)
    ) AS p ORDER BY wanted.turn, p.place
) AS points
"""
BEGIN: Place = (-1, 0, 0.0, False)


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
    most = min(max_results or MOST_POINTS, MOST_POINTS)
    begin = tuple(opened(page_token, query, 4)) if page_token else BEGIN
    values = _values(team_id, [run_id], key, most) | {"run": str(run_id), "at": begin[0], "all": False}
    rows = fetched(PAGE, values)
    if not rows and not fetched(OURS, values):
        return None
    points = _behind(begin, _ordered(rows))
    if rows and rows[0][3] and len(points) <= most:
        # So many points were there twice that the page is not full.
        points = _behind(begin, _ordered(fetched(PAGE, values | {"all": True})))
    return _page(points, most, values["head"], query)


def bulk(team_id: int, run_ids: Sequence[uuid.UUID], key: str, *, max_results: int) -> bytes:
    """The points of several runs, run by run, all together at most `max_results`."""
    values = _values(team_id, run_ids, key, max(0, min(max_results, MOST_BULK_POINTS)))
    points, is_short = fetched(BULK, values | {"all": False})[0]
    if is_short:
        points, _ = fetched(BULK, values | {"all": True})[0]
    return _list(points)


def samples(
    team_id: int,
    run_ids: Sequence[uuid.UUID],
    key: str,
    *,
    most: int = MOST_SAMPLES,
    steps: tuple[int, int] | None = None,
) -> bytes:
    """At most `most` points of each run at even distances by step: the last always, the first too if `most` > 1."""
    start, end = steps or (-(2**63), 2**63 - 1)
    values = _values(team_id, run_ids, key, most) | {"start": start, "end": end}
    return _list(fetched(SAMPLES, values)[0][0])


def _values(team_id: int, run_ids: Sequence[uuid.UUID], key: str, most: int) -> dict[str, Any]:
    head = f'{{"key":{json.dumps(key, ensure_ascii=False)},"value":'
    runs = f"{{{','.join(map(str, run_ids))}}}"
    return {"team": team_id, "runs": runs, "key": key, "most": most, "head": head}


def _ordered(rows: Sequence[tuple[Any, ...]]) -> list[Point]:
    """(timestamp, step, text of the value) of each point once, in order."""
    points: list[Point] = []
    for timestamps, steps, numbers, _ in rows:
        ats, at_steps = map(int, timestamps[1:-1].split(",")), map(int, steps[1:-1].split(","))
        points += zip(ats, at_steps, numbers[1:-1].split(","), strict=True)
    if any(one[0] >= next_one[0] for one, next_one in pairwise(points)):
        points = sorted(set(points), key=_place)
    return points


def _place(point: Point) -> Place:
    at, step, text = point
    return (at, step, 0.0, True) if text == "NaN" else (at, step, float(text), False)


def _behind(begin: Place, points: list[Point]) -> list[Point]:
    first = bisect_left(points, begin[0], key=itemgetter(0))
    while first < len(points) and points[first][0] == begin[0] and _place(points[first]) <= begin:
        first += 1
    return points[first:] if first else points


def _page(points: list[Point], most: int, head: str, query: Any) -> History:
    shown = points[:most]
    texts = [
        f'{head}{text if text != "NaN" else QUOTED_NAN},"timestamp":{at},"step":{step}}}'
        for at, step, text in shown
    ]
    token = sealed(list(_place(shown[-1])), query) if len(points) > most else ""
    return History(_list(",".join(texts)), token)


def _list(points: str | None) -> bytes:
    return b"[" + points.encode() + b"]" if points else b""
