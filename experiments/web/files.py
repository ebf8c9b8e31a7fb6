"""Files on pages: lists with a look inside what is text, and downloads. The pages of runs and logged models use it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from experiments.models import Artifact
from mlregistry.artifacts import store
from mlregistry.artifacts.paths import basename
from mlregistry.errors import Invalid

MOST_LISTED = 1000
PREVIEW_BYTES = 20_000
TEXT_ENDINGS = (".txt", ".md", ".json", ".yaml", ".yml", ".csv", ".tsv", ".log", ".py", ".toml", ".ini", ".cfg", ".xml",
                ".html", ".rst", ".sh", ".sql", ".jsonl")  # fmt: skip
TEXT_NAMES = ("MLmodel", "MLproject", "Dockerfile", "LICENSE", "README")


@dataclass(frozen=True, slots=True)
class Listed:
    """A file with its addresses; `preview` is empty for what is no text."""

    artifact: Artifact
    address: str
    preview: str


def listed(artifacts: Iterable[Artifact], route: str, owner: object) -> list[Listed]:
    """The files with where they are downloaded (`route`) and looked into (`route`-preview)."""
    found = []
    for artifact in artifacts:
        address = reverse(route, args=[owner, artifact.pk])
        preview = reverse(f"{route}-preview", args=[owner, artifact.pk]) if _is_text(artifact.path) else ""
        found.append(Listed(artifact, address, preview))
    return found


def download(artifact: Artifact) -> FileResponse:
    """Always a download: a page of the user's never runs among ours."""
    return FileResponse(store.open_file(artifact.file), as_attachment=True, filename=basename(artifact.path),
                        content_type="application/octet-stream")  # fmt: skip


def preview(request: HttpRequest, artifact: Artifact) -> HttpResponse:
    """The beginning of a text file, as text."""
    if not _is_text(artifact.path):
        raise Invalid("Only text can be looked into here; download the file.")
    with store.open_file(artifact.file) as stream:
        raw = stream.read(PREVIEW_BYTES)
    context = {"text": raw.decode("utf-8", "replace"), "is_whole": artifact.file.size <= PREVIEW_BYTES}
    return render(request, "experiments/file_preview.html", context)


def _is_text(path: str) -> bool:
    name = basename(path)
    return name in TEXT_NAMES or name.lower().endswith(TEXT_ENDINGS)
