"""Swapping snapshots: load first, swap whole, keep what works, come back without a database."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mlregistry.errors import Invalid
from serving.hotpath import snapshot as snapshots
from serving.hotpath.admission import Admission
from serving.hotpath.counters import Counters
from serving.hotpath.live import Live
from serving.hotpath.log import PredictionLog
from serving.hotpath.models import ModelCache
from serving.hotpath.predict import Means, predict
from serving.hotpath.snapshot import Address, Endpoint, Grant, ModelHandle, Snapshot, snapshot_of

Build = Callable[..., Endpoint]
CHURN = ("acme", "churn")


def version(handle: ModelHandle, number: int) -> ModelHandle:
    return replace(handle, version_id=100 + number, version=number)


@pytest.fixture
def one(endpoint_of: Build, tokens: dict[str, Grant]) -> Callable[..., Snapshot]:
    def build(handle: ModelHandle, *, epoch: int) -> Snapshot:
        return snapshot_of([endpoint_of({"a": 100}, {"a": handle})], tokens, epoch=epoch)

    return build


def test_an_offered_snapshot_is_in_force_with_its_models(
    classifier: ModelHandle, one: Callable[..., Snapshot]
) -> None:
    live = Live(ModelCache())
    assert live.offer(one(classifier, epoch=1)) == []
    assert live.current.epoch == 1
    assert set(live.current.models) == {101}


def test_an_older_snapshot_is_ignored(classifier: ModelHandle, one: Callable[..., Snapshot]) -> None:
    live = Live(ModelCache())
    live.offer(one(classifier, epoch=5))
    live.offer(one(version(classifier, 2), epoch=4))
    assert (live.current.epoch, set(live.current.models)) == (5, {101})


def test_versions_no_longer_routed_to_are_evicted(
    classifier: ModelHandle, one: Callable[..., Snapshot]
) -> None:
    live = Live(ModelCache())
    live.offer(one(classifier, epoch=1))
    live.offer(one(version(classifier, 2), epoch=2))
    assert live.models.version_ids() == {102}


def test_an_endpoint_that_cannot_be_loaded_keeps_its_routing_while_tokens_change(
    classifier: ModelHandle, one: Callable[..., Snapshot], tmp_path: Path
) -> None:
    live = Live(ModelCache())
    live.offer(one(classifier, epoch=1))
    bad = replace(version(classifier, 2), folder=str(tmp_path))
    (failure,) = live.offer(replace(one(bad, epoch=2), tokens={}))
    assert (failure.endpoint, failure.version_id, failure.kept) == (Address(*CHURN), 102, True)
    assert live.current.epoch == 2
    assert live.current.tokens == {}
    assert live.current.endpoints[CHURN].variants[0].model == classifier
    assert set(live.current.models) == {101}
    assert live.offer(one(version(classifier, 2), epoch=2)) == []  # mended: the same epoch is offered again
    assert live.current.endpoints[CHURN].variants[0].model.version_id == 102


def test_a_new_endpoint_that_cannot_be_loaded_is_reported(
    classifier: ModelHandle, one: Callable[..., Snapshot], tmp_path: Path
) -> None:
    live = Live(ModelCache())
    (failure,) = live.offer(one(replace(classifier, folder=str(tmp_path)), epoch=1))
    assert not failure.kept
    assert dict(live.current.models) == {}


def test_the_last_snapshot_goes_on_serving_after_a_restart(
    classifier: ModelHandle, one: Callable[..., Snapshot], tmp_path: Path
) -> None:
    kept_at = tmp_path / "state" / "routing.json"
    Live(ModelCache(), kept_at=kept_at).offer(one(classifier, epoch=9))
    assert kept_at.stat().st_mode & 0o077 == 0
    again = Live(ModelCache(), kept_at=kept_at)
    assert again.recover()
    assert again.current == one(classifier, epoch=9)
    assert set(again.current.models) == {101}


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"format": 99}', '{"format": 1, "epoch": 1}'])
def test_a_kept_snapshot_that_cannot_be_read_is_none(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "routing.json"
    if text is not None:
        path.write_text(text)
    assert not Live(ModelCache(), kept_at=path).recover()
    assert snapshots.load(path) is None


def test_serving_goes_on_when_the_snapshot_cannot_be_kept(
    classifier: ModelHandle, one: Callable[..., Snapshot], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    live = Live(ModelCache(), kept_at=tmp_path / "file" / "routing.json")
    assert live.offer(one(classifier, epoch=1)) == []
    assert live.current.epoch == 1


def test_a_layout_that_names_no_variant_is_refused(classifier: ModelHandle, endpoint_of: Build) -> None:
    with pytest.raises(Invalid, match="no variant “b”"):
        endpoint_of({"a": 50, "b": 50}, {"a": classifier})


def test_a_snapshot_survives_json(routed: Snapshot) -> None:
    assert Snapshot.from_json(json.loads(json.dumps(routed.to_json()))) == routed


def test_variants_swap_under_load_without_a_failed_request(
    classifier: ModelHandle, one: Callable[..., Snapshot], tmp_path: Path
) -> None:
    live, log, counters = Live(ModelCache()), PredictionLog(tmp_path / "log"), Counters()
    live.offer(one(classifier, epoch=1))
    body = json.dumps({"dataframe_records": [{"months": 3, "charge": 1.0, "contract": "yearly"}]}).encode()
    headers = {"authorization": "Bearer mlr_predict"}
    done = threading.Event()

    def load() -> None:
        while not done.is_set():
            predict(
                Address(None, "churn"), body, headers, live.current, means=Means(log, counters, Admission(64))
            )

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for epoch in range(2, 12):
        live.offer(one(version(classifier, epoch), epoch=epoch))
    done.set()
    for thread in threads:
        thread.join()
    log.close()
    assert {key.status for key in counters.totals()} == {200}
    assert len({key.version_id for key in counters.totals()}) > 1
