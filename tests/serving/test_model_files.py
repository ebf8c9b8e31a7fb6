"""Model files that were changed or lost on the disk: fetched once more, or refused with the reason; never served."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from django.db import OperationalError

from mlregistry.accounts.actor import Actor
from mlregistry.artifacts import store
from mlregistry.artifacts.models import StoredFile
from mlregistry.errors import Unavailable
from models_app.models import ModelVersion
from serving import live_routing, model_files
from serving.actions.endpoints import VariantSpec, create_endpoint, set_variants
from serving.hotpath.snapshot import ModelHandle
from serving.live_routing import LiveRouting
from serving.models import Endpoint
from serving.queries import routing
from tests.serving.conftest import ROW

BODY = json.dumps({"dataframe_records": [ROW]}).encode()


def cached(handle: ModelHandle) -> Path:
    return Path(handle.folder) / str(handle.file["name"])


def stored(handle: ModelHandle) -> Path:
    with store.local_path(StoredFile.objects.get(sha256=handle.file["sha256"])) as path:
        return path


def spoil(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])


@pytest.fixture(autouse=True)
def _whole_again(versions: list[ModelVersion]) -> Iterator[None]:
    """The folders are shared with the tests that follow."""
    handles = [routing.handle_of(version) for version in versions]
    paths = [place(handle) for handle in handles for place in (cached, stored)]
    whole = {path: path.read_bytes() for path in paths}
    yield
    for path, content in whole.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    model_files._refused.clear()


@pytest.fixture
def handle(versions: list[ModelVersion]) -> ModelHandle:
    return routing.handle_of(versions[0])


def alone(version: ModelVersion) -> VariantSpec:
    """All of an endpoint's traffic."""
    return {"name": "only", "version": version, "weight": 100.0}


def started() -> LiveRouting:
    """As a process that begins now has it."""
    live_routing.reset()
    here = live_routing.here()
    here.refresh()
    return here


def test_a_changed_copy_is_fetched_once_more_from_the_store(
    endpoint: Endpoint, handle: ModelHandle, by: Actor
) -> None:
    whole = cached(handle).read_bytes()
    spoil(cached(handle))
    assert set(started().snapshot.models) == started().snapshot.version_ids()
    assert cached(handle).read_bytes() == whole
    assert live_routing.predict_as(by, "tumour", BODY, {})[0] == 200


@pytest.mark.parametrize("lose", [spoil, Path.unlink])
def test_one_that_is_wrong_in_the_store_too_is_refused_and_the_others_are_served(
    endpoint: Endpoint, handle: ModelHandle, lose: Callable[[Path], None]
) -> None:
    lose(stored(handle))
    spoil(cached(handle))
    found = started()
    (failure,) = found._failures
    assert failure.version_id == handle.version_id
    assert "Version 1 of “tumour” cannot be loaded" in failure.message
    assert "SHA-256" in failure.message or "not in the store" in failure.message
    assert handle.version_id not in found.snapshot.models
    assert len(found.snapshot.models) == 1
    assert not cached(handle).exists()


def test_an_endpoint_whose_only_version_is_refused_says_so_and_comes_back_with_the_file(
    versions: list[ModelVersion], handle: ModelHandle, by: Actor
) -> None:
    create_endpoint("tumour", variants=[alone(versions[0])], by=by)
    whole = stored(handle).read_bytes()
    spoil(stored(handle))
    spoil(cached(handle))
    live_routing.reset()
    status, headers, answer = live_routing.predict_as(by, "tumour", BODY, {})
    assert (status, headers["Retry-After"]) == (503, "1")
    assert "Version 1 of “tumour” is not loaded" in answer.decode()
    stored(handle).write_bytes(whole)
    model_files._refused.clear()
    assert live_routing.predict_as(by, "tumour", BODY, {})[0] == 200


def test_the_former_version_goes_on_when_the_next_ones_file_is_spoilt(
    versions: list[ModelVersion], by: Actor
) -> None:
    one = create_endpoint("tumour", variants=[alone(versions[0])], by=by)
    here, second = started(), routing.handle_of(versions[1])
    spoil(stored(second))
    spoil(cached(second))
    set_variants(one, [alone(versions[1])], by=by)
    for _ in range(2):
        status, headers, _ = live_routing.predict_as(by, "tumour", BODY, {})
        assert (status, headers["X-Model-Version"]) == (200, "1")
    assert "changed in the artifact store" in here._failures[0].message


def test_what_the_store_has_wrong_is_not_read_again_at_once(
    endpoint: Endpoint, handle: ModelHandle, by: Actor
) -> None:
    spoil(stored(handle))
    spoil(cached(handle))
    here = started()
    with patch.object(store, "local_path", side_effect=AssertionError("read again")):
        here.refresh()
    assert "SHA-256" in here._failures[0].message


def test_a_lost_file_in_the_store_holds_no_other_endpoint_up(
    versions: list[ModelVersion], handle: ModelHandle, by: Actor
) -> None:
    for name, version in zip(("first", "second"), versions, strict=True):
        create_endpoint(name, variants=[alone(version)], by=by)
    stored(handle).unlink()
    shutil.rmtree(handle.folder)
    found = started()
    assert ("lab", "second") in found.snapshot.endpoints
    assert live_routing.predict_as(by, "second", BODY, {})[0] == 200
    assert live_routing.predict_as(by, "first", BODY, {})[0] == 503


def test_without_the_database_a_changed_copy_is_refused_with_that_reason(
    endpoint: Endpoint, handle: ModelHandle
) -> None:
    spoil(cached(handle))
    with (
        patch.object(StoredFile.objects, "filter", side_effect=OperationalError("away")),
        pytest.raises(Unavailable, match="without the database"),
    ):
        model_files.make_whole(handle)
