"""Create, finalize, tag and delete logged models, and store their metrics. Called by doors and by logging.

Params and tags change in one SQL statement each, so that writers at the same time lose nothing.
"""

import json
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from experiments.models import Experiment, Lifecycle, LoggedModel, LoggedModelStatus, Run
from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, Invalid, NotFound
from mlregistry.lib.names import clean_text, random_name

from .model_metrics import missing, write_metrics
from .version_tag import tidied

__all__ = [
    "create_logged_model", "delete_logged_model", "delete_tag", "finalize_logged_model", "log_params",
    "missing", "restore_logged_model", "set_tags", "write_metrics",
]  # fmt: skip

MAX_NAME = 500
MAX_KEY = 255
MAX_RUN_KEY = 32
MAX_VALUE = 100_000
MOST_PAIRS = 10_000
ILLEGAL = re.compile(r"[/:.%\"'\x00-\x1f\x7f]")
CREATE = """
INSERT INTO experiments_loggedmodel (id, experiment_id, name, source_run_id, source_run_key, status,
    status_message, model_type, params, tags, lifecycle, created_by_id, created_at, updated_at)
VALUES (%(id)s::uuid, %(experiment)s, %(name)s, %(run)s::uuid, %(run_key)s, %(status)s, '', %(type)s,
    %(params)s::jsonb, %(tags)s::jsonb, %(lifecycle)s, %(user)s, %(now)s, %(now)s)
"""
# The same whichever side wins: no param differs. Under a lock this is looked at again; a subquery would not be.
PARAMS = """
UPDATE experiments_loggedmodel SET params = params || %(given)s::jsonb
WHERE id = %(id)s::uuid AND params || %(given)s::jsonb = %(given)s::jsonb || params
"""
SET_TAGS = "UPDATE experiments_loggedmodel SET tags = tags || %s::jsonb WHERE id = %s::uuid"
DELETE_TAG = """
UPDATE experiments_loggedmodel SET tags = tags - %(key)s::text
WHERE id = %(id)s::uuid AND tags ->> %(key)s::text IS NOT NULL
"""
Pairs = Mapping[str, str] | Iterable[tuple[str, str]]


def create_logged_model(
    experiment: Experiment,
    *,
    name: str = "",
    model_type: str = "",
    source_run: Run | None = None,
    source_run_key: str = "",
    params: Pairs = (),
    tags: Pairs = (),
    by: Actor,
) -> LoggedModel:
    """A PENDING logged model; without a name it gets a readable one.

    `source_run_key` names a run that this server does not have, as clients may.
    """
    by.require(Role.EDITOR)
    if experiment.lifecycle != Lifecycle.ACTIVE:
        raise Conflict(f"The experiment {experiment.pk} must be in the 'active' state. It is deleted.")
    now = timezone.now()
    model = LoggedModel(
        id=uuid.uuid4(),
        experiment=experiment,
        name=_clean_name(name) if name else random_name(),
        source_run=source_run,
        source_run_key=clean_text(source_run_key, field="source_run_id", max_length=MAX_RUN_KEY),
        status=LoggedModelStatus.PENDING,
        model_type=clean_text(model_type, field="model_type", max_length=MAX_NAME),
        params=_clean(params, "params", once=True),
        tags=_clean(tags, "tags"),
        created_by=by.user,
        created_at=now,
        updated_at=now,
    )
    with transaction.atomic():
        _insert(model)
        audit.record(by, "logged_model.create", model)
    return model


def finalize_logged_model(model: LoggedModel, status: str, *, by: Actor) -> LoggedModel:
    """Say how its upload ended."""
    by.require(Role.EDITOR)
    if status not in LoggedModelStatus.values:
        raise Invalid(f"The status is one of {', '.join(LoggedModelStatus.values)}.", field="status")
    model.status = status
    model.save(update_fields=["status", "updated_at"])
    return model


def log_params(model: LoggedModel, params: Pairs, *, by: Actor) -> None:
    """Add params; one that holds another value already is a Conflict, and then nothing is written."""
    by.require(Role.EDITOR)
    given = _clean(params, "params", once=True)
    if not given:
        return
    with connection.cursor() as cursor:
        cursor.execute(PARAMS, {"id": str(model.pk), "given": _json(given)})
        written = cursor.rowcount
    if not written:
        model.refresh_from_db(fields=["params"])
        key = next((key for key, value in given.items() if model.params.get(key, value) != value), "")
        raise Conflict(
            f"The param {key!r} is {model.params.get(key, '')[:200]!r} already; params cannot change.",
            field="params",
        )


