"""Models in memory, by version: checked, loaded and warmed before a snapshot offers them. `live` calls it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlregistry.errors import Invalid, Unavailable
from mlregistry.lib.processors import at_work
from mlregistry.ml import packaging
from mlregistry.ml.compiling.names import FORM_ALONE, UNANSWERED
from mlregistry.ml.plain_rows import as_dicts
from mlregistry.ml.signature import Signature
from serving.hotpath.combining import Combiner, joins_exactly
from serving.hotpath.compiled import Compiled, load_compiled
from serving.hotpath.decoding import Decoder
from serving.hotpath.rescoring import Sample, Samples
from serving.hotpath.snapshot import ModelHandle

SAFE_FORMATS = frozenset({"skops"})
# Their sums run over trees, row by row. What multiplies matrices adds in another order for one row than for several.
OF_TREES = ("sklearn.ensemble", "sklearn.tree", "lightgbm", "xgboost", "catboost")


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model version ready to answer: by its compiled form, or through its native pipeline."""

    handle: ModelHandle
    signature: Signature
    pipeline: Any
    compiled: Compiled | None = None
    samples: Samples | None = None
    combiner: Combiner | None = None
    decoder: Decoder | None = None

    @property
    def inputs(self) -> tuple[Any, ...]:
        return self.signature.inputs

    @property
    def example(self) -> list[dict[str, Any]]:
        return [dict(row) for row in self.handle.example]

    def score(self, rows: Sequence[dict[str, Any]], **wish: Any) -> dict[str, Any]:
        """Predictions, and a classifier's probabilities, per row. Invalid names the column and row.

        `wish` is what the request asks of a recommendation; other models refuse it.
        """
        if self.pipeline is None:
            return self._score_alone(rows, wish)
        if self.compiled is not None and not wish:
            found = self.compiled.score(rows)
            if found is not None:
                if self.samples is not None and self.samples.is_next(rows):
                    self._offer(self.samples, rows, found, self.compiled.precision)
                return found
        if self.combiner is not None and not wish:
            return self.combiner.score(as_dicts(rows))
        return self.score_natively(rows, **wish)

    def score_natively(self, rows: Sequence[dict[str, Any]], **wish: Any) -> dict[str, Any]:
        """What the pipeline itself says."""
        with at_work():
            frame = self.signature.frame(as_dicts(rows), strict=True)
            return packaging.predict(self.pipeline, self.signature, frame, wish)

    def _score_alone(self, rows: Sequence[dict[str, Any]], wish: Mapping[str, Any]) -> dict[str, Any]:
        """A version from outside has no native model here: what its form does not answer is not answered."""
        if wish:
            raise Invalid(f"The parameter '{next(iter(wish))}' is for recommendations.", field="params")
        found = self.compiled.score(rows) if self.compiled else None
        if found is None:
            raise Invalid(UNANSWERED)
        return found

    def _offer(
        self, samples: Samples, rows: Sequence[dict[str, Any]], answer: dict[str, Any], precision: str
    ) -> None:
        sample = Sample(self.handle.version_id, self.score_natively, as_dicts(rows), answer, precision)
        samples.offer(sample)


def load_model(handle: ModelHandle) -> LoadedModel:
    """Loads a version after its SHA-256 was checked, and answers its example once.

    Raises Unavailable when the version may not, or cannot, be loaded here.
    """
    file = packaging.ModelFile.from_json(dict(handle.file))
    if file.format == FORM_ALONE:
        return _load_alone(handle)
    if file.format not in SAFE_FORMATS and not handle.trusted:
        raise Unavailable(f"{_title(handle)} is a pickle that no owner has approved; it is not loaded here.")
    try:
        pipeline = packaging.load(Path(handle.folder), file)
        signature = Signature.from_json(dict(handle.signature))
        model = LoadedModel(
            handle, signature, pipeline, load_compiled(handle, signature), decoder=Decoder(signature.inputs)
        )
        if model.example:
            model.score_natively(model.example)
            model.score(model.example)
            model = _combined(model)
    except Exception as error:
        # Whatever the file or the estimator raises: the version is not offered, the others are.
        raise Unavailable(f"{_title(handle)} cannot be loaded: {error}") from error
    return model


def _combined(model: LoadedModel) -> LoadedModel:
    """Joins the requests of a model without a compiled form, where that changes no answer by a bit."""
    estimator = model.pipeline.steps[-1][1] if hasattr(model.pipeline, "steps") else model.pipeline
    if model.compiled is not None or not type(estimator).__module__.startswith(OF_TREES):
        return model
    if not joins_exactly(model.score_natively, model.example):
        return model
    return replace(model, combiner=Combiner(model.score_natively))


def _load_alone(handle: ModelHandle) -> LoadedModel:
    """A version from outside: its closed form, checked again, and nothing else of it."""
    signature = Signature.from_json(dict(handle.signature))
    compiled = load_compiled(handle, signature)
    if compiled is None:
        raise Unavailable(
            f"{_title(handle)} cannot be loaded: its file is not the one that passed the checks."
        )
    model = LoadedModel(
        handle, signature, None, replace(compiled, most_rows=None), decoder=Decoder(signature.inputs)
    )
    try:
        if model.example:
            model.score(model.example)
    except Exception as error:
        raise Unavailable(f"{_title(handle)} cannot be loaded: {error}") from error
    return model


def _title(handle: ModelHandle) -> str:
    return f"Version {handle.version} of “{handle.name}”"


Loaded = tuple[dict[int, LoadedModel], dict[int, Unavailable]]


class ModelCache:
    """Loaded models by version id. Several threads that want one version load it once.

    A version with another compiled form than when it was loaded is loaded anew. `make_whole` sees to its files first.
    """

    def __init__(self, make_whole: Callable[[ModelHandle], None] = lambda handle: None) -> None:
        self._make_whole = make_whole
        self._lock = threading.Lock()
        self._models: dict[int, Future[LoadedModel]] = {}
        self._forms: dict[int, Any] = {}
        self.samples = Samples()

    def get(self, handle: ModelHandle) -> LoadedModel:
        """The loaded version, loading it when needed. A failed load can be tried again."""
        with self._lock:
            future = self._models.get(handle.version_id)
            mine = future is None or self._forms.get(handle.version_id) != handle.compiled
            if future is None or mine:
                future = self._models[handle.version_id] = Future()
                self._forms[handle.version_id] = handle.compiled
        if mine:
            self._load(handle, future)
        return future.result()

    def _load(self, handle: ModelHandle, future: Future[LoadedModel]) -> None:
        try:
            self._make_whole(handle)
            future.set_result(replace(load_model(handle), samples=self.samples))
        except BaseException as error:
            with self._lock:
                if self._models.get(handle.version_id) is future:
                    del self._models[handle.version_id]
            future.set_exception(error)

    def load_all(self, handles: Iterable[ModelHandle]) -> Loaded:
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
                self._forms.pop(version_id, None)
        return gone

    def version_ids(self) -> frozenset[int]:
        with self._lock:
            return frozenset(i for i, future in self._models.items() if future.done())
