"""Uploads in several parts, which may come at once and again: kept as files, joined at the end.

Called by the doors. An upload is a folder of FILE_UPLOAD_TEMP_DIR, named by an id made here.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import IO

from django.conf import settings

from mlregistry.errors import Invalid, NotFound

from . import store
from .upload_limit import too_large

GRACE = timedelta(days=1)
MOST_PARTS = 10_000
ID = re.compile(r"[0-9a-f]{32}")
ABOUT, DONE = "about.json", "done"


def begin(target: str) -> str:
    """The id of a new upload; `target` says for whom and where, and must be named again at the end."""
    upload_id = uuid.uuid4().hex
    folder = _folder(upload_id)
    folder.mkdir()
    (folder / ABOUT).write_text(json.dumps({"target": target}))
    return upload_id


def put(upload_id: str, number: int, source: store.Readable) -> str:
    """Keep a part, also in place of an earlier one; returns its ETag. TooLarge when all are over the limit."""
    folder = _known(upload_id)
    left = settings.UPLOAD_LIMIT_BYTES - sum(_sizes(folder, but=number).values())
    if left <= 0:
        raise too_large()
    with store.spooled(source, limit=left) as spool:
        try:
            os.replace(spool.path, folder / _name(number, spool.sha256))
        except FileNotFoundError:
            raise _unknown(upload_id) from None
    return spool.sha256


def parts(upload_id: str, target: str, wanted: Iterable[tuple[int, str]]) -> Parts | None:
    """The parts by number and ETag as one stream; None when the upload was finished before."""
    folder = _known(upload_id, target)
    if (folder / DONE).exists():
        return None
    paths = [folder / _name(number, etag) for number, etag in sorted(wanted)]
    if len({path.name.partition("-")[0] for path in paths}) < len(paths):
        raise Invalid("A part is named twice.", field="parts")
    for path in paths:
        if not path.is_file():
            number = int(path.name.partition("-")[0])
            raise Invalid(f"Part {number} was not uploaded, or not with this ETag.", field="parts")
    if sum(path.stat().st_size for path in paths) > settings.UPLOAD_LIMIT_BYTES:
        raise too_large()
    return Parts(paths)


def finish(upload_id: str) -> None:
    """Drop the parts; the folder stays for a while, so that a repeated end is known for what it is."""
    folder = _folder(upload_id)
    (folder / DONE).touch()
    for path in folder.glob("*-*"):
        path.unlink(missing_ok=True)


def abort(upload_id: str, target: str) -> None:
    """Drop the upload with all its parts; one that is gone already is no error."""
    if ID.fullmatch(upload_id) and not _folder(upload_id).exists():
        return
    shutil.rmtree(_known(upload_id, target), ignore_errors=True)


def sweep(*, older_than: timedelta = GRACE) -> int:
    """Remove uploads and spools that nobody has touched for so long; returns how many."""
    cutoff = time.time() - older_than.total_seconds()
    root, n_gone = Path(settings.FILE_UPLOAD_TEMP_DIR), 0
    for path in [*root.glob("parts-*"), *root.glob("spool-*")]:
        try:
            if path.stat().st_mtime < cutoff:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
                n_gone += 1
        except FileNotFoundError:
            continue
    return n_gone


class Parts:
    """Files read one after the other."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = list(paths)
        self._open: IO[bytes] | None = None

    def read(self, size: int = -1, /) -> bytes:
        while self._open is not None or self._paths:
            if self._open is None:
                self._open = self._paths.pop(0).open("rb")
            if piece := self._open.read(size):
                return piece
            self.close()
        return b""

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


def _folder(upload_id: str) -> Path:
    return Path(settings.FILE_UPLOAD_TEMP_DIR) / f"parts-{upload_id}"


def _known(upload_id: str, target: str | None = None) -> Path:
    if not ID.fullmatch(upload_id):
        raise _unknown(upload_id)
    folder = _folder(upload_id)
    try:
        about = json.loads((folder / ABOUT).read_text())
    except FileNotFoundError:
        raise _unknown(upload_id) from None
    if target is not None and about["target"] != target:
        raise _unknown(upload_id)
    return folder


def _unknown(upload_id: str) -> NotFound:
    return NotFound(f"There is no upload {upload_id[:40]!r} to this path.", field="upload_id")


def _name(number: int, etag: str) -> str:
    if not 1 <= number <= MOST_PARTS:
        raise Invalid(f"Parts are numbered from 1 to {MOST_PARTS:,}.", field="part_number")
    if not re.fullmatch(r"[0-9a-f]{64}", etag):
        raise Invalid(f"Part {number} was not uploaded with this ETag.", field="parts")
    return f"{number:05d}-{etag}"


def _sizes(folder: Path, *, but: int) -> dict[int, int]:
    """Bytes by part number."""
    sizes: dict[int, int] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            number = entry.name.partition("-")[0]
            if number.isdigit() and int(number) != but:
                sizes[int(number)] = max(sizes.get(int(number), 0), entry.stat().st_size)
    return sizes
