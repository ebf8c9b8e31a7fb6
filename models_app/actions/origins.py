"""Where a version that a client registers may come from: its source, checked, with run and logged model.

A source must not lead out of what the run or logged model owns: clients and pages fetch files from it.
"""

import posixpath
import re
import uuid
from dataclasses import dataclass, replace
from typing import NoReturn
from urllib.parse import SplitResult, unquote, unquote_plus, urlsplit

from experiments.models import Lifecycle, LoggedModel, Run
from experiments.queries.locations import logged_model_root, run_root
from mlregistry.accounts.actor import Actor
from mlregistry.errors import Invalid, NotFound
from models_app import access
from models_app.models import ModelVersion
from models_app.prompts import is_prompt

# These name a host, to which whoever opens the version would connect.
HOST_SCHEMES = frozenset({"ftp", "sftp", "hdfs", "viewfs", "http", "https", "r2", "b2", "abfss"})
PROXY = "mlflow-artifacts"
MODEL_ID = re.compile(r"m-[0-9a-f]{32}")
NAMED = re.compile(r"(?P<name>[^/@:]+)(?:/(?P<version>[^/@:]+)|@(?P<alias>[^/@:]+))")


@dataclass(frozen=True)
class Origin:
    """`source` as the client names it, `storage` where the files are read from; the rest is lineage."""

    source: str
    storage: str
    run_key: str = ""
    run: Run | None = None
    logged_model: LoggedModel | None = None


def trace(source: str, *, run_key: str | None = None, model_id: str | None = None, by: Actor) -> Origin:
    """The origin that a source stands for. None means that the client said nothing of a run or model.

    Raises Invalid for a source that neither of them owns, NotFound for a version or logged model not there.
    """
    parts = _split(source)
    _check_host(parts, source)
    if parts.scheme == "models" and not _names_logged_model(parts):
        return _of_version(parts, source, run_key, model_id, by)
    logged = _logged_model(model_id, by) if model_id else None
    run = _run(run_key or "", by)
    if model_id:
        _check(parts, source, model_id=model_id, root=logged_model_root(logged) if logged else "")
        if logged is None:
            raise NotFound(f"Logged model with ID '{model_id[:100]}' not found.", field="model_id")
    else:
        _check(parts, source, run_key=run_key or "", root=run_root(run) if run else "")
    return _with_lineage(source, run_key or "", run, logged, by)


def _with_lineage(
    source: str, run_key: str, run: Run | None, logged: LoggedModel | None, by: Actor
) -> Origin:
    origin = Origin(source, source, run_key, run, logged)
    if logged is None:
        return origin
    if not run_key and logged.source_run_id:
        key = logged.source_run_id.hex
        origin = replace(origin, run_key=key, run=_run(key, by))
    return replace(origin, storage=logged_model_root(logged)) if source.startswith("models:") else origin


def _of_version(
    parts: SplitResult, source: str, run_key: str | None, model_id: str | None, by: Actor
) -> Origin:
    """A copy of a version that is registered here: it leads to the same files, and has the same lineage."""
    version = _version(parts, source, by)
    if is_prompt(version.model.tags) or is_prompt(version.tags):
        raise _wrong(source, "Prompt versions cannot be used as model version sources.")
    logged = version.logged_model
    known = f"m-{logged.pk.hex}" if logged else ""
    if run_key not in (None, version.run_key) or model_id not in (None, known):
        raise _wrong(source, "The run_id and model_id parameters must match the referenced model version.")
    return Origin(
        source=f"models:/{version.model.name}/{version.number}",
        storage=version.storage_location or version.source,
        run_key=version.run_key,
        run=version.run,
        logged_model=logged,
    )


