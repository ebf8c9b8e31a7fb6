"""A tracking server, MLflow's or another of ours, asked over REST as its client would.

Bearer or Basic comes from MLFLOW_TRACKING_TOKEN or MLFLOW_TRACKING_USERNAME and _PASSWORD, as for the client.
"""

from __future__ import annotations

import base64
import os
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlencode, urlsplit

import msgspec
from django.conf import settings

from experiments.actions.importing import ExperimentRecord, LoggedModelRecord, RunRecord
from experiments.actions.inputs import DatasetInput
from experiments.actions.measurements import Metric
from mlregistry import outgoing
from mlregistry.errors import Invalid, NotFound, Unavailable
from models_app.actions.importing import ModelRecord

from .source import (
    HERE,
    Elsewhere,
    Owner,
    SourceFile,
    dataset,
    experiment_record,
    model_id,
    named,
    pairs,
    plain,
    run_id,
    when,
    when_or,
)
from .tables import VERSION, version_record

API = "/api/2.0/mlflow/"
TRIES, PAUSE_SECONDS = 5, 0.5
MOST_JSON, MOST_FILE = 1 << 30, 1 << 44
ANSWER_SECONDS, FILE_SECONDS = 300.0, 86_400.0
EVERYWHERE = ("0.0.0.0/0", "::/0")
RUNS_AT_ONCE, POINTS_AT_ONCE = 200, 25_000
PROMPT_TAG = "mlflow.prompt.is_prompt"
PROMPTS = f"tag.`{PROMPT_TAG}` = 'true'"
AGAIN = frozenset({408, 429, 500, 502, 503, 504})
TIMES = {"creation_time": "creation_timestamp", "last_updated_time": "last_updated_timestamp"}
Json = dict[str, Any]


