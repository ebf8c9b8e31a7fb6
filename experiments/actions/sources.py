"""Create, change, delete, preview and refresh the sources of datasets. Called by every door and the refresh job."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

from django.db import transaction
from django.utils import timezone

from experiments.models import Dataset, DatasetVersion, DataSource, SourceState
from experiments.queries import sources as queries
from experiments.sources.kinds import STREAMS, kind_of
from experiments.sources.protocol import Ask, Fetched, Limits, Report, checked
from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.artifacts import store
from mlregistry.errors import Conflict, Invalid, MlregistryError
from mlregistry.jobs import cron as cron_lines
from mlregistry.jobs import schedule
from mlregistry.jobs.models import Job
from mlregistry.jobs.queue import enqueue
from mlregistry.lib.names import clean_name
from mlregistry.ml import tables
from mlregistry.ml.table_info import TableInfo
from mlregistry.secrets_at_rest import seal, unseal

from . import streams
from .conflicts import unique
from .dataset_versions import Rows, append_rows, kept_on_success, limits, replace_rows, working_folder

PURPOSE = "data source"
MOST_SOURCES = 50
LONGEST_ERROR = 2_000
PLACES = ("url", "host", "port", "endpoint", "engine", "auth", "auth_name", "tls", "bucket")
PREVIEW = Limits(max_bytes=32 * 1024 * 1024, max_rows=1_000_000, max_pages=1, seconds=15.0)
PREVIEW_ROWS = 50


def create_source(
    dataset: Dataset,
    kind: str,
    *,
    config: Mapping[str, Any],
    secrets: Mapping[str, str] | None = None,
    name: str = "",
    cron: str = "",
    by: Actor,
) -> DataSource:
    """A stored connection; nothing is fetched yet."""
    by.require(Role.EDITOR)
    if dataset.sources.count() >= MOST_SOURCES:
        raise Conflict(f"A dataset has at most {MOST_SOURCES} sources.")
    known = kind_of(kind)
    if kind in STREAMS:
        streams.check_takes_rows(dataset)
    source = DataSource(
        team=by.team,
        dataset=dataset,
        name=clean_name(name or known.title),
        kind=kind,
        config=checked(known, config),
        sealed=_sealed(kind, secrets or {}, {}),
        cron=_cron(cron),
        created_by=by.user,
    )
    with unique(f"The dataset has a source named {source.name!r} already."):
        source.save()
        audit.record(by, "source.create", source, kind=kind)
        _schedule(source)
    return source


def update_source(source: DataSource, *, by: Actor, **changes: Any) -> DataSource:
    """Change name, config, secrets or cron. A secret that was kept goes to no other place than before."""
    by.require(Role.EDITOR)
    before = source.config
    if "name" in changes:
        source.name = clean_name(changes["name"])
    if "config" in changes:
        source.config = checked(kind_of(source.kind), changes["config"])
    new = {name: value for name, value in (changes.get("secrets") or {}).items() if value}
    moved = not _same_place(before, source.config)
    if moved and source.sealed and not new:
        raise Invalid("The source now asks another place; enter its secret again.", field="secret")
    if new:
        source.sealed = _sealed(source.kind, new, {} if moved else opened(source))
    if "cron" in changes:
        source.cron = _cron(changes["cron"])
    if source.config != before and (moved or source.kind not in STREAMS):
        source.cursor = {}
    with unique(f"The dataset has a source named {source.name!r} already."):
        source.save(update_fields=["name", "config", "sealed", "cron", "cursor"])
        audit.record(by, "source.update", source, fields=sorted(changes))
        _schedule(source)
    return source


def delete_source(source: DataSource, *, by: Actor) -> None:
    """The versions that it made stay."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        schedule.drop(queries.schedule_name(source))
        audit.record(by, "source.delete", source)
        source.delete()


