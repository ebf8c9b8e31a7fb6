"""Files on pages: lists with a look inside, and downloads. The pages of runs and logged models use it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from experiments.models import Artifact
from experiments.web import file_previews
from mlregistry.artifacts import store
from mlregistry.artifacts.paths import basename
from mlregistry.errors import Invalid

MOST_LISTED = 1000


@dataclass(frozen=True, slots=True)
class Listed:
    """A file with its addresses; `preview` is empty for what cannot be looked into."""

    artifact: Artifact
    address: str
    preview: str


def listed(artifacts: Iterable[Artifact], route: str, owner: object, *, framed: bool = False) -> list[Listed]:
    """The files with where they are downloaded (`route`) and looked into (`route`-preview); `framed`: images, too."""
    found = []
    for artifact in artifacts:
        address = reverse(route, args=[owner, artifact.pk])
        preview = (
            reverse(f"{route}-preview", args=[owner, artifact.pk])
            if file_previews.kind_of(artifact.path)
            else ""
        )
        found.append(Listed(artifact, address, preview))
    return found


def download(artifact: Artifact) -> FileResponse:
    """Always a download: a page of the user's never runs among ours."""
    return FileResponse(store.open_file(artifact.file), as_attachment=True, filename=basename(artifact.path),
                        content_type="application/octet-stream")  # fmt: skip


def preview(request: HttpRequest, artifact: Artifact, *, shown: str = "") -> HttpResponse:
    """The beginning of text or a table; an image or HTML in a frame, from its address `shown`."""
    kind = file_previews.kind_of(artifact.path)
    if not kind or (kind == "image" and not shown):
        raise Invalid("This kind of file cannot be looked into here; download the file.")
    look = file_previews.look(artifact, framed=bool(shown))
    return render(
        request, "experiments/file_preview.html", {"look": look, "shown": shown, "path": artifact.path}
    )
