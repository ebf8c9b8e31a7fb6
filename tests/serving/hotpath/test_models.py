"""Loading models: checksum, trust, warm-up, one load for many threads, eviction."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlregistry.errors import Unavailable
from mlregistry.ml import packaging
from serving.hotpath import models
from serving.hotpath.models import LoadedModel, ModelCache, load_model
from serving.hotpath.snapshot import ModelHandle
from tests.serving.hotpath.conftest import customers


def test_a_loaded_model_scores_rows(classifier: ModelHandle) -> None:
    model = load_model(classifier)
    scores = model.score([{"months": 3, "charge": None, "contract": "never seen"}])
    assert scores["predictions"][0] in ("Yes", "No")
    assert [field.name for field in model.inputs] == ["months", "charge", "contract"]


def test_a_changed_file_is_not_loaded(classifier: ModelHandle, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(classifier.folder, folder)
    with (folder / str(classifier.file["name"])).open("ab") as file:
        file.write(b"x")
    with pytest.raises(Unavailable, match="SHA-256"):
        load_model(replace(classifier, folder=str(folder)))


def test_a_missing_file_is_not_loaded(classifier: ModelHandle, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be loaded"):
        load_model(replace(classifier, folder=str(tmp_path)))


def test_a_pickle_needs_trust(classifier: ModelHandle) -> None:
    with pytest.raises(Unavailable, match="no owner has approved"):
        load_model(replace(classifier, trusted=False))


def test_a_skops_file_needs_no_trust(tmp_path: Path, regressor: ModelHandle) -> None:
    frame = customers()[["months", "charge"]].fillna(0.0)
    pipeline = make_pipeline(StandardScaler(), LinearRegression()).fit(frame, frame["months"] * 2.0)
    files = {file.format: file for file in packaging.save(pipeline, tmp_path)}
    handle = replace(regressor, folder=str(tmp_path), file=files["skops"].to_json(), trusted=False)
    assert load_model(handle).score([{"months": 10, "charge": 1.0}])["predictions"] == [pytest.approx(20.0)]


def test_a_model_that_cannot_answer_its_example_is_not_offered(classifier: ModelHandle) -> None:
    with pytest.raises(Unavailable, match="cannot be loaded"):
        load_model(replace(classifier, example=({"months": "x"},)))


def test_threads_that_want_one_version_load_it_once(
    classifier: ModelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[int] = []

    def counted(handle: ModelHandle) -> LoadedModel:
        loads.append(handle.version_id)
        return load_model(handle)

    monkeypatch.setattr(models, "load_model", counted)
    cache = ModelCache()
    found: list[LoadedModel] = []
    threads = [threading.Thread(target=lambda: found.append(cache.get(classifier))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loads == [101]
    assert len({id(model) for model in found}) == 1


def test_a_failed_load_can_be_tried_again(classifier: ModelHandle, tmp_path: Path) -> None:
    cache = ModelCache()
    with pytest.raises(Unavailable):
        cache.get(replace(classifier, folder=str(tmp_path)))
    assert cache.version_ids() == frozenset()
    assert cache.get(classifier).handle == classifier


def test_unused_versions_are_evicted(classifier: ModelHandle, regressor: ModelHandle) -> None:
    cache = ModelCache()
    loaded, failures = cache.load_all([classifier, regressor])
    assert set(loaded) == {101, 102}
    assert failures == {}
    assert cache.evict(keep=[102]) == [101]
    assert cache.version_ids() == {102}
