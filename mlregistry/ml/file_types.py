"""Which kind of table a file is, by its name and by its content; the two must agree. Used by tables."""

from __future__ import annotations

from pathlib import Path, PurePath

from mlregistry.errors import Invalid, TooLarge
from mlregistry.ml.table_info import Limits

FORMATS = {
    ".csv": "csv", ".txt": "csv", ".tsv": "tsv", ".tab": "tsv",
    ".xlsx": "xlsx", ".xlsm": "xlsx", ".xls": "xls",
    ".parquet": "parquet", ".pq": "parquet",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json",
    ".sqlite": "sqlite", ".sqlite3": "sqlite", ".db": "sqlite",
}  # fmt: skip
TITLES = {
    "csv": "CSV",
    "tsv": "TSV",
    "xlsx": "Excel (.xlsx)",
    "xls": "Excel 97 (.xls)",
    "parquet": "Parquet",
    "jsonl": "JSON lines",
    "json": "JSON",
    "sqlite": "SQLite",
}
CONTENT = {
    "csv": "text", "tsv": "text", "jsonl": "text", "json": "text", "xlsx": "zip", "xls": "ole", "parquet": "parquet",
    "sqlite": "sqlite",
}  # fmt: skip
MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "zip", "a zip archive or Excel workbook"),
    (b"PK\x05\x06", "zip", "an empty zip archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole", "an old Office document (.xls or .doc)"),
    (b"PAR1", "parquet", "a Parquet file"),
    (b"SQLite format 3\x00", "sqlite", "a SQLite database"),
    (b"\x1f\x8b", "gzip", "a gzip archive"),
    (b"%PDF", "pdf", "a PDF document"),
    (b"\x89PNG", "image", "an image"),
    (b"\xff\xd8\xff", "image", "an image"),
    (b"\x28\xb5\x2f\xfd", "zstd", "a zstd archive"),
    (b"BZh", "bzip2", "a bzip2 archive"),
    (b"\xfd7zXZ", "xz", "an xz archive"),
    (b"\xff\xfe", "text", "text in UTF-16"),
    (b"\xfe\xff", "text", "text in UTF-16"),
)
PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")
MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<svg")


def recognise(source: Path, filename: str, limits: Limits) -> str:
    """The format of the file; Invalid when empty or not what its name says, TooLarge over the limit."""
    size = check_size(source, filename, limits)
    suffix = PurePath(filename).suffix.lower()
    format = FORMATS.get(suffix)
    if suffix in PACKED:
        raise Invalid(f"'{filename}' is packed inside another archive; pack the table once.", field="file")
    if format is None:
        raise Invalid(
            f"'{filename}' ends in none of the known endings: {', '.join((*FORMATS, *PACKED))}.", field="file"
        )
    with source.open("rb") as file:
        head = file.read(4096)
        file.seek(max(0, size - 4))
        tail = file.read(4)
    _check_content(filename, format, head, tail)
    return format


def check_size(source: Path, filename: str, limits: Limits) -> int:
    """The bytes of the file; Invalid when there are none, TooLarge over the limit."""
    size = source.stat().st_size
    if size == 0:
        raise Invalid(f"'{filename}' is empty.", field="file")
    if size > limits.max_bytes:
        raise TooLarge(
            f"'{filename}' has {size:,} bytes; at most {limits.max_bytes:,} are allowed.", field="file"
        )
    return size


def _check_content(filename: str, format: str, head: bytes, tail: bytes) -> None:
    content, title = _content(head)
    if content != CONTENT[format]:
        raise Invalid(
            f"'{filename}' is named as {TITLES[format]}, but its content is {title}."
            " Save it in the format of its name, or correct the ending.",
            field="file",
        )
    if format == "parquet" and tail != b"PAR1":
        raise Invalid(f"'{filename}' is cut off: the end of the Parquet file is missing.", field="file")


def _content(head: bytes) -> tuple[str, str]:
    for magic, content, title in MAGIC:
        if head.startswith(magic):
            return content, title
    if b"\x00" in head and not _may_be_utf16(head):
        return "binary", "binary data"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(MARKUP):
        return "markup", "a web page or XML document"
    return "text", "text"


def _may_be_utf16(head: bytes) -> bool:
    """Every second byte a zero, or nearly so."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    return max(even, odd) > 0.2 * len(head) and min(even, odd) < 0.05 * len(head)
