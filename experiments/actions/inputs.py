"""What a run read and made: datasets and logged models linked to it. Called by doors.

Each kind goes in one statement, and links that are there already stay as they are.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from experiments.models import ModelRole, Run, RunTag, model_key
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.lib.names import clean_text

from .logged_models import missing
from .logging import log_batch
from .run_tags import MAX_TAG
from .runs import require_active

HISTORY_TAG = "mlflow.log-model.history"
MOST_DATASETS = 1000
MOST_MODELS = 1000
LIMITS = {"name": 500, "digest": 36, "source_type": 36, "source": 65_535, "schema": 1_048_575,
          "profile": 16_777_215}  # fmt: skip
MAX_TAG_KEY, MAX_TAG_VALUE = 255, 500
RECORDED = ("run_id", "artifact_path", "utc_time_created", "model_uuid")
LEAST_BIGINT, LARGEST_BIGINT = -(2**63), 2**63 - 1
# Writers of one run wait here, with nothing written that another could wait for.
TURN = "SELECT FROM experiments_run WHERE id = %(run)s::uuid FOR NO KEY UPDATE;"
# The second statement sees the datasets that others committed while the first one waited for them.
DATASETS = """
INSERT INTO experiments_inputdataset (experiment_id, name, digest, source_type, source, schema, profile)
SELECT %(experiment)s, name, digest, source_type, source, schema, profile
FROM unnest(%(name)s::text[], %(digest)s::text[], %(source_type)s::text[], %(source)s::text[],
            %(schema)s::text[], %(profile)s::text[])
    AS given(name, digest, source_type, source, schema, profile)
ORDER BY name, digest
ON CONFLICT (experiment_id, name, digest) DO NOTHING;
INSERT INTO experiments_runinput (run_id, dataset_id, tags)
SELECT %(run)s::uuid, dataset.id, given.tags::jsonb
FROM unnest(%(name)s::text[], %(digest)s::text[], %(tags)s::text[]) WITH ORDINALITY
    AS given(name, digest, tags, place)
JOIN experiments_inputdataset AS dataset ON dataset.experiment_id = %(experiment)s
    AND dataset.name = given.name AND dataset.digest = given.digest
ORDER BY given.place
ON CONFLICT (run_id, dataset_id) DO NOTHING
"""
# Nothing is written when a model is unknown; the answer names it.
MODELS = """
WITH given AS (
    SELECT link.*, known.id
    FROM unnest(%(models)s::uuid[], %(steps)s::bigint[]) WITH ORDINALITY AS link(model, step, place)
    LEFT JOIN (
        SELECT model.id FROM experiments_loggedmodel AS model
        JOIN experiments_experiment AS experiment ON experiment.id = model.experiment_id
        WHERE model.id = ANY(%(models)s::uuid[]) AND experiment.team_id = %(team)s
    ) AS known ON known.id = link.model
), written AS (
    INSERT INTO experiments_runmodel (run_id, logged_model_id, role, step)
    SELECT %(run)s::uuid, id, %(role)s, step FROM given
    WHERE NOT EXISTS (SELECT FROM given WHERE id IS NULL)
    ORDER BY place
    ON CONFLICT DO NOTHING
)
SELECT model FROM given WHERE id IS NULL LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class DatasetInput:
    """A dataset as a client describes it; `tags` say as what the run reads it (mlflow.data.context)."""

    name: str
    digest: str
    source_type: str = ""
    source: str = ""
    schema: str = ""
    profile: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


def log_inputs(
    run: Run, *, datasets: Sequence[DatasetInput] = (), models: Sequence[str] = (), by: Actor
) -> None:
    """Link what the run reads, all or nothing; `models` are MLflow's ids. The first of equal datasets counts."""
    by.require(Role.EDITOR)
    require_active(run)
    if len(datasets) > MOST_DATASETS:
        raise Invalid(f"At most {MOST_DATASETS} datasets are allowed in one request.", field="datasets")
    for place, dataset in enumerate(datasets):
        _check(dataset, f"datasets[{place}]")
    with transaction.atomic():
        _link(run, [(model, 0) for model in models], ModelRole.INPUT, by=by)
        if datasets:
            _write(run, list({(each.name, each.digest): each for each in reversed(datasets)}.values())[::-1])


