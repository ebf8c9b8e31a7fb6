"""Models and versions as MLflow's clients read them: each by one SQL statement, without the ORM's graph.

The doors call it with the team of their actor; nothing of another team is found.
"""
# ruff: noqa: S608  # only names of this file are joined; values are parameters

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from mlregistry.sql_rows import fetched

MILLIS = "floor(extract(epoch FROM {}) * 1000)::bigint"
VERSION = f"""m.name, v.number, {MILLIS.format("v.created_at")}, {MILLIS.format("v.updated_at")}, v.stage,
    v.description, v.source, v.run_key, v.state, v.state_message, v.tags, v.run_link, v.user_name,
    v.logged_model_id, v.storage_location, v.model_id, v.id,
    ARRAY(SELECT a.name FROM models_app_alias AS a WHERE a.version_id = v.id ORDER BY a.name)"""
MODEL = f"""m.id, m.name, {MILLIS.format("m.created_at")}, {MILLIS.format("m.updated_at")}, m.description, m.tags,
    (SELECT jsonb_object_agg(a.name, w.number) FROM models_app_alias AS a
     JOIN models_app_modelversion AS w ON w.id = a.version_id WHERE a.model_id = m.id)"""
TAGS = 10  # their place among the columns of a version
VERSIONS = "models_app_modelversion AS v JOIN models_app_registeredmodel AS m ON m.id = v.model_id"


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """Times are milliseconds since 1970."""

    name: str
    number: int
    created: int
    updated: int
    stage: str
    description: str
    source: str
    run_key: str
    state: str
    state_message: str
    tags: dict[str, str]
    run_link: str
    user_name: str
    logged_model_id: UUID | None
    storage_location: str
    model_id: int
    id: int
    aliases: list[str]


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """With `latest`, the newest version of each stage; `aliases` name numbers."""

    id: int
    name: str
    created: int
    updated: int
    description: str
    tags: dict[str, str]
    aliases: dict[str, int]
    latest: list[VersionRecord]


def version(team_id: int, name: str, number: int) -> VersionRecord | None:
    return _first(
        f"{VERSIONS} WHERE m.team_id = %s AND m.name = %s AND v.number = %s", [team_id, name, number]
    )


def version_by_alias(team_id: int, name: str, alias: str) -> VersionRecord | None:
    return _first(
        f"models_app_alias AS pointer JOIN {VERSIONS} ON v.id = pointer.version_id"
        " WHERE m.team_id = %s AND m.name = %s AND pointer.name = %s",
        [team_id, name, alias],
    )


def newest_version(team_id: int, name: str) -> VersionRecord | None:
    return _first(
        f"{VERSIONS} WHERE m.team_id = %s AND m.name = %s ORDER BY v.number DESC LIMIT 1", [team_id, name]
    )


def versions(ids: Sequence[int]) -> list[VersionRecord]:
    """In the order of the ids, which a search found."""
    found = {
        row.id: row
        for row in _versions(f"SELECT {VERSION} FROM {VERSIONS} WHERE v.id = ANY(%s)", [list(ids)])
    }
    return [found[key] for key in ids if key in found]


def model(team_id: int, name: str) -> ModelRecord | None:
    return next(iter(_models("m.team_id = %s AND m.name = %s", [team_id, name])), None)


def models(ids: Sequence[int]) -> list[ModelRecord]:
    """In the order of the ids, which a search found; two statements for all of them."""
    found = {row.id: row for row in _models("m.id = ANY(%s)", [list(ids)])}
    return [found[key] for key in ids if key in found]


def model_exists(team_id: int, name: str) -> bool:
    sql = "SELECT 1 FROM models_app_registeredmodel WHERE team_id = %s AND name = %s"
    return bool(fetched(sql, [team_id, name]))


def _models(where: str, values: list[Any]) -> list[ModelRecord]:
    rows = fetched(f"SELECT {MODEL} FROM models_app_registeredmodel AS m WHERE {where}", values)
    latest: dict[int, list[VersionRecord]] = {row[0]: [] for row in rows}
    if rows:
        for newest in _latest(list(latest)):
            latest[newest.model_id].append(newest)
    return [_model(row, latest[row[0]]) for row in rows]


def _model(row: tuple[Any, ...], latest: list[VersionRecord]) -> ModelRecord:
    key, name, created, updated, description, tags, aliases = row
    return ModelRecord(key, name, created, updated, description, _json(tags), _json(aliases), latest)


def _latest(model_ids: list[int]) -> list[VersionRecord]:
    sql = (
        f"SELECT DISTINCT ON (v.model_id, v.stage) {VERSION} FROM {VERSIONS}"
        " WHERE v.model_id = ANY(%s) ORDER BY v.model_id, v.stage, v.number DESC"
    )
    return sorted(_versions(sql, [model_ids]), key=lambda found: found.number)


def _first(source: str, values: list[Any]) -> VersionRecord | None:
    return next(iter(_versions(f"SELECT {VERSION} FROM {source}", values)), None)


def _versions(sql: str, values: list[Any]) -> list[VersionRecord]:
    return [_version(*row) for row in fetched(sql, values)]


def _version(*row: Any) -> VersionRecord:
    columns = list(row)
    columns[TAGS] = _json(columns[TAGS])
    return VersionRecord(*columns)


def _json(text: str | None) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(text) if text else {}
    return found
