"""What a team deleted and can restore: the newest first, with who did it and the room it takes.

Called by doors and by the purge. Runs and logged models of a deleted experiment go with it and are not listed.
"""

# ruff: noqa: S608  # only texts of this module are joined; values are parameters

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import PROTECT
from django.utils.dateparse import parse_datetime

from experiments.models import Run
from mlregistry.errors import Invalid
from mlregistry.lib import page_tokens
from mlregistry.sql_rows import fetched

MOST_ENTRIES = 1000
EXPERIMENTS = """
SELECT 'experiment' AS kind, place.id::text AS id, place.name, place.id AS experiment_id,
       place.name AS experiment, place.updated_at AS deleted_at
FROM experiments_experiment AS place WHERE place.team_id = %(team)s AND place.lifecycle = 'deleted'
"""
RUNS = """
SELECT 'run', run.id::text, run.name, place.id, place.name, COALESCE(run.deleted_at, run.started_at)
FROM experiments_run AS run JOIN experiments_experiment AS place ON place.id = run.experiment_id
WHERE place.team_id = %(team)s AND place.lifecycle = 'active' AND run.lifecycle = 'deleted'
"""
MODELS = """
SELECT 'logged_model', model.id::text, model.name, place.id, place.name,
       COALESCE(model.deleted_at, model.updated_at)
FROM experiments_loggedmodel AS model JOIN experiments_experiment AS place ON place.id = model.experiment_id
WHERE place.team_id = %(team)s AND place.lifecycle = 'active' AND model.lifecycle = 'deleted'
"""
PARTS = {"experiment": EXPERIMENTS, "run": RUNS, "logged_model": MODELS}
FILES = """
SELECT artifact.file_id FROM experiments_artifact AS artifact
JOIN experiments_run AS run ON run.id = artifact.run_id
WHERE gone.kind = 'experiment' AND run.experiment_id = gone.experiment_id
UNION ALL
SELECT artifact.file_id FROM experiments_artifact AS artifact
JOIN experiments_loggedmodel AS model ON model.id = artifact.logged_model_id
WHERE gone.kind = 'experiment' AND model.experiment_id = gone.experiment_id
UNION ALL
SELECT artifact.file_id FROM experiments_artifact AS artifact
WHERE gone.kind = 'run' AND artifact.run_id = CASE WHEN gone.kind = 'run' THEN gone.id END::uuid
UNION ALL
SELECT artifact.file_id FROM experiments_artifact AS artifact
WHERE gone.kind = 'logged_model'
  AND artifact.logged_model_id = CASE WHEN gone.kind = 'logged_model' THEN gone.id END::uuid
"""
PAGE = f"""
SELECT gone.kind, gone.id, gone.name, gone.experiment_id, gone.experiment, gone.deleted_at, who.username,
       CASE WHEN gone.kind = 'experiment' THEN
           (SELECT count(*) FROM experiments_run AS run WHERE run.experiment_id = gone.experiment_id) END,
       (SELECT COALESCE(sum(file.size), 0) FROM artifacts_storedfile AS file WHERE file.id IN ({FILES}))
FROM (
    SELECT * FROM (parts) AS found
    WHERE %(at)s::timestamptz IS NULL OR (deleted_at, id) < (%(at)s::timestamptz, %(id)s)
    ORDER BY deleted_at DESC, id DESC LIMIT %(limit)s
) AS gone
LEFT JOIN LATERAL (
    SELECT event.user_id FROM accounts_auditevent AS event
    WHERE event.target_type = 'experiments.' || replace(gone.kind, '_', '') AND event.target_id = gone.id
      AND event.action = gone.kind || '.delete'
    ORDER BY event.at DESC LIMIT 1
) AS deletion ON TRUE
LEFT JOIN accounts_user AS who ON who.id = deletion.user_id
ORDER BY gone.deleted_at DESC, gone.id DESC
"""
TOTALS = f"""
WITH gone AS MATERIALIZED ({EXPERIMENTS} UNION ALL {RUNS} UNION ALL {MODELS})
SELECT count(*) FILTER (WHERE kind = 'experiment'), count(*) FILTER (WHERE kind = 'run'),
       count(*) FILTER (WHERE kind = 'logged_model'),
       (SELECT COALESCE(sum(file.size), 0) FROM artifacts_storedfile AS file
        WHERE file.id IN (SELECT files.file_id FROM gone CROSS JOIN LATERAL ({FILES}) AS files))
FROM gone
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something deleted; `size` in bytes, `deleted_by` a user's name where it is known."""

    kind: str
    id: str
    name: str
    experiment_id: int
    experiment: str
    deleted_at: datetime.datetime
    deleted_by: str | None
    n_runs: int | None
    size: int

    @property
    def model_id(self) -> str:
        """Of a logged model, as MLflow's clients know it."""
        return f"m-{self.id.replace('-', '')}"


