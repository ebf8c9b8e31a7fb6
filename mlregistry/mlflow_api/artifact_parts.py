"""Multipart uploads of MLflow's clients: the parts come to this server too, under addresses it has signed."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import DisallowedHost
from django.core.handlers.wsgi import WSGIRequest
from django.core.signing import BadSignature, TimestampSigner

from experiments.actions import artifacts as actions
from experiments.queries import artifacts as queries
from mlregistry.accounts.models import Role
from mlregistry.artifacts import multipart
from mlregistry.artifacts.paths import normalise
from mlregistry.errors import Forbidden, Invalid

from . import artifact_streams as streams
from .fields import integer, objects, text, whole
from .route import Answer, Call, Reply, Route

PLACE = "2.0/mlflow-artifacts/mpu/"
SIGNER = TimestampSigner(salt="mlflow multipart upload")


def create(call: Call) -> Answer:
    owner, where = _target(call)
    actions.require_writable(owner, by=call.by)
    upload_id = multipart.begin(_named(call, where))
    credentials = [
        {"url": _address(call, upload_id, number), "part_number": number}
        for number in range(1, call.given["num_parts"] + 1)
    ]
    return {"upload_id": upload_id, "credentials": credentials}


def put(call: Call) -> Answer:
    try:
        signed = SIGNER.unsign(call.path["signed"], max_age=multipart.GRACE)
    except BadSignature:
        raise Forbidden("This address for a part of an upload is wrong or has expired.") from None
    upload_id, _, number = signed.partition(":")
    etag = multipart.put(upload_id, int(number), streams.body(call.environ))
    return Reply(200, {"ETag": f'"{etag}"', "Content-Type": "application/json"}, (b"{}",))


def complete(call: Call) -> Answer:
    owner, where = _target(call)
    upload_id = call.given["upload_id"]
    parts = multipart.parts(upload_id, _named(call, where), map(_part, call.given["parts"]))
    if parts is not None:
        try:
            actions.save_artifact(owner, where, parts, by=call.by)
        finally:
            parts.close()
        multipart.finish(upload_id)
    return {}


def abort(call: Call) -> Answer:
    _, where = _target(call)
    multipart.abort(call.given["upload_id"], _named(call, where))
    return {}


def _target(call: Call) -> tuple[actions.Owner, str]:
    """The folder in the address and, below it, the name of the client's file, as the owner and its path."""
    place = queries.place(call.by, f"{call.path['folder']}/{_basename(call.given['path'])}")
    return queries.owner(call.by, place), normalise(place.path)


def _basename(path: str) -> str:
    """Clients name their own file, on any system."""
    return path.replace("\\", "/").rpartition("/")[2]


def _named(call: Call, path: str) -> str:
    """For whom and where: compared when the upload ends."""
    return f"{call.by.team.pk} {call.path['folder']} {path}"


def _part(given: dict[str, Any]) -> tuple[int, str]:
    number, etag = whole(given.get("part_number"), "parts.part_number"), given.get("etag")
    if not isinstance(etag, str):
        raise Invalid("Each part needs its 'etag'.", field="parts")
    return number, etag.strip('"')


def _address(call: Call, upload_id: str, number: int) -> str:
    place = f"{call.environ.get('SCRIPT_NAME', '')}/api/{PLACE}part/{SIGNER.sign(f'{upload_id}:{number}')}"
    try:
        return str(WSGIRequest(call.environ).build_absolute_uri(place))
    except DisallowedHost:
        raise Invalid("This server does not answer under the host that the request names.") from None


FILE = text("path", required=True)
UPLOAD = text("upload_id", required=True)
ROUTES = (
    Route(
        "POST", PLACE + "create/{folder:path}", create, Role.EDITOR,
        (FILE, integer("num_parts", default=1, least=1, most=multipart.MOST_PARTS)),
    ),
    Route(
        "POST", PLACE + "complete/{folder:path}", complete, Role.EDITOR,
        (FILE, UPLOAD, objects("parts", required=True)),
    ),
    Route("POST", PLACE + "abort/{folder:path}", abort, Role.EDITOR, (FILE, UPLOAD)),
    Route("PUT", PLACE + "part/{signed}", put, None, None),
)  # fmt: skip