class TrackingServer:
    """The source behind a tracking URI."""

    def __init__(self, uri: str, *, workspace: str = "") -> None:
        self._base = uri.rstrip("/")
        parts = urlsplit(uri)
        self.title = f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"
        self.notes = [
            "a server does not tell of deleted logged models, and MLflow's not of the models that runs read"
        ]
        self._headers = {**_login(), **({"X-MLFLOW-WORKSPACE": workspace} if workspace else {})}

    def experiments(self) -> Iterator[ExperimentRecord]:
        asked = {"view_type": "ALL", "max_results": 1000}
        for found in self._pages("experiments/search", "experiments", asked):
            yield experiment_record(
                found["experiment_id"], found["name"], _texts(found.get("tags")),
                found.get("artifact_location"), found.get("lifecycle_stage"),
                found.get("creation_time"), found.get("last_update_time"),
            )  # fmt: skip

    def n_runs(self, experiment: ExperimentRecord) -> int | None:
        return None

    def runs(self, experiment: ExperimentRecord) -> Iterator[RunRecord]:
        asked = {"experiment_ids": [experiment.key], "run_view_type": "ALL", "max_results": RUNS_AT_ONCE}
        for found in self._pages("runs/search", "runs", asked):
            info, data = found["info"], found.get("data", {})
            name = str(info.get("run_id") or info.get("run_uuid"))
            key = run_id(name)
            if key is None:
                self.notes.append(f"the run {name} has an id that is none here")
                continue
            inputs, outputs = found.get("inputs", {}), found.get("outputs", {})
            yield RunRecord(
                id=key,
                started_at=when_or(info.get("start_time")),
                status=info["status"],
                deleted=info.get("lifecycle_stage") == "deleted",
                user_name=plain(info.get("user_id")),
                ended_at=when(info.get("end_time")),
                params=_texts(data.get("params")),
                tags=named(_texts(data.get("tags")), info.get("run_name")),
                metric_keys=list(dict.fromkeys(metric["key"] for metric in data.get("metrics", ()))),
                datasets=[_dataset(each) for each in inputs.get("dataset_inputs", ())],
                inputs=[(each["model_id"], 0) for each in inputs.get("model_inputs", ())],
                outputs=[
                    (each["model_id"], int(each.get("step", 0))) for each in outputs.get("model_outputs", ())
                ],
                artifact_uri=plain(info.get("artifact_uri")),
            )

    def points(self, run: RunRecord) -> Iterator[Metric]:
        for key in run.metric_keys:
            asked = {"run_id": run.id.hex, "metric_key": key, "max_results": POINTS_AT_ONCE}
            for point in self._pages("metrics/get-history", "metrics", asked, get=True):
                yield Metric(key, float(point["value"]), int(point.get("step", 0)), int(point["timestamp"]))

    def logged_models(self, experiment: ExperimentRecord) -> Iterator[LoggedModelRecord]:
        asked = {"experiment_ids": [experiment.key], "max_results": 50}
        try:
            for found in self._pages("logged-models/search", "models", asked):
                yield self._logged_model(found["info"], found.get("data", {}))
        except NotFound:
            return  # MLflow 2 has none

    def registered_models(self) -> Iterator[ModelRecord]:
        for found in self._every_model():
            versions = list(self._versions(found))
            yield ModelRecord(
                name=plain(found["name"]),
                created_at=when_or(found.get("creation_timestamp")),
                updated_at=when_or(found.get("last_updated_timestamp"), found.get("creation_timestamp")),
                description=plain(found.get("description")),
                tags=_texts(found.get("tags")),
                last_number=max([int(version["version"]) for version in versions], default=0),
                aliases={alias["alias"]: int(alias["version"]) for alias in found.get("aliases", ())},
                versions=[version_record(self._fields(v), _texts(v.get("tags"))) for v in versions],
            )

    def files(self, owner: Owner) -> Iterator[SourceFile]:
        if (scheme := urlsplit(owner.artifact_uri).scheme) not in HERE:
            raise Elsewhere(f"stay at {scheme}://{urlsplit(owner.artifact_uri).netloc}")
        folders = [""]
        while folders:
            for found in self._listed(owner, folders.pop()):
                if found.get("is_dir"):
                    folders.append(found["path"])
                else:
                    yield SourceFile(
                        found["path"], int(found.get("file_size") or 0), _address(owner, found["path"])
                    )

    @contextmanager
    def fetch(self, file: SourceFile) -> Iterator[Path]:
        with tempfile.NamedTemporaryFile(prefix="import-", dir=settings.FILE_UPLOAD_TEMP_DIR) as stream:
            self._ask("GET", file.place, into=stream)
            stream.flush()
            yield Path(stream.name)

    def close(self) -> None:
        pass

    def _logged_model(self, info: Mapping[str, Any], data: Mapping[str, Any]) -> LoggedModelRecord:
        created = info.get("creation_timestamp_ms")
        return LoggedModelRecord(
            id=model_id(info["model_id"]) or uuid.UUID(int=0),
            name=plain(info["name"]),
            created_at=when_or(created),
            updated_at=when_or(info.get("last_updated_timestamp_ms"), created),
            status=str(info.get("status", "LOGGED_MODEL_PENDING")).removeprefix("LOGGED_MODEL_"),
            status_message=plain(info.get("status_message")),
            model_type=plain(info.get("model_type")),
            source_run=run_id(info.get("source_run_id")),
            params=_texts(data.get("params")),
            tags=_texts(info.get("tags")),
            metrics=_model_metrics(info["model_id"], data.get("metrics", ())),
            artifact_uri=plain(info.get("artifact_uri")),
        )

    def _every_model(self) -> Iterator[Json]:
        """Servers tell prompts only to those who ask for them."""
        seen: set[str] = set()
        for asked in ({"max_results": 100}, {"max_results": 100, "filter": PROMPTS}):
            for found in self._pages("registered-models/search", "registered_models", asked, get=True):
                if found["name"] not in seen:
                    seen.add(found["name"])
                    yield found

    def _versions(self, model: Json) -> Iterator[Json]:
        name = model["name"]
        sign = '"' if "'" in name else "'"
        filter = f"name = {sign}{name}{sign}"
        if any(tag["key"] == PROMPT_TAG for tag in model.get("tags", ())):
            filter += f" AND {PROMPTS}"
        asked = {"filter": filter, "max_results": 1000}
        yield from self._pages("model-versions/search", "model_versions", asked, get=True)

    def _fields(self, version: Json) -> Json:
        """By the names that the tables have for them, with the place that only a question of its own tells."""
        asked = urlencode({"name": version["name"], "version": version["version"]})
        place = self._json("GET", f"{API}model-versions/get-download-uri?{asked}").get("artifact_uri")
        fields = {name: version.get(TIMES.get(name, name)) for name in VERSION.split()}
        return {**fields, "storage_location": place, "model_id": version.get("model_id")}

    def _listed(self, owner: Owner, folder: str) -> Iterator[Json]:
        if isinstance(owner, RunRecord):
            yield from self._pages(
                "artifacts/list", "files", {"run_id": owner.id.hex, "path": folder}, get=True
            )
        else:
            place = f"logged-models/m-{owner.id.hex}/artifacts/directories"
            yield from self._pages(place, "files", {"artifact_directory_path": folder}, get=True)

    def _pages(self, path: str, noun: str, asked: Json, *, get: bool = False) -> Iterator[Json]:
        token = ""
        while True:
            every = {key: value for key, value in {**asked, "page_token": token}.items() if value != ""}
            if get:
                answer = self._json("GET", f"{API}{path}?{urlencode(every)}")
            else:
                answer = self._json("POST", f"{API}{path}", every)
            yield from answer.get(noun, ())
            token, former = answer.get("next_page_token", ""), token
            if not token or token == former:
                return

    def _json(self, method: str, path: str, body: Json | None = None) -> Json:
        raw = self._ask(method, path, body=body)
        try:
            found = msgspec.json.decode(raw)
        except msgspec.DecodeError as error:
            raise Invalid(
                f"{self.title} answers {path.split('?')[0]} with something else than JSON."
            ) from error
        return found if isinstance(found, dict) else {}

    def _ask(self, method: str, path: str, *, body: Json | None = None, into: Any = None) -> bytes:
        """Every question may be asked again: none of them changes anything."""
        for attempt in range(TRIES):
            try:
                answer = self._send(method, path, body, into)
            except Unavailable:
                if attempt == TRIES - 1:
                    raise
            else:
                if answer.status not in AGAIN or attempt == TRIES - 1:
                    return _checked(answer, path)
            time.sleep(PAUSE_SECONDS * 2**attempt)
        raise AssertionError("the last attempt returns or raises")

    def _send(self, method: str, path: str, body: Json | None, into: BinaryIO | None) -> outgoing.Answer:
        if into is not None:
            into.seek(0)
            into.truncate()
        return outgoing.request(
            method,
            self._base + path,
            headers={"Content-Type": "application/json", **self._headers},
            body=None if body is None else msgspec.json.encode(body),
            timeout_seconds=ANSWER_SECONDS if into is None else FILE_SECONDS,
            max_bytes=MOST_JSON if into is None else MOST_FILE,
            allow_http=True,
            redirects=0,
            into=into,
            networks=EVERYWHERE,  # the operator named the server on the command line
        )