def set_tags(model: LoggedModel, tags: Pairs, *, by: Actor) -> None:
    """Add or overwrite tags, whatever others write at the same time; of equal keys the last counts."""
    by.require(Role.EDITOR)
    given = tidied(_clean(tags, "tags"))
    if given:
        with connection.cursor() as cursor:
            cursor.execute(SET_TAGS, [_json(given), str(model.pk)])


def delete_tag(model: LoggedModel, key: str, *, by: Actor) -> None:
    """NotFound when there is no such tag."""
    by.require(Role.EDITOR)
    with connection.cursor() as cursor:
        cursor.execute(DELETE_TAG, {"key": clean_text(key, field="key"), "id": str(model.pk)})
        found = bool(cursor.rowcount)
    if not found:
        raise NotFound(
            f"No tag with key {key[:100]!r} found for model with ID {model.model_id!r}.", field="key"
        )


def delete_logged_model(model: LoggedModel, *, by: Actor) -> LoggedModel:
    """Out of sight until restored; once more is no error."""
    by.require(Role.EDITOR)
    return _turn(model, Lifecycle.DELETED, "logged_model.delete", by=by)


def restore_logged_model(model: LoggedModel, *, by: Actor) -> LoggedModel:
    """Back in sight."""
    by.require(Role.EDITOR)
    return _turn(model, Lifecycle.ACTIVE, "logged_model.restore", by=by)


def _insert(model: LoggedModel) -> None:
    """Both times are the same, which fields that set themselves would not give."""
    values: dict[str, Any] = {
        "id": str(model.pk),
        "experiment": model.experiment_id,
        "name": model.name,
        "run": str(model.source_run_id) if model.source_run_id else None,
        "run_key": model.source_run_key,
        "status": model.status,
        "type": model.model_type,
        "params": _json(model.params),
        "tags": _json(model.tags),
        "lifecycle": model.lifecycle,
        "user": model.created_by_id,
        "now": model.created_at,
    }
    with connection.cursor() as cursor:
        cursor.execute(CREATE, values)
    model._state.adding = False


def _turn(model: LoggedModel, lifecycle: Lifecycle, action: str, *, by: Actor) -> LoggedModel:
    with transaction.atomic():
        locked = LoggedModel.objects.select_for_update(of=("self",)).get(pk=model.pk)
        if locked.lifecycle != lifecycle:
            model.lifecycle = lifecycle
            model.deleted_at = timezone.now() if lifecycle == Lifecycle.DELETED else None
            model.save(update_fields=["lifecycle", "deleted_at", "updated_at"])
            audit.record(by, action, model)
    return model


def _clean_name(name: str) -> str:
    text = clean_text(name, field="name", max_length=MAX_NAME)
    if not text.strip() or ILLEGAL.search(text):
        raise Invalid(
            f"Invalid model name ({text[:100]!r}) provided. It must be a non-empty string without control"
            " characters and without / : . % \" '.",
            field="name",
        )
    return text


def _clean(given: Pairs, field: str, *, once: bool = False) -> dict[str, str]:
    """Checked keys and values; with `once` a key may come only once."""
    pairs: Sequence[tuple[str, str]] = list(given.items() if isinstance(given, Mapping) else given)
    if len(pairs) > MOST_PAIRS:
        raise Invalid(f"At most {MOST_PAIRS:,} {field} are allowed in one request.", field=field)
    clean: dict[str, str] = {}
    for key, value in pairs:
        name = clean_text(key, field=f"{field}.key", max_length=MAX_KEY)
        if not name.strip():
            raise Invalid("A key may not be empty.", field=f"{field}.key")
        if once and name in clean:
            raise Invalid(f"Duplicate parameter keys have been submitted: {name[:100]!r}.", field=field)
        clean[name] = clean_text(value, field=f"{field}.{name}"[:200], max_length=MAX_VALUE)
    return clean


def _json(pairs: Mapping[str, str]) -> str:
    return json.dumps(pairs, ensure_ascii=False)
