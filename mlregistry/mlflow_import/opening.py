"""Which kind of source a text names. Called by the command import_mlflow."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from mlregistry.errors import Invalid

from .file_store import FileStore
from .source import Source
from .tables import TableSource
from .tracking_server import TrackingServer


def open_source(text: str, *, artifacts_root: Path | None = None, workspace: str = "") -> Source:
    """A tracking URI, the URL of a backend store, or a folder. Raises Invalid for anything else."""
    scheme = urlsplit(text).scheme.split("+")[0]
    if scheme in ("http", "https"):
        return TrackingServer(text, workspace=workspace)
    if scheme in ("sqlite", "postgresql", "postgres"):
        return TableSource(text, artifacts_root=artifacts_root, workspace=workspace)
    if scheme in ("", "file"):
        return FileStore(text, artifacts_root=artifacts_root)
    raise Invalid(
        f"{scheme}: is no kind of source: name an http(s), sqlite, postgresql or file URI, or a folder."
    )