def start_refresh(source: DataSource, *, by: Actor) -> Job:
    """Fetch in the background; Conflict while it is being fetched."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        DataSource.objects.select_for_update().get(pk=source.pk)
        if queries.live_refresh(source) is not None:
            raise Conflict("The source is being refreshed already.")
        job = enqueue(
            queries.REFRESH,
            args={"source_id": source.pk},
            team=by.team,
            title=f"Refresh {source}",
            max_attempts=2,
            by=by,
        )
        audit.record(by, "source.refresh", source, job=str(job.pk))
    return job


def preview_source(
    kind: str, config: Mapping[str, Any], secrets: Mapping[str, str], *, by: Actor
) -> tuple[TableInfo, list[dict[str, Any]]]:
    """The columns and first rows as they would be read; nothing is stored."""
    by.require(Role.EDITOR)
    known = kind_of(kind)
    settings = checked(known, config)
    with working_folder() as folder:
        ask = Ask(settings, secrets, folder, PREVIEW, n_rows=PREVIEW_ROWS)
        try:
            fetched = known.fetch(ask)
            if fetched.file is None:
                raise Invalid("The source answers with nothing.")
            info = tables.convert(
                fetched.file,
                fetched.filename,
                folder / "preview.parquet",
                limits=limits(),
                reading=fetched.reading,
            )
        except MlregistryError as error:
            raise without(error, secrets) from None
        return info, tables.preview(folder / "preview.parquet", limit=PREVIEW_ROWS)


def refresh(source: DataSource, report: Report, *, by: Actor) -> DatasetVersion | None:
    """Fetch what is new and make a version of it; None when nothing is. A failure changes nothing but the state."""
    secrets = opened(source)
    try:
        with working_folder() as folder:
            bounds = Limits(max_bytes=limits().max_bytes)
            ask = Ask(source.config, secrets, folder, bounds, since=source.cursor, report=report)
            fetched = kind_of(source.kind).fetch(ask)
            report(0.5, "Checking the rows")
            version, cursor = _kept(source, fetched, ask, by)
    except MlregistryError as error:
        told = without(error, secrets)
        settle(source, SourceState.FAILED, error=told.message[:LONGEST_ERROR])
        raise told from None
    settle(source, SourceState.READY, cursor=cursor, version=version or source.version)
    return version


def opened(source: DataSource) -> dict[str, str]:
    """The secrets in the open; for the fetch alone."""
    return dict(json.loads(unseal(source.sealed, purpose=PURPOSE))) if source.sealed else {}


def asks_same_place(source: DataSource, config: Mapping[str, Any]) -> bool:
    """Whether the kept secret may be used with these settings."""
    return _same_place(source.config, config)


def _same_place(one: Mapping[str, Any], two: Mapping[str, Any]) -> bool:
    return all((one.get(place) or "") == (two.get(place) or "") for place in PLACES)


def _kept(
    source: DataSource, fetched: Fetched, ask: Ask, by: Actor
) -> tuple[DatasetVersion | None, Mapping[str, Any]]:
    """The version of what was fetched, and how far the source is read now."""
    if fetched.file is None:
        return None, fetched.cursor
    target = ask.into / "table.parquet"
    info = tables.convert(fetched.file, fetched.filename, target, limits=limits(), reading=fetched.reading)
    make = append_rows if fetched.appends and source.cursor else replace_rows
    name = f"{source.name} ({source.kind})"[:255]
    with kept_on_success() as kept:
        original = None
        if source.kind == "url":
            original = store.save(source.team, fetched.file)
            kept.append(original)
            name = fetched.filename
        version = make(source.dataset, Rows(target, info, name, original), by=by)
    column = info.column(fetched.cursor_column) if fetched.cursor_column else None
    if fetched.cursor_column and column is None:
        raise Invalid(f"The records have no column '{fetched.cursor_column}'.", field="cursor_column")
    return version, {"value": column.maximum} if column else fetched.cursor


def settle(source: DataSource, state: SourceState, **fields: Any) -> None:
    """What came of a refresh."""
    DataSource.objects.filter(pk=source.pk).update(
        **{"state": state, "error": "", "refreshed_at": timezone.now(), **fields}
    )
    source.refresh_from_db()


def without(error: MlregistryError, secrets: Mapping[str, str]) -> MlregistryError:
    """The same error, should a server have sent back what it was given."""
    told = [form for secret in secrets.values() if len(secret) > 3 for form in (secret, quote_plus(secret))]
    for secret in told:
        error.message = error.message.replace(secret, "•••")
        error.details = [line.replace(secret, "•••") for line in error.details]
    error.args = (error.message,)
    return error


def _sealed(kind: str, secrets: Mapping[str, str], known: Mapping[str, str]) -> str:
    names = {setting.name for setting in kind_of(kind).settings if setting.secret}
    for name, value in secrets.items():
        if name not in names:
            raise Invalid(
                f"A source of the kind {kind} has no secret {str(name)[:60]!r}.", field=str(name)[:60]
            )
        if len(value) > 4_000 or not value.isprintable():
            raise Invalid("A secret is a line of text of at most 4,000 characters.", field=name)
    found = {**known, **{name: value for name, value in secrets.items() if value}}
    return seal(json.dumps(found), purpose=PURPOSE) if found else ""


def _cron(line: str) -> str:
    line = " ".join(line.split())
    if len(line) > 100:
        raise Invalid("The cron line is too long.", field="cron")
    if line:
        cron_lines.parse(line).after(timezone.now())
    return line


def _schedule(source: DataSource) -> None:
    if source.cron:
        args = {"source_id": source.pk}
        title = f"Refresh {source}"
        schedule.keep(
            queries.schedule_name(source),
            queries.REFRESH,
            args=args,
            title=title,
            team=source.team,
            cron=source.cron,
        )
    else:
        schedule.drop(queries.schedule_name(source))
