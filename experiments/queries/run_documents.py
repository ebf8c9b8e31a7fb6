"""Whole runs as MLflow's JSON, written by PostgreSQL: two statements, whatever the number of runs. Called by doors.

Python never touches a param, metric or tag: the text is passed on as it is.
"""
# ruff: noqa: S608  # only names and texts of this package are joined; values are parameters

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from experiments.queries.run_bodies import Bodies
from mlregistry.lib.tag_names import NOTE, RUN_NAME
from mlregistry.sql_rows import fetched

MILLIS = "floor(extract(epoch FROM {}) * 1000)::bigint"
EXPERIMENT_ID = "CASE WHEN e.is_default THEN '0' ELSE e.id::text END"
RUN_ID = "replace(r.id::text, '-', '')"
# The query of a location stays at its end.
ARTIFACT_URI = (
    f"COALESCE(NULLIF(split_part(e.artifact_location, '?', 1), ''), 'mlflow-artifacts:/' || {EXPERIMENT_ID})"
    f" || '/' || {RUN_ID} || '/artifacts' || COALESCE(substring(e.artifact_location FROM '[?].*'), '')"
)
PAIR = """'{{"key":' || to_json({key}) || ',"value":' || to_json({value}) || '}}'"""
ROW_PAIR = PAIR.format(key="x.key", value="x.value")
VALUE = """CASE WHEN x.is_nan THEN '"NaN"' ELSE x.value::text END"""
METRIC = (
    f"""'{{"key":' || to_json(x.key) || ',"value":' || {VALUE}"""
    """ || ',"timestamp":' || x.timestamp || ',"step":' || x.step || '}'"""
)
INFO = f"""
concat('"info":{{"run_id":"', {RUN_ID}, '","run_uuid":"', {RUN_ID}, '","run_name":', to_json(r.name),
    ',"experiment_id":"', {EXPERIMENT_ID}, '","user_id":', to_json(r.user_name), ',"status":"', r.status,
    '","start_time":', {MILLIS.format("r.started_at")}, ',"end_time":' || {MILLIS.format("r.ended_at")},
    ',"artifact_uri":', to_json({ARTIFACT_URI}), ',"lifecycle_stage":"', r.lifecycle, '"}}')
"""
TAGS = f"""
NULLIF(concat_ws(',',
    {PAIR.format(key=f"'{RUN_NAME}'::text", value="CASE WHEN NOT r.name_untagged THEN NULLIF(r.name, '') END")},
    {PAIR.format(key=f"'{NOTE}'::text", value="NULLIF(r.note, '')")},
    (SELECT string_agg({ROW_PAIR}, ',') FROM experiments_runtag AS x WHERE x.run_id = r.id)), '')
"""
DATA = f"""
concat('"data":{{', concat_ws(',',
    '"metrics":[' || (
        SELECT string_agg({METRIC}, ',') FROM experiments_latestmetric AS x WHERE x.run_id = r.id) || ']',
    '"params":[' || (
        SELECT string_agg({ROW_PAIR}, ',') FROM experiments_param AS x WHERE x.run_id = r.id) || ']',
    '"tags":[' || {TAGS} || ']'), '}}')
"""
DATASET_INPUT = f"""
concat('{{', '"tags":[' || (
        SELECT string_agg({PAIR.format(key="tag.key", value="tag.value")}, ',')
        FROM jsonb_each_text(i.tags) AS tag) || '],',
    '"dataset":{{"name":', to_json(d.name), ',"digest":', to_json(d.digest),
    ',"source_type":', to_json(d.source_type), ',"source":', to_json(d.source),
    ',"schema":' || to_json(NULLIF(d.schema, '')), ',"profile":' || to_json(NULLIF(d.profile, '')), '}}}}')
"""
MODEL_ID = """'{"model_id":"m-' || replace(l.logged_model_id::text, '-', '')"""
PUTS = f"""
concat('"inputs":{{', concat_ws(',',
    '"dataset_inputs":[' || (
        SELECT string_agg({DATASET_INPUT}, ',' ORDER BY i.id)
        FROM experiments_runinput AS i JOIN experiments_inputdataset AS d ON d.id = i.dataset_id
        WHERE i.run_id = r.id) || ']',
    '"model_inputs":[' || links.inputs || ']'),
    '}},"outputs":{{', '"model_outputs":[' || links.outputs || ']', '}}')
"""
LINKS = f"""
SELECT string_agg({MODEL_ID} || '"}}', ',' ORDER BY l.id) FILTER (WHERE l.role = 'input') AS inputs,
       string_agg({MODEL_ID} || '","step":' || l.step || '}}', ',' ORDER BY l.id)
           FILTER (WHERE l.role = 'output') AS outputs
FROM experiments_runmodel AS l WHERE l.run_id = r.id
"""
HEADS = f"""
SELECT r.id, r.changes, {INFO}
FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS wanted(id, place)
JOIN experiments_run AS r ON r.id = wanted.id
JOIN experiments_experiment AS e ON e.id = r.experiment_id
WHERE %(team)s::bigint IS NULL OR e.team_id = %(team)s
ORDER BY wanted.place
"""
BODIES = f"""
SELECT r.id, concat({DATA}, ',', {PUTS})
FROM unnest(%(ids)s::uuid[]) AS wanted(id)
JOIN experiments_run AS r ON r.id = wanted.id
CROSS JOIN LATERAL ({LINKS}) AS links
"""

_kept = Bodies()


def documents(run_ids: Sequence[uuid.UUID], *, team_id: int | None = None) -> dict[uuid.UUID, bytes]:
    """JSON of each run that is there (and of the team, when one is named), in the order of the ids."""
    if not run_ids:
        return {}
    heads = _rows(HEADS, run_ids, team_id)
    bodies = _kept.of({run_id: changes for run_id, changes, _ in heads}, _bodies)
    return {run_id: f"{{{info},{bodies[run_id]}}}".encode() for run_id, _, info in heads if run_id in bodies}


def forget() -> None:
    """Read every body anew; for tests that write past the run's count of changes."""
    _kept.clear()


def _bodies(run_ids: list[uuid.UUID]) -> dict[uuid.UUID, str]:
    return dict(_rows(BODIES, run_ids, None))


def _rows(sql: str, run_ids: Sequence[uuid.UUID], team_id: int | None) -> list[Any]:
    return fetched(sql, {"ids": f"{{{','.join(map(str, run_ids))}}}", "team": team_id})
