"""Waiting until every serving process has a change: those that have it, those that have not, those that cannot."""

import os
import shutil
import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.artifacts.models import StoredFile
from models_app.models import ModelVersion
from serving import live_routing, model_files
from serving.actions import workers
from serving.actions.deploying import deploy
from serving.models import Endpoint, ServingWorker
from serving.queries import routing
from tests.serving.conftest import two_variants

Api = Callable[..., APIClient]


def unread(stored: StoredFile, target: Path) -> None:
    raise OSError("The store cannot be read.")


def body_of(*weights: int) -> dict[str, object]:
    names = ("champion", "challenger")
    return {
        "variants": [
            {"name": name, "model": "tumour", "version": number, "weight": weight}
            for number, (name, weight) in enumerate(zip(names, weights, strict=True), start=1)
        ]
    }


@pytest.mark.django_db(transaction=True)
def test_deploy_answers_when_the_serving_process_has_it(endpoint: Endpoint, bob: User, api: Api) -> None:
    here = live_routing.here()
    here.start(wait=True)
    answer = api(bob).post("/api/v1/endpoints/tumour/deploy?wait=30", body_of(40, 60), format="json")
    told = answer.json()
    assert (answer.status_code, told["live"], told["waiting_for"]) == (200, True, [])
    assert [one["worker"] for one in told["workers"]] == [here.name]
    assert here.snapshot.epoch >= told["epoch"]
    assert here.snapshot.endpoints["lab", "tumour"].layout.shares() == {"champion": 4000, "challenger": 6000}
    again = api(bob).post("/api/v1/endpoints/tumour/deploy?wait=5")
    assert (again.status_code, again.json()["live"]) == (200, True)


@pytest.mark.django_db(transaction=True)
def test_a_version_that_cannot_be_loaded_is_told_and_the_former_one_goes_on(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor
) -> None:
    here = live_routing.here()
    here.start(wait=True)
    before = here.snapshot.endpoints["lab", "tumour"]
    handle = routing.handle_of(versions[1])
    shutil.rmtree(handle.folder)
    here.live.models.evict(keep=())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model_files, "_copy", unread)
        found = deploy(endpoint, two_variants(versions, 50, 50), wait_seconds=30, by=by)
        assert not found.live
        assert "cannot be loaded" in found.workers[0].error
        assert here.snapshot.endpoints["lab", "tumour"] == before


def test_who_has_not_got_it_is_named_at_the_time_out(
    endpoint: Endpoint, bob: User, vera: User, api: Api
) -> None:
    now = timezone.now()
    mine = {"host": socket.gethostname()[:100], "epoch": 1}
    ServingWorker.objects.create(name="slow", pid=os.getpid(), seen_at=now, **mine)
    ServingWorker.objects.create(name="dead", pid=2**22 + 5, seen_at=now, **mine)
    ServingWorker.objects.create(name="silent", pid=os.getpid(), seen_at=now - timedelta(minutes=1), **mine)
    ServingWorker.objects.create(name="elsewhere", host="other", pid=1, epoch=2**62, seen_at=now)
    assert api(vera).post("/api/v1/endpoints/tumour/deploy", {}, format="json").status_code == 403
    answer = api(bob).post("/api/v1/endpoints/tumour/deploy?wait=0.1", body_of(40, 60), format="json")
    assert (answer.status_code, answer.json()["waiting_for"]) == (202, ["slow"])
    assert [one["worker"] for one in answer.json()["workers"]] == ["elsewhere", "slow"]
    workers.forget("slow")
    assert api(bob).post("/api/v1/endpoints/tumour/deploy").status_code == 200


@pytest.mark.parametrize("wait", ["soon", "-1", "1000", "nan"])
def test_a_wait_that_is_no_number_of_seconds_is_refused(
    endpoint: Endpoint, bob: User, api: Api, wait: str
) -> None:
    answer = api(bob).post(f"/api/v1/endpoints/tumour/deploy?wait={wait}")
    assert (answer.status_code, answer.json()["field"]) == (400, "wait")
