"""Files that come with requests of the native API, as streams, and texts of ours to take away. Called by its doors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpResponse
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request

from mlregistry.artifacts import bodies
from mlregistry.artifacts.store import Readable
from mlregistry.errors import Invalid, LengthRequired
from mlregistry.rest_json import StrictJSONParser


class RawBody(BaseParser):
    """Any other body, as the stream it is."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return stream


UPLOAD_PARSERS = [MultiPartParser, StrictJSONParser, RawBody]


@contextmanager
def upload(request: Request) -> Iterator[tuple[Readable, str, str]]:
    """Stream, file name and content type of a multipart `file` or of a raw body with X-Filename."""
    if request.content_type.startswith("multipart/"):
        file = request.FILES.get("file")
        if file is None and bodies.is_chunked(request.META):
            raise LengthRequired("Send the form with its Content-Length.", field="Content-Length")
        if file is None:
            raise Invalid("Send the file in the form field 'file'.", field="file")
        yield file, str(file.name), str(file.content_type or "")
        return
    if request.content_type.startswith("application/json") and not request.headers.get("X-Filename"):
        raise Invalid("Send a multipart form with 'file', or the raw bytes with X-Filename.", field="file")
    yield bodies.body(request.META), request.headers.get("X-Filename", ""), request.content_type


def downloaded(text: str, name: str, content_type: str) -> HttpResponse:
    """A text of ours to take away."""
    response = HttpResponse(text.encode(), content_type=f"{content_type}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
