"""Zipped scripts: checked before they are stored, unpacked for a job. Declared sizes are not believed."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mlregistry.errors import Invalid, TooLarge

MAIN = "main.py"
REQUIREMENTS = "requirements.txt"
MOST_PACKED = 20 * 2**20
MOST_UNPACKED = 100 * 2**20
MOST_FILES = 1_000
LONGEST_PATH = 200
MOST_DEPTH = 10
CHUNK = 2**16
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


@dataclass(frozen=True)
class Archive:
    """`requirements` is the text of its requirements.txt, empty without one."""

    n_files: int
    n_bytes: int
    requirements: str


def check(path: Path) -> Archive:
    """What the archive holds, all of it read; Invalid or TooLarge says what is wrong with it."""
    if path.stat().st_size > MOST_PACKED:
        raise TooLarge(f"The archive is larger than {MOST_PACKED // 2**20} MB.", field="file")
    sizes: dict[str, int] = {}
    requirements = b""
    for name, pieces in _files(path):
        text = b""
        sizes[name] = 0
        for piece in pieces:
            sizes[name] += len(piece)
            if sum(sizes.values()) > MOST_UNPACKED:
                raise TooLarge(f"Unpacked it is larger than {MOST_UNPACKED // 2**20} MB.", field="file")
            text = text + piece if name == REQUIREMENTS else text
        requirements = text or requirements
    if MAIN not in sizes:
        raise Invalid(f"The archive has no {MAIN} at its top; that is what is run.", field="file")
    try:
        return Archive(len(sizes), sum(sizes.values()), requirements.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Invalid(f"{REQUIREMENTS} is no UTF-8 text.", field="file") from error


def unpack(path: Path, folder: Path) -> None:
    """Write the files of a checked archive below `folder`."""
    written = 0
    for name, pieces in _files(path):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            for piece in pieces:
                written += len(piece)
                if written > MOST_UNPACKED:
                    raise TooLarge(f"Unpacked it is larger than {MOST_UNPACKED // 2**20} MB.", field="file")
                file.write(piece)


def _files(path: Path) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Name and content of each file; folders are left out."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_FILES:
                raise TooLarge(f"The archive holds more than {MOST_FILES:,} files.", field="file")
            seen: set[str] = set()
            for entry in entries:
                _check_entry(entry, seen)
                if not entry.is_dir():
                    yield entry.filename, _pieces(archive, entry)
    except BROKEN as error:
        raise Invalid(f"The file is no zip archive, or a damaged one: {error}"[:300], field="file") from error


def _check_entry(entry: zipfile.ZipInfo, seen: set[str]) -> None:
    name = entry.filename
    parts = PurePosixPath(name).parts
    shown = repr(name[:80])
    if entry.flag_bits & 1:
        raise Invalid(f"{shown} is encrypted; send an archive without a password.", field="file")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise Invalid(f"{shown} is a link or a device; only files and folders are taken.", field="file")
    if (
        name.startswith("/")
        or "\\" in name
        or ":" in name
        or ".." in parts
        or not parts
        or not name.isprintable()
    ):
        raise Invalid(f"{shown} is no path below the archive's top.", field="file")
    if len(name) > LONGEST_PATH or len(parts) > MOST_DEPTH:
        raise Invalid(f"{shown} is a longer or deeper path than is taken.", field="file")
    plain = "/".join(parts)
    if plain in seen:
        raise Invalid(f"{shown} is in the archive twice.", field="file")
    seen.add(plain)


def _pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(entry) as file:
        while piece := file.read(CHUNK):
            yield piece