def log_outputs(run: Run, models: Sequence[tuple[str, int]], *, by: Actor) -> None:
    """Link the logged models that the run made, each as MLflow's id and the step at which it was made."""
    by.require(Role.EDITOR)
    require_active(run)
    _link(run, models, ModelRole.OUTPUT, by=by)


def record_model(run: Run, model: Mapping[str, Any], *, by: Actor) -> None:
    """Add a model as older clients describe it to the run's history of models, a tag; the oldest give way."""
    by.require(Role.EDITOR)
    absent = {"artifact_path", "flavors", "utc_time_created", "run_id"} - set(model)
    if absent:
        raise Invalid(f"Model json is missing mandatory fields: {sorted(absent)}", field="model_json")
    if not isinstance(model["flavors"], Mapping):
        raise Invalid("The flavors of a model are an object.", field="model_json")
    entry = {name: model[name] for name in RECORDED if name in model}
    entry["flavors"] = {name: _without_config(flavor) for name, flavor in model["flavors"].items()}
    with transaction.atomic():
        locked = Run.objects.select_for_update(of=("self",)).get(pk=run.pk)
        history = [*_history(locked), entry]
        while len(history) > 1 and len(json.dumps(history)) > MAX_TAG:
            history.pop(0)
        log_batch(run, tags={HISTORY_TAG: json.dumps(history)}, by=by)


def _write(run: Run, datasets: Sequence[DatasetInput]) -> None:
    values: dict[str, Any] = {name: [getattr(each, name) for each in datasets] for name in LIMITS}
    values["tags"] = [json.dumps(dict(each.tags), ensure_ascii=False) for each in datasets]
    with connection.cursor() as cursor:
        cursor.execute(TURN + DATASETS, {**values, "run": str(run.pk), "experiment": run.experiment_id})


def _link(run: Run, models: Sequence[tuple[str, int]], role: ModelRole, *, by: Actor) -> None:
    if not models:
        return
    if len(models) > MOST_MODELS:
        raise Invalid(f"At most {MOST_MODELS} models are allowed in one request.", field="models")
    values: dict[str, Any] = {
        "run": str(run.pk),
        "team": by.team.pk,
        "role": role.value,
        "models": [_key(model_id) for model_id, _ in models],
        "steps": [_step(step) for _, step in models],
    }
    with connection.cursor() as cursor:
        cursor.execute(TURN + MODELS, values)
        unknown = cursor.fetchone()
    if unknown is not None:
        raise missing(f"m-{uuid.UUID(str(unknown[0])).hex}")


def _key(model_id: str) -> str:
    key = model_key(model_id)
    if key is None:
        raise missing(model_id)
    return str(key)


def _step(step: int) -> int:
    if not LEAST_BIGINT <= step <= LARGEST_BIGINT:
        raise Invalid("A step is a whole number of 64 bits.", field="models")
    return step


def _check(dataset: DatasetInput, place: str) -> None:
    for name, most in LIMITS.items():
        _check_text(getattr(dataset, name), name, most, f"{place}.dataset.{name}")
    for name in ("name", "digest"):
        if not getattr(dataset, name):
            raise Invalid(f"Dataset {name} cannot be empty.", field=f"{place}.dataset.{name}")
    for key, value in dataset.tags.items():
        _check_text(key, "key", MAX_TAG_KEY, f"{place}.tags.key")
        _check_text(value, "value", MAX_TAG_VALUE, f"{place}.tags.value")


def _check_text(text: object, name: str, most: int, place: str) -> None:
    clean = clean_text(text, field=place, max_length=2**40)
    if len(clean) > most:
        raise Invalid(f"'{name}' exceeds the maximum length of {most} characters", field=place)


def _history(run: Run) -> list[Any]:
    """What was recorded before; something else under that tag is written over."""
    tag = RunTag.objects.filter(run=run, key=HISTORY_TAG).values_list("value", flat=True).first()
    try:
        found = json.loads(tag or "[]")
    except (ValueError, RecursionError):
        return []
    return found if isinstance(found, list) else []


def _without_config(flavor: Any) -> Any:
    if isinstance(flavor, Mapping):
        return {key: value for key, value in flavor.items() if key != "config"}
    return flavor
