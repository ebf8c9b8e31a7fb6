"""Write what was recorded elsewhere, with its ids and times: experiments, runs, logged models, their files.

Called by the import from MLflow. Each thing is one transaction and is written once: what is there stays.
"""

import datetime
import mimetypes
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from experiments.models import LIVE, Artifact, Experiment, Lifecycle, LoggedModel, ModelRole, Run, RunModel
from experiments.queries.imported import counted
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.artifacts import store
from mlregistry.artifacts.paths import normalise
from mlregistry.errors import Conflict
from mlregistry.lib import tag_names
from mlregistry.lib.millis import now_millis
from mlregistry.lib.names import clean_name

from .artifacts import owned_by
from .experiments import default_experiment
from .inputs import DatasetInput, log_inputs
from .measurements import Metric, Refusal, write
from .model_metrics import write_metrics
from .run_tags import Tags, as_run_id

POINTS_AT_ONCE = 20_000
LINKS_AT_ONCE = 1_000
# A parent may have come after its child.
PARENTS = """
UPDATE experiments_run AS child SET parent_id = parent.id
FROM experiments_runtag AS tag, experiments_run AS parent, experiments_experiment AS around,
     experiments_experiment AS above
WHERE tag.run_id = child.id AND tag.key = %s AND child.parent_id IS NULL AND parent.id <> child.id
  AND around.id = child.experiment_id AND around.team_id = %s
  AND above.id = parent.experiment_id AND above.team_id = %s
  AND parent.id::text = lower(regexp_replace(tag.value,
        '^([0-9a-fA-F]{8})([0-9a-fA-F]{4})([0-9a-fA-F]{4})([0-9a-fA-F]{4})([0-9a-fA-F]{12})$', '\\1-\\2-\\3-\\4-\\5'))
"""


@dataclass(frozen=True)
class ExperimentRecord:
    """`key` is its id at the source; `location` is where clients keep its files themselves, or blank."""

    key: str
    name: str
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    location: str = ""
    deleted: bool = False
    is_default: bool = False
    created_at: datetime.datetime | None = None
    updated_at: datetime.datetime | None = None


@dataclass(frozen=True)
class RunRecord:
    """A run without its history. `inputs` and `outputs` name logged models, each with a step."""

    id: uuid.UUID
    started_at: datetime.datetime
    status: str = "FINISHED"
    deleted: bool = False
    user_name: str = ""
    ended_at: datetime.datetime | None = None
    deleted_at: datetime.datetime | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    metric_keys: Sequence[str] = ()
    datasets: Sequence[DatasetInput] = ()
    inputs: Sequence[tuple[str, int]] = ()
    outputs: Sequence[tuple[str, int]] = ()
    artifact_uri: str = ""


@dataclass(frozen=True)
class LoggedModelRecord:
    """`metrics` holds what runs measured of it, by run."""

    id: uuid.UUID
    name: str
    created_at: datetime.datetime
    updated_at: datetime.datetime
    status: str = "READY"
    status_message: str = ""
    model_type: str = ""
    source_run: uuid.UUID | None = None
    deleted: bool = False
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[uuid.UUID, Sequence[Metric]] = field(default_factory=dict)
    artifact_uri: str = ""


@dataclass(frozen=True)
class Link:
    """A run read or made a logged model."""

    run: uuid.UUID
    model: uuid.UUID
    role: ModelRole
    step: int = 0


def import_experiment(record: ExperimentRecord, *, by: Actor) -> tuple[Experiment, bool]:
    """The team's experiment of that name (default to default), and whether anything was written.

    One that is there keeps what it has, and gets the tags, the description and the earlier beginning that it lacks.
    """
    by.require(Role.OWNER)
    name = clean_name(record.name, max_length=500)
    found = default_experiment(by=by) if record.is_default else None
    found = found or Experiment.objects.filter(team=by.team, name=name).first()
    if found is not None:
        return found, _complete(found, record)
    with transaction.atomic():
        made = Experiment.objects.create(
            team=by.team,
            name=name,
            description=record.description,
            tags=dict(record.tags),
            artifact_location=record.location,
            lifecycle=_lifecycle(record.deleted),
            created_by=by.user,
        )
        created = record.created_at or made.created_at
        made.created_at, made.updated_at = created, record.updated_at or created
        Experiment.objects.filter(pk=made.pk).update(created_at=created, updated_at=made.updated_at)
    return made, True


