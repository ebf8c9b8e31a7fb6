"""Artifacts that lie in folders of this machine: where, and which. Called by the sources tables and file_store."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from .source import Elsewhere, SourceFile


def folder_of(uri: str, *, artifacts_root: Path | None, beside: Path | None = None) -> Path:
    """The folder that an artifact URI means; `beside` is tried when the store was moved. Raises Elsewhere."""
    parts = urlsplit(uri)
    if not parts.path.strip("/"):
        raise Elsewhere("have no place at the source")
    if parts.scheme == "mlflow-artifacts":
        if artifacts_root is not None:
            return artifacts_root / unquote(parts.path).strip("/")
        if beside is not None and beside.is_dir() and any(beside.iterdir()):
            return beside
        raise Elsewhere("lie at the MLflow server: name its folder with --artifacts-root")
    if parts.scheme not in ("", "file"):
        raise Elsewhere(f"stay at {parts.scheme}://{parts.netloc}")
    folder = Path(unquote(parts.path) if parts.scheme else uri)
    return beside if beside is not None and not folder.is_dir() else folder


def files_in(folder: Path) -> Iterator[SourceFile]:
    """Every file below, but none that a link leads out to. A folder that is not there holds nothing."""
    root = os.path.realpath(folder)
    for place, _, names in os.walk(root):
        for name in sorted(names):
            path = os.path.join(place, name)
            if os.path.realpath(path).startswith(root + os.sep) and os.path.isfile(path):
                yield SourceFile(os.path.relpath(path, root), os.path.getsize(path), path)


@contextmanager
def at_hand(file: SourceFile) -> Iterator[Path]:
    """The file itself."""
    yield Path(file.place)
