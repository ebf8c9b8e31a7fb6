"""Errors of the prediction path as RFC 9457 problem+json. `predict` calls it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec

from mlregistry.errors import MlregistryError

MEDIA_TYPE = "application/problem+json"


def problem(error: MlregistryError, *, request_id: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body that tell a client what to change."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "detail": clean(error.message),
        "code": error.code,
    }
    if error.field is not None:
        body["field"] = clean(error.field)
    if error.details:
        body["details"] = [clean(detail) for detail in error.details]
    body["request_id"] = request_id
    return (
        error.status,
        {"Content-Type": MEDIA_TYPE, **EXTRA_HEADERS.get(error.status, {})},
        msgspec.json.encode(body),
    )


def clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


EXTRA_HEADERS = {401: {"WWW-Authenticate": 'Bearer realm="mlregistry"'}, 503: {"Retry-After": "1"}}