def import_run(
    record: RunRecord, experiment: Experiment, points: Iterable[Metric], *, by: Actor
) -> Counter[str]:
    """What was written, by noun; `points` is read only for that.

    A run that is there stays, unless it was still running: then what came since is added. Keys and texts are
    clean. Raises Conflict for a run that another team has, and writes nothing then.
    """
    by.require(Role.OWNER)
    found = Run.objects.select_related("experiment").filter(pk=record.id).first()
    if found is None:
        with transaction.atomic():
            _write(_new_run(record, experiment, by), record, points, by)
        return Counter(runs=1)
    if found.experiment.team_id != by.team.pk:
        raise Conflict(
            f"The run {record.id.hex} is there already, in another team; nothing of it was changed."
        )
    if found.status not in LIVE or found.lifecycle == Lifecycle.DELETED:
        return Counter()
    return _add(found, record, points, by)


def import_logged_model(record: LoggedModelRecord, experiment: Experiment, *, by: Actor) -> bool:
    """Whether it was written, after the runs that measured it. Raises Conflict for one that another team has."""
    by.require(Role.OWNER)
    found = LoggedModel.objects.select_related("experiment").filter(pk=record.id).first()
    if found is not None and found.experiment.team_id != by.team.pk:
        raise Conflict(f"The logged model m-{record.id.hex} is there already, in another team.")
    if found is not None:
        return False
    runs = known_runs([*record.metrics, *([record.source_run] if record.source_run else [])], by=by)
    with transaction.atomic():
        LoggedModel.objects.create(
            id=record.id,
            experiment=experiment,
            name=record.name[:500],
            source_run_id=record.source_run if record.source_run in runs else None,
            status=record.status,
            status_message=record.status_message,
            model_type=record.model_type[:500],
            params=dict(record.params),
            tags=dict(record.tags),
            lifecycle=_lifecycle(record.deleted),
            created_by=by.user,
        )
        deleted_at = record.updated_at if record.deleted else None
        times = {"created_at": record.created_at, "updated_at": record.updated_at, "deleted_at": deleted_at}
        LoggedModel.objects.filter(pk=record.id).update(**times)
        for run_id, metrics in record.metrics.items():
            if run_id in runs:
                write_metrics(run_id, metrics, by=by)
    return True


def import_links(links: Iterable[Link], *, by: Actor) -> int:
    """Link runs and logged models of the team; returns how many links lead to nothing here."""
    by.require(Role.OWNER)
    n_lost, rest = 0, iter(links)
    while some := list(islice(rest, LINKS_AT_ONCE)):
        runs = known_runs([link.run for link in some], by=by)
        models = known_models([link.model for link in some], by=by)
        rows = [
            RunModel(run_id=link.run, logged_model_id=link.model, role=link.role, step=link.step)
            for link in some
            if link.run in runs and link.model in models
        ]
        RunModel.objects.bulk_create(rows, ignore_conflicts=True)
        n_lost += len(some) - len(rows)
    return n_lost


def import_artifact(owner: Run | LoggedModel, path: str, source: Path, *, by: Actor) -> bool:
    """Whether it was stored; a file that is there under the path stays."""
    by.require(Role.OWNER)
    place = normalise(path)
    if Artifact.objects.filter(path=place, **owned_by(owner)).exists():
        return False
    type = mimetypes.guess_type(place)[0] or "application/octet-stream"
    with store.saving(by.team, source, content_type=type) as stored:
        Artifact.objects.create(**{"team": by.team, **owned_by(owner)}, path=place, file=stored)
    return True


def connect_parents(*, by: Actor) -> int:
    """Runs find the parents that their tags name; returns how many did."""
    by.require(Role.OWNER)
    with connection.cursor() as cursor:
        cursor.execute(PARENTS, [tag_names.PARENT_RUN, by.team.pk, by.team.pk])
        return int(cursor.rowcount)