def _version(parts: SplitResult, source: str, by: Actor) -> ModelVersion:
    found = NAMED.fullmatch(unquote(parts.path.lstrip("/")))
    if parts.netloc or found is None:
        _refuse(source, "model_id")
    if found["alias"]:
        try:
            return access.version_by_alias(by, found["name"], found["alias"])
        except NotFound as error:
            raise Invalid(
                f"Registered model alias {found['alias'][:255]} not found.", field="source"
            ) from error
    return access.version_by_word(by, found["name"], found["version"])


def _check(parts: SplitResult, source: str, *, root: str, run_key: str = "", model_id: str = "") -> None:
    """The source is what the run or model owns, or lies at a store that nobody here owns."""
    owner = "model_id" if model_id else "run_id"
    if parts.scheme in ("", "file"):
        if not root or ":" in root or not _within(source.removeprefix("file://"), root):
            raise _wrong(
                source,
                f"To use a local path as a model version source, the {owner} request parameter has to be"
                f" specified and the local path has to be contained within its artifact directory.",
            )
        return
    _check_path(source)
    if parts.scheme in ("runs", "models"):
        owned = run_key if parts.scheme == "runs" else model_id
        if parts.netloc or not owned or parts.path.lstrip("/").split("/")[0] != owned:
            _refuse(source, owner)
        if parts.scheme == "runs" and model_id:
            _refuse(source, owner)
    if parts.scheme == PROXY and not (root and _within(source, root)):
        _refuse(source, owner)


def _check_path(source: str) -> None:
    plain = source
    while (once := unquote_plus(plain)) != plain:
        plain = once
    path = re.sub(r"/+", "/", _split(plain).path.rstrip("/"))
    if "\x00" in plain or ".." in plain.split("/") or posixpath.normpath(path or ".") != path:
        raise _wrong(
            source,
            "If supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts uri,"
            " it must have an absolute path without relative references.",
        )


def _check_host(parts: SplitResult, source: str) -> None:
    if parts.scheme in HOST_SCHEMES or (parts.scheme == PROXY and parts.netloc):
        raise Invalid(
            f"'source' cannot use the '{parts.scheme}' scheme: it names a host, and this server sends nobody"
            " to hosts that a client names.",
            field="source",
        )


def _within(source: str, root: str) -> bool:
    mine, theirs = (_pieces(uri) for uri in (source, root))
    return bool(theirs[1]) and mine[0] == theirs[0] and mine[1][: len(theirs[1])] == theirs[1]


def _pieces(uri: str) -> tuple[tuple[str, str], list[str]]:
    parts = _split(uri)
    path = parts.path
    while (once := unquote(path)) != path:
        path = once
    normal = posixpath.normpath(path)
    return (parts.scheme, parts.netloc.lower()), [piece for piece in normal.split("/") if piece]


def _names_logged_model(parts: SplitResult) -> bool:
    first, *rest = parts.path.lstrip("/").split("/")
    return first.startswith("m-") and not rest and "@" not in first


def _logged_model(model_id: str, by: Actor) -> LoggedModel | None:
    if not MODEL_ID.fullmatch(model_id):
        return None
    rows = LoggedModel.objects.select_related("experiment").filter(experiment__team=by.team)
    return rows.filter(pk=uuid.UUID(model_id[2:]), lifecycle=Lifecycle.ACTIVE).first()


def _run(key: str, by: Actor) -> Run | None:
    """The run of the team, None where the key names one on another server."""
    if not re.fullmatch(r"[0-9a-f]{32}", key):
        return None
    rows = Run.objects.select_related("experiment").filter(experiment__team=by.team)
    return rows.filter(pk=uuid.UUID(key)).first()


def _split(source: str) -> SplitResult:
    try:
        return urlsplit(source)
    except ValueError as error:
        raise _wrong(source, "It is no URI.") from error


def _refuse(source: str, owner: str) -> NoReturn:
    raise _wrong(
        source, f"The {owner} request parameter must identify the resource that contains the source."
    )


def _wrong(source: str, why: str) -> Invalid:
    return Invalid(f"Invalid model version source: '{source[:500]}'. {why}", field="source")