@dataclass(frozen=True, slots=True)
class Totals:
    """How much there is; experiments count with their runs and models in `size` alone."""

    n_experiments: int
    n_runs: int
    n_logged_models: int
    size: int


@dataclass(frozen=True, slots=True)
class Selection:
    """Deleted things by their keys."""

    experiments: tuple[int, ...] = ()
    runs: tuple[uuid.UUID, ...] = ()
    logged_models: tuple[uuid.UUID, ...] = ()

    def __len__(self) -> int:
        return len(self.experiments) + len(self.runs) + len(self.logged_models)


@dataclass(frozen=True, slots=True)
class Held:
    """Why runs cannot go: run by run, what still refers to it."""

    runs: dict[uuid.UUID, list[str]] = field(default_factory=dict)
    experiments: dict[int, list[str]] = field(default_factory=dict)


def page(
    team_id: int, *, kind: str = "", limit: int = 100, page_token: str = ""
) -> tuple[list[Entry], str | None]:
    """The newest deletions, and the token of the next page."""
    if kind and kind not in PARTS:
        raise Invalid(f"The kind is one of {', '.join(PARTS)}.", field="kind")
    if not 1 <= limit <= MOST_ENTRIES:
        raise Invalid(f"1 to {MOST_ENTRIES:,} fit on a page.", field="page_size")
    query, key = ["trash", team_id, kind], settings.SECRET_KEY.encode()
    at, last = page_tokens.opened(page_token, query=query, key=key) if page_token else (None, None)
    # The first part names the columns of all.
    parts = f"{EXPERIMENTS} AND %(kind)s IN ('', 'experiment') " + "".join(
        f"UNION ALL {sql} AND %(kind)s IN ('', '{name}') "
        for name, sql in PARTS.items()
        if sql != EXPERIMENTS
    )
    values = {
        "team": team_id, "kind": kind, "limit": limit + 1, "id": last, "at": parse_datetime(at) if at else None,
    }  # fmt: skip
    found = [Entry(*row) for row in fetched(PAGE.replace("(parts)", f"({parts})"), values)]
    if len(found) <= limit:
        return found, None
    end = found[limit - 1]
    return found[:limit], page_tokens.seal([end.deleted_at.isoformat(), end.id], query=query, key=key)


def totals(team_id: int) -> Totals:
    """What the whole trash holds."""
    return Totals(*fetched(TOTALS, {"team": team_id})[0])


def deleted_before(team_id: int, moment: datetime.datetime) -> Selection:
    """All that was deleted before that moment."""

    def keys(sql: str, column: str) -> list[Any]:
        return [
            row[1] for row in fetched(f"{sql} AND {column} < %(before)s", {"team": team_id, "before": moment})
        ]

    return Selection(
        tuple(map(int, keys(EXPERIMENTS, "place.updated_at"))),
        tuple(map(uuid.UUID, keys(RUNS, "COALESCE(run.deleted_at, run.started_at)"))),
        tuple(map(uuid.UUID, keys(MODELS, "COALESCE(model.deleted_at, model.updated_at)"))),
    )


def holders(experiments: Collection[int], runs: Collection[uuid.UUID]) -> Held:
    """Rows of any app that protect a run from being removed, such as model versions."""
    held = Held()
    for relation in Run._meta.related_objects:
        if relation.on_delete is not PROTECT:
            continue
        model, name = relation.related_model, relation.field.name
        assert isinstance(model, type)  # noqa: S101  # a name only while the models are being loaded
        rows = model._base_manager.select_related(name)
        for row in rows.filter(**{f"{name}__in": list(runs)}):
            held.runs.setdefault(getattr(row, name).pk, []).append(str(row))
        for row in rows.filter(**{f"{name}__experiment__in": list(experiments)}):
            held.experiments.setdefault(getattr(row, name).experiment_id, []).append(str(row))
    return held
