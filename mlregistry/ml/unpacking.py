"""Compressed files of tables, unpacked under limits: gzip, bzip2, xz, zstd, and zip with one table in it.

Called by tables. Declared sizes are not believed; what unpacks to too much stops while it is unpacked.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import IO, Any

from backports import zstd

from mlregistry.errors import Invalid, TooLarge
from mlregistry.ml.table_info import Limits

CHUNK_BYTES = 1024 * 1024
RATIO_FROM_BYTES = 64 * 1024 * 1024
MOST_RATIO = 250
MEMBERS = 1_000
OPENERS: dict[str, Callable[[Path], Any]] = {
    ".gz": gzip.GzipFile,
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
    ".zst": zstd.ZstdFile,
}
BROKEN = (
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    zstd.ZstdError,
    zipfile.BadZipFile,
    ValueError,
    RuntimeError,
)


def is_packed(filename: str) -> bool:
    suffix = PurePath(filename).suffix.lower()
    return suffix in OPENERS or suffix == ".zip"


def unpack(source: Path, filename: str, target: Path, limits: Limits) -> str:
    """Write the one file inside to `target` and return its name; Invalid when damaged, TooLarge for a bomb."""
    suffix = PurePath(filename).suffix.lower()
    try:
        if suffix == ".zip":
            return _from_zip(source, filename, target, limits)
        with OPENERS[suffix](source) as packed:
            _pour(packed, target, source.stat().st_size, filename, limits)
    except BROKEN as error:
        raise Invalid(
            f"'{filename}' is damaged or not what its name says: {_short(error)}", field="file"
        ) from error
    inner = PurePath(filename).stem
    return inner if PurePath(inner).suffix else f"{inner}.csv"


def _from_zip(source: Path, filename: str, target: Path, limits: Limits) -> str:
    with zipfile.ZipFile(source) as archive:
        members = [member for member in archive.infolist() if _is_table(member)]
        if len(members) != 1:
            found = ", ".join(PurePath(member.filename).name[:60] for member in members[:5]) or "none"
            raise Invalid(
                f"'{filename}' must hold exactly one file; it holds {len(members):,} ({found}).", field="file"
            )
        with archive.open(members[0]) as packed:
            _pour(packed, target, max(1, members[0].compress_size), filename, limits)
    return PurePath(members[0].filename).name


def _is_table(member: zipfile.ZipInfo) -> bool:
    """Not a folder, and none of the files that archivers add by themselves."""
    name = PurePath(member.filename)
    return not (member.is_dir() or name.name.startswith(".") or name.parts[0] == "__MACOSX")


def _pour(packed: IO[bytes], target: Path, packed_bytes: int, filename: str, limits: Limits) -> None:
    n_bytes = 0
    with target.open("wb") as file:
        while chunk := packed.read(CHUNK_BYTES):
            n_bytes += len(chunk)
            if n_bytes > limits.max_bytes:
                raise TooLarge(
                    f"'{filename}' unpacks to more than {limits.max_bytes:,} bytes, the most allowed.",
                    field="file",
                )
            if n_bytes > RATIO_FROM_BYTES and n_bytes > MOST_RATIO * packed_bytes:
                raise TooLarge(
                    f"'{filename}' is packed more than {MOST_RATIO} to 1; that is no ordinary table.",
                    field="file",
                )
            file.write(chunk)


def _short(error: Any) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200] or type(error).__name__