def _login() -> dict[str, str]:
    token, user = os.environ.get("MLFLOW_TRACKING_TOKEN"), os.environ.get("MLFLOW_TRACKING_USERNAME")
    if token:
        return {"Authorization": f"Bearer {token}"}
    if not user:
        return {}
    pair = f"{user}:{os.environ.get('MLFLOW_TRACKING_PASSWORD', '')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _checked(answer: outgoing.Answer, path: str) -> bytes:
    if answer.status < 300:
        return answer.body
    said = answer.body[:300].decode("utf-8", "replace").strip()
    message = f"The server answered {path.split('?')[0]} with status {answer.status}: {said}"
    raise NotFound(message) if answer.status == 404 else Invalid(message)


def _address(owner: Owner, path: str) -> str:
    if isinstance(owner, RunRecord):
        return f"/get-artifact?{urlencode({'run_id': owner.id.hex, 'path': path})}"
    place = f"/ajax-api/2.0/mlflow/logged-models/m-{owner.id.hex}/artifacts/files"
    return f"{place}?{urlencode({'artifact_file_path': path})}"


def _texts(found: Sequence[Mapping[str, Any]] | None) -> dict[str, str]:
    return pairs({pair["key"]: pair.get("value", "") for pair in found or ()})


def _dataset(found: Mapping[str, Any]) -> DatasetInput:
    names = ("name", "digest", "source_type", "source", "schema", "profile")
    fields = found.get("dataset", {})
    return dataset((fields.get(name) for name in names), _texts(found.get("tags")))


def _model_metrics(model: str, given: Sequence[Mapping[str, Any]]) -> dict[uuid.UUID, list[Metric]]:
    found: dict[uuid.UUID, list[Metric]] = defaultdict(list)
    for each in given:
        if run := run_id(each.get("run_id")):
            value, step, at = float(each["value"]), int(each.get("step", 0)), int(each["timestamp"])
            where, digest = plain(each.get("dataset_name")), plain(each.get("dataset_digest"))
            found[run].append(Metric(each["key"], value, step, at, model, where, digest))
    return found
