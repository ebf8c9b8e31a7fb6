"""The routing of a process: heard changes, forks, models that cannot be loaded."""

import os
import select
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from mlregistry.accounts.actor import Actor
from mlregistry.errors import Conflict
from models_app.actions.versions import register
from models_app.models import ModelVersion
from serving import live_routing
from serving.actions.endpoints import create_endpoint, set_variants
from serving.actions.routing import CHANNEL
from serving.models import Endpoint, RoutingEpoch
from serving.queries import routing
from tests.models_app.trained import finished_run, fitted
from tests.serving.conftest import ROW, two_variants

BODY = b'{"dataframe_records": [%s]}'


def eventually(holds: Callable[[], bool], seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.django_db(transaction=True)
def test_a_change_is_heard_before_the_next_poll(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for_notify, listens, patience = live_routing._wait_for_notify, threading.Event(), iter([600.0])

    def wait(seconds: float) -> None:
        listens.set()
        wait_for_notify(next(patience, 0.05))  # only a message ends the first wait

    monkeypatch.setattr(live_routing, "_wait_for_notify", wait)
    here = live_routing.here()
    here.start(wait=True)
    assert listens.wait(60)
    set_variants(endpoint, two_variants(versions, 50, 50), by=by)
    assert eventually(lambda: here.snapshot.epoch == routing.epoch())


@pytest.mark.django_db(transaction=True)
def test_a_message_that_came_with_an_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no longer to be read from the line, so waiting on that would last a whole poll."""
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")
        cursor.execute(f"NOTIFY {CHANNEL}")
        cursor.execute("SELECT 1")
    waited: list[float] = []

    def nothing_comes(*given: Any) -> tuple[list[Any], list[Any], list[Any]]:
        waited.append(given[3])
        return [], [], []

    monkeypatch.setattr(select, "select", nothing_comes)
    live_routing._wait_for_notify(600.0)
    assert waited == []
    live_routing._wait_for_notify(600.0)
    assert waited == [600.0]


@pytest.mark.django_db(transaction=True)
def test_a_change_without_a_message_is_found_by_polling(endpoint: Endpoint) -> None:
    here = live_routing.here()
    here.start(wait=True)
    RoutingEpoch.objects.update(number=routing.epoch() + 1)
    assert eventually(lambda: here.snapshot.epoch == routing.epoch())


def test_a_database_put_back_in_time_is_believed(endpoint: Endpoint) -> None:
    here = live_routing.here()
    here.refresh()
    RoutingEpoch.objects.update(number=5)
    here.refresh()
    assert here.snapshot.epoch == 5
    assert ("lab", "tumour") in here.snapshot.endpoints


def test_an_uploaded_pickle_is_not_served(by: Actor) -> None:
    run = finished_run(by, model=fitted(), saved_by=by)
    run.artifacts.get(path="model/model.skops").delete()
    version = register(run, "foreign", by=by)
    with pytest.raises(Conflict, match="an owner has to approve"):
        create_endpoint("foreign", variants=[{"name": "only", "version": version, "weight": 100}], by=by)


@pytest.mark.parametrize(
    "layout",
    [{}, {"bounds": [0], "owners": ["nobody"]}, {"bounds": 5, "owners": []}, {"bounds": [], "owners": []}],
)
def test_an_endpoint_whose_rows_are_damaged_does_not_take_the_others_with_it(
    layout: dict[str, Any],
    endpoint: Endpoint,
    versions: list[ModelVersion],
    by: Actor,
    caplog: pytest.LogCaptureFixture,
) -> None:
    damaged = create_endpoint("damaged", variants=two_variants(versions, 50, 50), by=by)
    Endpoint.objects.filter(pk=damaged.pk).update(layout=layout)
    snapshot = routing.build()
    assert [one.name for one in snapshot.endpoints.values()] == ["tumour"]
    assert "damaged" in caplog.text


def test_a_forked_child_has_routing_of_its_own(endpoint: Endpoint) -> None:
    parent = live_routing.here()
    child = os.fork()
    if child == 0:
        os._exit(0 if live_routing.here() is not parent else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert live_routing.here() is parent


def body_of() -> bytes:
    fields = ", ".join(f'"{name}": {value}' for name, value in ROW.items())
    return BODY % f"{{{fields}}}".encode()
