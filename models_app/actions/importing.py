"""Write registered models that were made elsewhere, with their numbers and times. Called by the import from MLflow.

Webhooks hear nothing of it: the events happened long ago.
"""

import datetime
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from experiments.models import LoggedModel, Run, model_key
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from models_app.actions.alias_moves import note_move
from models_app.actions.models import checked_name
from models_app.models import Alias, ModelVersion, RegisteredModel, Stage, VersionState
from models_app.queries.approvals import policy_of

STATES = {"PENDING_REGISTRATION": VersionState.PENDING, "FAILED_REGISTRATION": VersionState.FAILED}


@dataclass(frozen=True)
class VersionRecord:
    """`status` and `stage` in MLflow's words; `run_key` names a run here or elsewhere."""

    number: int
    created_at: datetime.datetime
    updated_at: datetime.datetime
    status: str = "READY"
    status_message: str = ""
    stage: str = "None"
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    run_key: str = ""
    run_link: str = ""
    model_id: str = ""
    source: str = ""
    storage_location: str = ""
    user_name: str = ""


@dataclass(frozen=True)
class ModelRecord:
    """`last_number` is the highest number ever given, deleted versions among them."""

    name: str
    created_at: datetime.datetime
    updated_at: datetime.datetime
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    last_number: int = 0
    aliases: Mapping[str, int] = field(default_factory=dict)
    versions: Sequence[VersionRecord] = ()


@dataclass
class Outcome:
    """What was written by noun, how many versions and aliases are as at the source, and what differs."""

    written: Counter[str] = field(default_factory=Counter)
    n_versions: int = 0
    n_aliases: int = 0
    kept: list[str] = field(default_factory=list)


def import_model(record: ModelRecord, *, by: Actor) -> Outcome:
    """The model with its versions and aliases; what is there already stays as it is.

    Raises Invalid for a name that no model can have. The outcome counts what is here afterwards as at the source.
    """
    by.require(Role.OWNER)
    checked_name(record.name)
    outcome = Outcome()
    with transaction.atomic():
        model = _model(record, outcome, by)
        there = {version.number: version for version in ModelVersion.objects.filter(model=model)}
        for version in record.versions:
            _settle(model, version, there, outcome, by)
        _point(model, record, there, outcome, by)
        last = max([record.last_number, model.last_number, *there])
        if last > model.last_number:
            RegisteredModel.objects.filter(pk=model.pk).update(last_number=last)
    return outcome


def _model(record: ModelRecord, outcome: Outcome, by: Actor) -> RegisteredModel:
    model, made = RegisteredModel.objects.select_for_update().get_or_create(
        team=by.team,
        name=record.name,
        defaults={
            "description": record.description,
            "tags": dict(record.tags),
            "created_by": by.user,
        },
    )
    if made:
        outcome.written["models"] += 1
        times = {"created_at": record.created_at, "updated_at": record.updated_at}
        RegisteredModel.objects.filter(pk=model.pk).update(**times)
    return model


def _settle(
    model: RegisteredModel,
    record: VersionRecord,
    there: dict[int, ModelVersion],
    outcome: Outcome,
    by: Actor,
) -> None:
    found = there.get(record.number)
    if found is None:
        there[record.number] = _create(model, record, by)
        outcome.written["versions"] += 1
    elif (found.run_key, found.created_at) != (record.run_key, record.created_at):
        outcome.kept.append(f"version {record.number} of “{model.name}” is another one here")
        return
    outcome.n_versions += 1


def _create(model: RegisteredModel, record: VersionRecord, by: Actor) -> ModelVersion:
    version = ModelVersion.objects.create(
        model=model,
        number=record.number,
        state=STATES.get(record.status, VersionState.READY),
        state_message=record.status_message,
        stage=record.stage if record.stage in Stage.values else Stage.NONE,
        description=record.description,
        tags=dict(record.tags),
        run_key=record.run_key[:500],
        run_link=record.run_link[:500],
        run=_run(record.run_key, by),
        logged_model=_logged_model(record.model_id, by),
        source=record.source,
        storage_location=record.storage_location,
        user_name=record.user_name[:256],
        created_by=by.user,
    )
    times = {"created_at": record.created_at, "updated_at": record.updated_at}
    ModelVersion.objects.filter(pk=version.pk).update(**times)
    return version


def _point(
    model: RegisteredModel,
    record: ModelRecord,
    there: Mapping[int, ModelVersion],
    outcome: Outcome,
    by: Actor,
) -> None:
    mine = dict(Alias.objects.filter(model=model).values_list("name", "version__number"))
    for name, number in record.aliases.items():
        if name not in mine and policy_of(model, name) is not None:
            outcome.kept.append(f"the alias {name} of “{model.name}” moves only with approval here")
            continue
        if name not in mine and number in there:
            Alias.objects.create(model=model, name=name, version=there[number])
            note_move(model, name, number, why="Imported.", by=by)
            outcome.written["aliases"] += 1
        elif mine.get(name) != number:
            outcome.kept.append(f"the alias {name} of “{model.name}” points at another version here")
            continue
        outcome.n_aliases += 1


def _run(key: str, by: Actor) -> Run | None:
    try:
        run_id = uuid.UUID(key)
    except ValueError:
        return None
    return Run.objects.filter(pk=run_id, experiment__team=by.team).first()


def _logged_model(model_id: str, by: Actor) -> LoggedModel | None:
    key = model_key(model_id)
    return LoggedModel.objects.filter(pk=key, experiment__team=by.team).first() if key else None
