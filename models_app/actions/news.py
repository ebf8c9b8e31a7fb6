"""What webhooks are told of the registry's events, in MLflow's words. The actions call it in their transaction.

A prompt is a registered model with a reserved tag; its events have names of their own.
"""

from typing import Any

from mlregistry.accounts.actor import Actor
from models_app.actions.announcing import announce
from models_app.models import ModelVersion, RegisteredModel
from models_app.prompts import IS_PROMPT, TEXT, TYPE, is_prompt

# (of a version, what) → the entity in events of models, and of prompts; None where models have no event.
ENTITIES: dict[tuple[bool, str], tuple[str | None, str]] = {
    (False, ""): ("registered_model", "prompt"),
    (True, ""): ("model_version", "prompt_version"),
    (False, "tag"): (None, "prompt_tag"),
    (True, "tag"): ("model_version_tag", "prompt_version_tag"),
    (False, "alias"): ("model_version_alias", "prompt_alias"),
}


def tell_created(row: RegisteredModel | ModelVersion, *, by: Actor) -> None:
    """A new name, or a new version."""
    tags = {str(key): str(value) for key, value in row.tags.items()}
    payload: dict[str, Any] = {"tags": tags, "description": row.description or None}
    if isinstance(row, ModelVersion) and is_prompt(row.model.tags):
        payload["template"] = tags.pop(TEXT, None)
    elif isinstance(row, ModelVersion):
        payload |= {"source": row.source, "run_id": row.run_key or None}
    if is_prompt(_model(row).tags):
        for key in (IS_PROMPT, TYPE):
            tags.pop(key, None)
    tell(row, "", "created", by=by, **payload)


def tell(row: RegisteredModel | ModelVersion, what: str, action: str, *, by: Actor, **payload: Any) -> None:
    """The event, with the name and the version of the row before the payload."""
    of_version = isinstance(row, ModelVersion)
    entity = ENTITIES[of_version, what][is_prompt(_model(row).tags)]
    if entity is None:
        return
    named: dict[str, Any] = {"name": _model(row).name}
    if isinstance(row, ModelVersion):
        named["version"] = str(row.number)
    announce(by, entity, action, {**named, **payload})


def _model(row: RegisteredModel | ModelVersion) -> RegisteredModel:
    return row.model if isinstance(row, ModelVersion) else row
