"""Tags of models and versions: set and deleted one by one, whatever others write. Called by all doors."""

from collections.abc import Mapping

from django.db import connection, transaction

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.lib.names import clean_key, clean_text
from models_app import prompts
from models_app.actions.news import tell
from models_app.models import ModelVersion, RegisteredModel

LONGEST_TAG = 100_000


def set_model_tag(model: RegisteredModel, key: str, value: str, *, by: Actor) -> None:
    """Adds or overwrites one tag."""
    _set(model, key, value, by=by)


def delete_model_tag(model: RegisteredModel, key: str, *, by: Actor) -> None:
    """Once more is no error."""
    _delete(model, key, by=by)


def set_version_tag(version: ModelVersion, key: str, value: str, *, by: Actor) -> None:
    """Adds or overwrites one tag."""
    _set(version, key, value, by=by)


def delete_version_tag(version: ModelVersion, key: str, *, by: Actor) -> None:
    """Once more is no error."""
    _delete(version, key, by=by)


def clean_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags, or Invalid for one that is too long or has an unusable name."""
    if not isinstance(tags, Mapping):
        raise Invalid("Tags are an object of names and texts.", field="tags")
    if len(str(tags.get(prompts.TEXT, ""))) > LONGEST_TAG:
        raise Invalid(f"Prompt text exceeds max length of {LONGEST_TAG} characters.", field="value")
    return {
        clean_key(key, field="key"): clean_text(value, field="value", max_length=LONGEST_TAG)
        for key, value in tags.items()
    }


def _set(row: RegisteredModel | ModelVersion, key: str, value: str, *, by: Actor) -> None:
    by.require(Role.EDITOR)
    clean_tags({key: value})
    with transaction.atomic():
        _write(row, "tags || jsonb_build_object(%s::text, %s::text)", [key, value])
        record(by, f"{_noun(row)}.set_tag", row, key=key)
        tell(row, "tag", "set", key=key, value=value, by=by)
    row.tags[key] = value


def _delete(row: RegisteredModel | ModelVersion, key: str, *, by: Actor) -> None:
    by.require(Role.EDITOR)
    clean_key(key, field="key")
    with transaction.atomic():
        _write(row, "tags - %s::text", [key])
        record(by, f"{_noun(row)}.delete_tag", row, key=key)
        tell(row, "tag", "deleted", key=key, by=by)
    row.tags.pop(key, None)


def _write(row: RegisteredModel | ModelVersion, change: str, values: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {row._meta.db_table} SET tags = {change} WHERE id = %s",  # noqa: S608  # a table of ours and texts of this file
            [*values, row.pk],
        )


def _noun(row: RegisteredModel | ModelVersion) -> str:
    return "version" if isinstance(row, ModelVersion) else "model"
