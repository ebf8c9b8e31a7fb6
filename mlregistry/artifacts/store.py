"""Bytes in and out of STORAGES["artifacts"]: streamed, hashed, stored once per team and content.

Called by the actions of every app. Keys are made here; the same content is one row, found by its SHA-256.
"""

import contextlib
import hashlib
import os
import tempfile
import uuid
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage, storages
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from mlregistry.accounts.models import Team
from mlregistry.errors import Unavailable

from .models import StoredFile
from .upload_limit import too_large

CHUNK_BYTES = 1024 * 1024
GRACE = timedelta(days=1)


class Readable(Protocol):
    """Anything bytes can be read from: a request, an upload, an open file."""

    def read(self, size: int = ..., /) -> bytes: ...


@dataclass(frozen=True)
class Spool:
    """A finished temporary file."""

    path: Path
    size: int
    sha256: str


class SpoolFile(File):  # type: ignore[type-arg]  # File is generic in the stubs alone
    """Lets a storage on the same disk move the spool instead of copying it."""

    def __init__(self, spool: Spool, stream: Any) -> None:
        super().__init__(stream, name=spool.path.name)
        self._path = str(spool.path)

    def temporary_file_path(self) -> str:
        return self._path


def save(
    team: Team,
    source: Readable | Path,
    *,
    content_type: str = "application/octet-stream",
    limit: int | None = None,
) -> StoredFile:
    """Store the bytes, or find them stored already; TooLarge over `limit`. `discard` undoes it."""
    with saving(team, source, content_type=content_type, limit=limit) as stored:
        return stored


@contextlib.contextmanager
def saving(
    team: Team,
    source: Readable | Path,
    *,
    content_type: str = "application/octet-stream",
    limit: int | None = None,
) -> Iterator[StoredFile]:
    """The stored file inside an open transaction, for the caller to refer to: both are kept, or neither."""
    with spooled(source, limit=limit) as spool, transaction.atomic():
        _lock(team, spool.sha256)
        known = StoredFile.objects.select_for_update().filter(team=team, sha256=spool.sha256, size=spool.size)
        found = known.first()
        if found is not None and _storage().exists(found.key):
            # A fresh date keeps the sweep away until the caller refers to the row.
            found.created_at = timezone.now()
            found.save(update_fields=["created_at"])
            yield found
            return
        stored = _store(team, spool, content_type)
        try:
            yield stored
        except BaseException:
            _storage().delete(stored.key)
            raise


@contextlib.contextmanager
def spooled(source: Readable | Path, *, limit: int | None = None) -> Iterator[Spool]:
    """The bytes in a temporary file of their own, hashed on the way; TooLarge stops at the limit."""
    handle, name = tempfile.mkstemp(prefix="spool-", dir=settings.FILE_UPLOAD_TEMP_DIR)
    try:
        with os.fdopen(handle, "wb") as target:
            if isinstance(source, Path):
                with source.open("rb") as stream:
                    size, digest = _copy(stream.read, target, limit)
            else:
                size, digest = _copy(source.read, target, limit)
        yield Spool(Path(name), size, digest)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def open_file(stored: StoredFile) -> Any:
    """The stored bytes as a binary file, to be closed by the caller; Unavailable when they are gone."""
    try:
        return _storage().open(stored.key, "rb")
    except FileNotFoundError as error:
        raise Unavailable(f"The bytes of {stored.key} are not in the store.") from error


@contextlib.contextmanager
def local_path(stored: StoredFile) -> Iterator[Path]:
    """A path to read the bytes at: the file itself, or a checked copy when the store is remote."""
    try:
        path = Path(_storage().path(stored.key))
    except NotImplementedError:
        path = _cached(stored)
    if not path.is_file():
        raise Unavailable(f"The bytes of {stored.key} are not in the store.")
    yield path


