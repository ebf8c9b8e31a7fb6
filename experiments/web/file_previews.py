"""Looks inside files: the beginning of text, tables and Markdown as part of a page; images and HTML by themselves.

What is shown by itself carries a policy of its own: a sandbox without an origin, which may load nothing.
"""

import csv
import io
import json
import tempfile
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.http import FileResponse

from experiments.models import Artifact
from mlregistry.artifacts import store
from mlregistry.artifacts.paths import basename
from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily

if TYPE_CHECKING:
    import duckdb

    from mlregistry.ml import duck
else:
    duckdb, duck = lazily("duckdb"), lazily("mlregistry.ml.duck")

TEXT_BYTES = 20_000
TABLE_BYTES = 1_000_000
MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = 50, 60, 120
IMAGES = {
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
    "svg": "image/svg+xml", "bmp": "image/bmp",
}  # fmt: skip
PAGES = {"html": "text/html; charset=utf-8", "htm": "text/html; charset=utf-8"}
TEXTS = (
    "txt",
    "yaml",
    "yml",
    "log",
    "py",
    "toml",
    "ini",
    "cfg",
    "xml",
    "rst",
    "sh",
    "sql",
    "out",
    "err",
    "ipynb",
)
TEXT_NAMES = ("MLmodel", "MLproject", "Dockerfile", "LICENSE", "README")
KINDS = {
    **dict.fromkeys(IMAGES, "image"),
    **dict.fromkeys(PAGES, "page"),
    **dict.fromkeys(TEXTS, "text"),
    **{
        "csv": "table",
        "tsv": "table",
        "json": "table",
        "jsonl": "table",
        "parquet": "table",
        "md": "markdown",
    },
}
SANDBOX = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; media-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
IMAGE_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"


@dataclass(frozen=True)
class Look:
    """`kind`: image, page, text, markdown or table; `is_whole` says that nothing is left out."""

    kind: str
    text: str = ""
    columns: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    is_whole: bool = True


def kind_of(path: str) -> str:
    """'' for what cannot be looked into."""
    name = basename(path)
    return "text" if name in TEXT_NAMES else KINDS.get(_ending(path), "")


def shown(artifact: Artifact) -> FileResponse:
    """The file itself, for an image or a frame; Invalid for any other kind."""
    kind, ending = kind_of(artifact.path), _ending(artifact.path)
    if kind not in ("image", "page"):
        raise Invalid("Only images and HTML are shown by themselves; download the file.")
    response = FileResponse(
        store.open_file(artifact.file),
        content_type=IMAGES.get(ending) or PAGES[ending],
        filename=basename(artifact.path),
    )
    response.headers["Content-Security-Policy"] = SANDBOX if kind == "page" else IMAGE_POLICY
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


def look(artifact: Artifact, *, framed: bool) -> Look:
    """The beginning of the file, HTML as its text unless `framed`; a table that cannot be read as one is text."""
    kind = kind_of(artifact.path)
    if framed and kind in ("image", "page"):
        return Look(kind)
    if _ending(artifact.path) == "parquet":
        return _parquet(artifact)
    with store.open_file(artifact.file) as stream:
        raw = stream.read(TABLE_BYTES if kind == "table" else TEXT_BYTES)
    text, is_whole = raw.decode("utf-8", "replace"), artifact.file.size <= len(raw)
    table = _table(_ending(artifact.path), text, is_whole=is_whole) if kind == "table" else None
    if table is not None:
        return table
    cut = len(text) > TEXT_BYTES
    shown_text = _indented(text) if is_whole and not cut and kind == "table" else text[:TEXT_BYTES]
    return Look("markdown" if kind == "markdown" else "text", text=shown_text, is_whole=is_whole and not cut)


def _ending(path: str) -> str:
    return basename(path).lower().rpartition(".")[2]


def _parquet(artifact: Artifact) -> Look:
    with (
        store.local_path(artifact.file) as path,
        tempfile.TemporaryDirectory() as scratch,
        duck.connect([path.parent, Path(scratch)]) as connection,
    ):
        try:
            cursor = connection.execute(f"SELECT * FROM {duck.scan(path)} LIMIT {MOST_ROWS + 1}")  # noqa: S608  # duck quotes names and paths, the rest is ours
            columns, rows = [one[0] for one in cursor.description or []], cursor.fetchall()
        except duckdb.Error as error:
            raise Invalid("The file cannot be read as Parquet; download it.") from error
    return _cut(columns, rows, is_whole=True)


def _table(ending: str, text: str, *, is_whole: bool) -> Look | None:
    if ending in ("csv", "tsv"):
        reader = csv.reader(io.StringIO(text), delimiter="\t" if ending == "tsv" else ",")
        try:
            rows = list(islice(reader, MOST_ROWS + 2))
        except csv.Error:
            return None
        return _cut(rows[0], rows[1:], is_whole=is_whole) if rows else None
    records = _records(ending, text)
    return _cut(*records, is_whole=is_whole) if records else None


def _records(ending: str, text: str) -> tuple[list[str], list[Any]] | None:
    """Lines or a list of objects, or MLflow's {"columns": …, "data": …}."""
    try:
        if ending == "jsonl":
            found: Any = [json.loads(line) for line in text.splitlines()[: MOST_ROWS + 1] if line.strip()]
        else:
            found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if (
        isinstance(found, dict)
        and isinstance(found.get("columns"), list)
        and isinstance(found.get("data"), list)
    ):
        rows = [row if isinstance(row, list) else [row] for row in found["data"][: MOST_ROWS + 1]]
        return [str(name) for name in found["columns"]], rows
    if isinstance(found, list) and found and all(isinstance(row, dict) for row in found[: MOST_ROWS + 1]):
        names = list(dict.fromkeys(name for row in found[: MOST_ROWS + 1] for name in row))
        return names, [[row.get(name) for name in names] for row in found[: MOST_ROWS + 1]]
    return None


def _indented(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _cut(columns: list[str], rows: list[Any], *, is_whole: bool) -> Look:
    whole = is_whole and len(rows) <= MOST_ROWS and len(columns) <= MOST_COLUMNS
    return Look(
        "table",
        columns=[_cell(name) for name in columns[:MOST_COLUMNS]],
        rows=[[_cell(value) for value in row[:MOST_COLUMNS]] for row in rows[:MOST_ROWS]],
        is_whole=whole,
    )


def _cell(value: Any) -> str:
    text = "–" if value is None else str(value)
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"
