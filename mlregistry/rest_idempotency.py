"""`@idempotent` on a view's post(): with an Idempotency-Key, a repetition within a day gets the first answer.

The answer is stored in the transaction of the create itself, so neither exists without the other.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar, cast

from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import IdempotencyKey
from mlregistry.errors import Conflict, Invalid

KEPT_FOR = timedelta(hours=24)
LONGEST_KEY = 200
PARSED_TYPES = ("application/json", "multipart/", "application/x-www-form-urlencoded")
REPLAYED = "Idempotency-Replayed"
Method = TypeVar("Method", bound=Callable[..., Response])


def idempotent(hide: Sequence[str] = ()) -> Callable[[Method], Method]:
    """Decorates post(self, request, …); the fields in `hide` (secrets) are stored and repeated as null."""

    def decorate(method: Method) -> Method:
        @wraps(method)
        def answer(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
            key = request.headers.get("Idempotency-Key")
            if key is None:
                return method(view, request, *args, **kwargs)
            check_key(key)
            fingerprint = fingerprint_of(request)
            with transaction.atomic():
                stored = _stored(view.actor, key)
                if stored is not None:
                    return _repeat(stored, fingerprint)
                response = method(view, request, *args, **kwargs)
                _store(view.actor, key, fingerprint, response, hide)
            return response

        return cast(Method, answer)

    return decorate


def check_key(key: str) -> None:
    """Raises Invalid for a key that cannot be kept."""
    if not 0 < len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Invalid(f"Idempotency-Key must be 1 to {LONGEST_KEY} printable ASCII letters.")


def fingerprint_of(request: Request) -> str:
    """SHA-256 of verb, address and body; a raw upload counts by its name, type, and length or digest."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if request.content_type.startswith(
        ("application/json", "multipart/", "application/x-www-form-urlencoded")
    ):
        _add_parsed(digest, request)
    else:
        for name in ("Content-Type", "Content-Length", "Content-Digest", "X-Filename"):
            digest.update(f"{name}: {request.headers.get(name, '')}\n".encode())
    return digest.hexdigest()


def _add_parsed(digest: Any, request: Request) -> None:
    data = request.data
    lists = dict(data.lists()) if hasattr(data, "lists") else data
    if isinstance(lists, dict):
        plain: Any = {key: value for key, value in lists.items() if key not in request.FILES}
    else:
        plain = lists
    digest.update(json.dumps(plain, sort_keys=True, default=str).encode())
    for name, file in sorted(request.FILES.items()):
        digest.update(f"\n{name} {getattr(file, 'name', '')}\n".encode())
        if isinstance(file, UploadedFile):
            for chunk in file.chunks():
                digest.update(chunk)
            file.seek(0)


def _stored(by: Actor, key: str) -> IdempotencyKey | None:
    """The answer given before; the same key waits here until its first request has ended."""
    name = f"{by.team.pk}/{by.user.pk if by.user else 0}/{key}"
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
    IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()
    return IdempotencyKey.objects.filter(team=by.team, user=by.user, key=key).first()


def _repeat(stored: IdempotencyKey, fingerprint: str) -> Response:
    if stored.fingerprint != fingerprint:
        raise Conflict("This Idempotency-Key was used for another request. Use a new key for a new request.")
    return Response(stored.body, status=stored.status, headers={REPLAYED: "true"})


def _store(by: Actor, key: str, fingerprint: str, response: Response, hide: Sequence[str]) -> None:
    if by.user is None or not 200 <= response.status_code < 300:
        return
    body = json.loads(json.dumps(response.data, cls=JSONEncoder))
    if isinstance(body, dict):
        body.update({name: None for name in hide if name in body})
    IdempotencyKey.objects.create(
        team=by.team,
        user=by.user,
        key=key,
        fingerprint=fingerprint,
        status=response.status_code,
        body=body,
    )
