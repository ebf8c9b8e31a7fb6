"""Versions that clients of MLflow register by naming a source. Called by the MLflow door and the import."""

from collections.abc import Mapping

from django.db import transaction

from experiments.actions.version_tag import with_version
from experiments.models import LoggedModel
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.lib.names import clean_text
from models_app.actions.intakes import take_in_files
from models_app.actions.news import tell_created
from models_app.actions.numbering import count, next_number
from models_app.actions.origins import Origin, trace
from models_app.actions.tags import clean_tags
from models_app.models import ModelVersion, RegisteredModel
from models_app.prompts import SOURCES, is_prompt

LONGEST_SOURCE = 10_000
LONGEST_KEY = 500


def create_version(
    model: RegisteredModel,
    source: str,
    *,
    run_key: str | None = None,
    model_id: str | None = None,
    run_link: str = "",
    description: str = "",
    tags: Mapping[str, str] | None = None,
    by: Actor,
) -> ModelVersion:
    """The next version of the model, whose files lie at the source. Numbers are never used again.

    It is READY at once, as clients wait for that; a model among its files is taken in, and served once it passed.
    Raises Invalid for a source that the named run or logged model does not own.
    """
    by.require(Role.EDITOR)
    clean_text(description, field="description")
    clean_text(run_link, field="run_link", max_length=LONGEST_KEY)
    kept = clean_tags(tags or {})
    clean_text(source, field="source", max_length=LONGEST_SOURCE)
    clean_text(run_key or "", field="run_id", max_length=LONGEST_KEY)
    origin = _origin(source, run_key, model_id, kept, by)
    with transaction.atomic():
        version = ModelVersion.objects.create(
            model=model,
            number=next_number(model),
            source=origin.source,
            storage_location=origin.storage,
            run_key=origin.run_key,
            run=origin.run,
            logged_model=origin.logged_model,
            user_name=by.user.get_username()[:256] if by.user else "",
            created_by=by.user,
            description=description,
            run_link=run_link,
            tags=kept,
        )
        count(version)
        if origin.logged_model is not None:
            _note_on(origin.logged_model, version)
        record(by, "version.create", version, number=version.number, source=origin.source[:500])
        tell_created(version, by=by)
        if not is_prompt(kept):
            take_in_files(version, by=by)
    return version


def _origin(
    source: str, run_key: str | None, model_id: str | None, tags: Mapping[str, str], by: Actor
) -> Origin:
    if not is_prompt(tags):
        return trace(source, run_key=run_key, model_id=model_id, by=by)
    if source not in SOURCES:
        raise Invalid(
            f"Invalid prompt source: '{source[:200]}'. A prompt has no files, and names none.", field="source"
        )
    return Origin(source, source, run_key or "")


def _note_on(logged: LoggedModel, version: ModelVersion) -> None:
    """The logged model's tag lists the versions made of it, each once."""
    locked = LoggedModel.objects.select_for_update().get(pk=logged.pk)
    locked.tags = with_version(locked.tags, version.model.name, version.number)
    locked.save(update_fields=["tags", "updated_at"])
