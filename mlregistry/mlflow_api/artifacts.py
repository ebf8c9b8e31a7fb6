"""MLflow's artifact routes: the proxy under mlflow-artifacts/, listings, and downloads of the pages."""

from __future__ import annotations

from typing import Any

from experiments.actions import artifacts as actions
from experiments.models import Lifecycle, model_key
from experiments.queries import artifacts as queries
from experiments.queries import locations
from experiments.queries.artifacts import Entry, Place
from mlregistry.accounts.models import Role
from mlregistry.artifacts.paths import folder, without_dots
from mlregistry.errors import Invalid, NotFound
from models_app import access as registry
from models_app.queries.version_files import location

from . import artifact_streams as streams
from . import ids
from .errors import NotImplementedHere
from .fields import text
from .ids import present
from .route import Answer, Call, Route

PROXY = "2.0/mlflow-artifacts/"
UPLOAD_BYTES = 10 * 1024 * 1024


def download(call: Call) -> Answer:
    where = queries.place(call.by, call.path["path"])
    return streams.sent_file(queries.file(call.by, where), call.environ)


def upload(call: Call) -> Answer:
    where = queries.place(call.by, call.path["path"])
    owner = queries.owner(call.by, where)
    kind = call.environ.get("CONTENT_TYPE", "")
    source = streams.body(call.environ)
    actions.save_artifact(owner, where.path, source, content_type=kind, by=call.by)
    return {}


def delete(call: Call) -> Answer:
    where = queries.place(call.by, call.path["path"])
    actions.delete_path(queries.owner(call.by, where), where.path, by=call.by)
    return {}


def list_proxy(call: Call) -> Answer:
    where = queries.place(call.by, without_dots(call.given["path"]))
    found = queries.listing(call.by, where)
    if not found:
        queries.owner(call.by, where)
    return present(files=[shown(entry, "") for entry in found])


def list_run(call: Call) -> Answer:
    run = queries.run(call.by, ids.run_uuid(call.given["run_id"]))
    root = locations.run_root(run)
    return _listed(call, Place(without_dots(call.given["path"]), run_id=run.pk), root)


def list_logged_model(call: Call) -> Answer:
    key = _model_key(call)
    model = queries.logged_model(call.by, key)
    root = locations.logged_model_root(model)
    return _listed(call, Place(without_dots(call.given["artifact_directory_path"]), model_id=key), root)


def download_of_run(call: Call) -> Answer:
    where = Place(call.given["path"], run_id=ids.run_uuid(call.given["run_id"]))
    return streams.sent_file(queries.file(call.by, where), call.environ)


def download_of_logged_model(call: Call) -> Answer:
    where = Place(call.given["artifact_file_path"], model_id=_model_key(call))
    return streams.sent_file(queries.file(call.by, where), call.environ)


def download_of_version(call: Call) -> Answer:
    folder(call.given["path"])
    number = ids.experiment_number(call.given["version"]) or 0
    version = registry.version(call.by, call.given["name"], min(number, 2**31 - 1))
    root = location(call.by, version)
    where = Place(folder(root.path) + call.given["path"], root.run_id, root.model_id)
    return streams.sent_file(queries.file(call.by, where), call.environ)


def upload_small(call: Call) -> Answer:
    given = streams.query(call.environ)
    for name in ("run_uuid", "path"):
        if not (given.get(name) or (name == "run_uuid" and given.get("run_id"))):
            raise Invalid(f"Request must specify {name}.", field=name)
    run = queries.run(call.by, ids.run_uuid(given.get("run_uuid") or given["run_id"]))
    folder(given["path"])
    source = streams.small_body(call.environ, UPLOAD_BYTES)
    kind = call.environ.get("CONTENT_TYPE", "")
    actions.save_artifact(run, given["path"], source, content_type=kind, by=call.by)
    return {}


def presigned_upload(call: Call) -> Answer:
    raise NotImplementedHere("Presigned upload is not supported for the current artifact repository")


def presigned_download(call: Call) -> Answer:
    raise NotImplementedHere("Presigned download is not supported for the current artifact repository")


def multipart_download(call: Call) -> Answer:
    raise NotImplementedHere("Multipart download is not supported for the current artifact repository")


def shown(entry: Entry, prefix: str) -> dict[str, Any]:
    """An entry as the wire has it: empty files have no size there."""
    told: dict[str, Any] = {"path": prefix + entry.name, "is_dir": entry.is_dir}
    return {**told, "file_size": entry.size} if entry.size else told


def _listed(call: Call, where: Place, root: str) -> Answer:
    prefix = folder(where.path)
    files = [shown(entry, prefix) for entry in queries.listing(call.by, where)]
    return present(root_uri=root, files=files)


def _model_key(call: Call) -> Any:
    """The key of the logged model in the path, when it is there and not deleted."""
    given = call.path["model_id"]
    key = model_key(given)
    if key is None or queries.logged_model(call.by, key).lifecycle != Lifecycle.ACTIVE:
        raise NotFound(f"Logged model with ID '{given[:100]}' not found.", field="model_id")
    return key


MODEL_FILES = "2.0/mlflow/logged-models/{model_id}/artifacts/"
ROUTES = (
    Route("GET", PROXY + "artifacts/{path:path}", download, Role.VIEWER, None),
    Route("PUT", PROXY + "artifacts/{path:path}", upload, Role.EDITOR, None),
    Route("DELETE", PROXY + "artifacts/{path:path}", delete, Role.EDITOR, None),
    Route("GET", PROXY + "artifacts", list_proxy, Role.VIEWER, (text("path"),)),
    Route("GET", PROXY + "presigned/{path:path}", multipart_download, Role.VIEWER, None),
    Route(
        "GET", "2.0/mlflow/artifacts/list", list_run, Role.VIEWER,
        (text("run_id", required=True, other="run_uuid"), text("path"), text("page_token")),
    ),
    Route("POST", "2.0/mlflow/artifacts/presigned-upload-url", presigned_upload, Role.EDITOR, None),
    Route("POST", "2.0/mlflow/artifacts/presigned-download-url", presigned_download, Role.VIEWER, None),
    Route(
        "GET", "get-artifact", download_of_run, Role.VIEWER,
        (text("run_id", required=True, other="run_uuid"), text("path", required=True)),
    ),
    Route(
        "GET", "model-versions/get-artifact", download_of_version, Role.VIEWER,
        (text("name", required=True), text("version", required=True), text("path", required=True)),
    ),
    Route("POST", "2.0/mlflow/upload-artifact", upload_small, Role.EDITOR, None),
    Route(
        "GET", MODEL_FILES + "directories", list_logged_model, Role.VIEWER, (text("artifact_directory_path"),)
    ),
    Route(
        "GET", MODEL_FILES + "files", download_of_logged_model, Role.VIEWER,
        (text("artifact_file_path", required=True),),
    ),
)  # fmt: skip
