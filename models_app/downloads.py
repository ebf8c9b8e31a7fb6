"""A form of a version as a download, under a name that tells what it is. Both doors of people call it."""

import re

from django.http import StreamingHttpResponse

from mlregistry.artifacts.reading import Pieces
from mlregistry.errors import NotFound
from mlregistry.ml.intake.formats import FORMATS
from models_app.models import ModelVersion
from models_app.queries.formats import forms_of


def sent(version: ModelVersion, format: str) -> StreamingHttpResponse:
    """Its bytes, hashed on the way: one that was changed in the store breaks off before its end."""
    found = next((form for form in forms_of(version) if form.format == format), None)
    if found is None:
        raise NotFound(f"{version} has no form “{format[:40]}”.", field="format")
    name = re.sub(r"[^\w.-]+", "_", version.model.name, flags=re.ASCII)[:80] or "model"
    response = StreamingHttpResponse(Pieces(found.file), content_type="application/octet-stream")
    shown = f"{name}-v{version.number}{FORMATS[format].suffix}"
    response["Content-Disposition"] = f'attachment; filename="{shown}"'
    response["Content-Length"] = str(found.file.size)
    response["X-Content-Type-Options"] = "nosniff"
    return response