def known_runs(ids: Iterable[uuid.UUID], *, by: Actor) -> set[uuid.UUID]:
    return set(Run.objects.filter(pk__in=set(ids), experiment__team=by.team).values_list("pk", flat=True))


def known_models(ids: Iterable[uuid.UUID], *, by: Actor) -> set[uuid.UUID]:
    rows = LoggedModel.objects.filter(pk__in=set(ids), experiment__team=by.team)
    return set(rows.values_list("pk", flat=True))


def _complete(found: Experiment, record: ExperimentRecord) -> bool:
    news = {
        "tags": {**record.tags, **found.tags},
        "description": found.description or record.description,
        "created_at": min(record.created_at or found.created_at, found.created_at),
    }
    if all(getattr(found, field) == value for field, value in news.items()):
        return False
    Experiment.objects.filter(pk=found.pk).update(**news)
    found.refresh_from_db()
    return True


def _new_run(record: RunRecord, experiment: Experiment, by: Actor) -> Run:
    run = Run(
        id=record.id,
        experiment=experiment,
        name=record.tags.get(tag_names.RUN_NAME, "")[:500],
        status=record.status,
        user_name=record.user_name[:256],
        started_at=record.started_at,
        created_by=by.user,
    )
    run.save(force_insert=True)
    return run


def _add(run: Run, record: RunRecord, points: Iterable[Metric], by: Actor) -> Counter[str]:
    """The run as its source has it now; when that is no news, not even the moment of the visit is noted."""
    with transaction.atomic():
        before = counted([run.pk], (), team_id=by.team.pk)
        _write(run, record, points, by)
        news = counted([run.pk], (), team_id=by.team.pk) - before
        if not news and run.status == record.status and not record.deleted:
            transaction.set_rollback(True)
    return news


def _write(run: Run, record: RunRecord, points: Iterable[Metric], by: Actor) -> None:
    _log(run, record, points, by)
    if record.datasets:
        log_inputs(run, datasets=record.datasets, by=by)
    _close(run, record)


def _log(run: Run, record: RunRecord, points: Iterable[Metric], by: Actor) -> None:
    """As if a client had logged it, so that the newest value and the extremes come out the same."""
    chunks = _chunks(points)
    tags = Tags(
        rows=tuple(
            (key, text)
            for key, text in record.tags.items()
            if key not in (tag_names.RUN_NAME, tag_names.NOTE)
        ),
        name=record.tags.get(tag_names.RUN_NAME, "")[:500] or None,
        note=record.tags.get(tag_names.NOTE),
        parent=as_run_id(record.tags.get(tag_names.PARENT_RUN, "")),
    )
    first = next(chunks, [])
    now, params = now_millis(), list(record.params.items())
    refusals = write(run.pk, by.team.pk, metrics=first, params=params, tags=tags.rows, texts=tags, now=now)
    _refuse(run, refusals)
    for chunk in chunks:
        _refuse(run, write(run.pk, by.team.pk, metrics=chunk, texts=Tags(), now=now))


def _refuse(run: Run, refusals: Sequence[Refusal]) -> None:
    if refusals:
        first = refusals[0]
        raise Conflict(f"The run {run.pk.hex} could not be written: {first.problem} {first.subject}".rstrip())


def _close(run: Run, record: RunRecord) -> None:
    deleted_at = (record.deleted_at or record.ended_at or timezone.now()) if record.deleted else None
    Run.objects.filter(pk=run.pk).update(
        status=record.status,
        ended_at=record.ended_at,
        lifecycle=_lifecycle(record.deleted),
        deleted_at=deleted_at,
        active_at=record.ended_at or timezone.now(),
    )


def _chunks(points: Iterable[Metric]) -> Iterator[list[Metric]]:
    rest = iter(points)
    while chunk := list(islice(rest, POINTS_AT_ONCE)):
        yield chunk


def _lifecycle(deleted: bool) -> Lifecycle:
    return Lifecycle.DELETED if deleted else Lifecycle.ACTIVE
