"""Models in memory, by version: checked, loaded and warmed before a snapshot offers them. `live` calls it."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlregistry.errors import Unavailable
from mlregistry.ml import packaging
from mlregistry.ml.signature import Signature
from serving.hotpath.snapshot import ModelHandle

SAFE_FORMATS = frozenset({"skops"})


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model version ready to answer through its native pipeline."""

    handle: ModelHandle
    signature: Signature
    pipeline: Any

    @property
    def inputs(self) -> tuple[Any, ...]:
        return self.signature.inputs

    @property
    def example(self) -> list[dict[str, Any]]:
        return [dict(row) for row in self.handle.example]

    def score(self, rows: list[dict[str, Any]], **wish: Any) -> dict[str, Any]:
        """Predictions, and a classifier's probabilities, per row. Invalid names the column and row.

        `wish` is what the request asks of a recommendation; other models refuse it.
        """
        frame = self.signature.frame(rows, strict=True)
        return packaging.predict(self.pipeline, self.signature, frame, wish)


def load_model(handle: ModelHandle) -> LoadedModel:
    """Loads a version after its SHA-256 was checked, and answers its example once.

    Raises Unavailable when the version may not, or cannot, be loaded here.
    """
    file = packaging.ModelFile.from_json(dict(handle.file))
    if file.format not in SAFE_FORMATS and not handle.trusted:
        raise Unavailable(f"{_title(handle)} is a pickle that no owner has approved; it is not loaded here.")
    try:
        pipeline = packaging.load(Path(handle.folder), file)
        model = LoadedModel(handle, Signature.from_json(dict(handle.signature)), pipeline)
        if model.example:
            model.score(model.example)
    except Exception as error:
        # Whatever the file or the estimator raises: the version is not offered, the others are.
        raise Unavailable(f"{_title(handle)} cannot be loaded: {error}") from error
    return model


def _title(handle: ModelHandle) -> str:
    return f"Version {handle.version} of “{handle.name}”"


Loaded = tuple[dict[int, LoadedModel], dict[int, Unavailable]]


class ModelCache:
    """Loaded models by version id. Several threads that want one version load it once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._models: dict[int, Future[LoadedModel]] = {}

    def get(self, handle: ModelHandle) -> LoadedModel:
        """The loaded version, loading it when needed. A failed load can be tried again."""
        with self._lock:
            future = self._models.get(handle.version_id)
            mine = future is None
            if future is None:
                future = self._models[handle.version_id] = Future()
        if mine:
            self._load(handle, future)
        return future.result()

    def _load(self, handle: ModelHandle, future: Future[LoadedModel]) -> None:
        try:
            future.set_result(load_model(handle))
        except BaseException as error:
            with self._lock:
                self._models.pop(handle.version_id, None)
            future.set_exception(error)

    def load_all(
        self, handles: Iterable[ModelHandle]
    ) -> tuple[dict[int, LoadedModel], dict[int, Unavailable]]:
        """Every version that loads, and for the others why not."""
        models: dict[int, LoadedModel] = {}
        failures: dict[int, Unavailable] = {}
        for handle in handles:
            try:
                models[handle.version_id] = self.get(handle)
            except Unavailable as error:
                failures[handle.version_id] = error
        return models, failures

    def evict(self, *, keep: Iterable[int]) -> list[int]:
        """Forgets versions that no endpoint uses; requests under way keep theirs through their snapshot."""
        kept = frozenset(keep)
        with self._lock:
            gone = [i for i, future in self._models.items() if i not in kept and future.done()]
            for version_id in gone:
                del self._models[version_id]
        return gone

    def version_ids(self) -> frozenset[int]:
        with self._lock:
            return frozenset(i for i, future in self._models.items() if future.done())