def discard(stored: StoredFile) -> None:
    """Undo a `save` whose work failed: gone at once, unless something refers to it or saved it since."""
    _delete(_unreferenced().filter(pk=stored.pk, created_at=stored.created_at))


def delete_unreferenced(*, older_than: timedelta = GRACE, among: Collection[int] | None = None) -> int:
    """Remove what no row refers to any more; returns how many files went.

    `among` are the ids of files whose last reference the caller removed: then no time needs to pass, for
    whoever stores the same bytes anew holds the row until it is referred to, and gives it a fresh date.
    """
    cutoff = timezone.now() - older_than
    lost = _unreferenced().filter(created_at__lt=cutoff)
    if among is not None:
        lost = lost.filter(pk__in=among)
    return sum(
        _delete(_unreferenced().filter(pk=pk, created_at__lt=cutoff))
        for pk in lost.values_list("pk", flat=True)[:10_000]
    )


def _storage() -> Storage:
    return storages["artifacts"]


def _copy(read: Callable[[int], bytes], target: Any, limit: int | None) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while chunk := read(CHUNK_BYTES):
        size += len(chunk)
        if limit is not None and size > limit:
            raise too_large(limit)
        digest.update(chunk)
        target.write(chunk)
    target.flush()
    os.fsync(target.fileno())
    return size, digest.hexdigest()


def _lock(team: Team, sha256: str) -> None:
    """One writer at a time for one content of one team, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"artifact {team.pk} {sha256}"]
        )


def _store(team: Team, spool: Spool, content_type: str) -> StoredFile:
    # A key of its own for each row: removing the bytes of an old row can never hit those of a newer one.
    key = f"{team.pk}/{spool.sha256[:2]}/{spool.sha256}-{uuid.uuid4().hex[:8]}"
    storage = _storage()
    with spool.path.open("rb") as stream:
        stored_key = storage.save(key, SpoolFile(spool, stream))
    _settle(storage, stored_key)
    try:
        return StoredFile.objects.create(
            team=team, key=stored_key, size=spool.size, sha256=spool.sha256, content_type=content_type[:200]
        )
    except BaseException:
        storage.delete(stored_key)
        raise


def _settle(storage: Storage, key: str) -> None:
    """The new name on disk too, before anybody is told; remote stores see to that themselves."""
    with contextlib.suppress(NotImplementedError):
        folder = os.open(Path(storage.path(key)).parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _cached(stored: StoredFile) -> Path:
    folder = settings.MLREGISTRY_HOME / "cache" / "artifacts"
    folder.mkdir(parents=True, exist_ok=True)
    path: Path = folder / stored.sha256
    if not path.is_file():
        with open_file(stored) as remote, spooled(remote) as spool:
            if spool.sha256 != stored.sha256:
                raise Unavailable(f"The bytes of {stored.key} have changed in the store.")
            os.replace(spool.path, path)
    return path


def _unreferenced() -> QuerySet[StoredFile]:
    """Rows that no foreign key of any app points at."""
    used = Q()
    for field in StoredFile._meta.get_fields(include_hidden=True):
        if field.one_to_many or field.one_to_one:
            model, column = field.related_model, field.field.name  # type: ignore[union-attr]  # relations only
            used |= Q(Exists(model._base_manager.filter(**{column: OuterRef("pk")})))  # type: ignore[union-attr]  # relations only
    return StoredFile.objects.exclude(used) if used else StoredFile.objects.all()


def _delete(rows: QuerySet[StoredFile]) -> int:
    keys = list(rows.values_list("key", flat=True))
    try:
        with transaction.atomic():
            rows._raw_delete(rows.db)
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            gone = set(keys) - set(StoredFile.objects.filter(key__in=keys).values_list("key", flat=True))
    except IntegrityError:
        return 0
    for key in gone:
        transaction.on_commit(lambda key=key: _storage().delete(key))  # type: ignore[misc]  # the default binds the key of this turn
    return len(gone)
