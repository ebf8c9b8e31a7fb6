"""Shadows: asked what the endpoint is asked, once per row, compared with what was answered."""

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient
from scipy import stats

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.errors import Conflict, Forbidden, Invalid
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from mlregistry.ml.abtests.effects import paired
from mlregistry.ml.abtests.moments import of_units
from models_app.actions.versions import delete_version, register
from models_app.models import ModelVersion
from serving.actions.endpoints import update_endpoint
from serving.actions.feedback import record_feedback
from serving.actions.shadows import KIND, add_shadow, remove_shadow, tend
from serving.models import Endpoint, Prediction, Shadow, ShadowAnswer
from serving.queries import shadows
from tests.models_app.trained import FEATURES, cancer_frame, finished_run, fitted
from tests.serving.answering import answered
from tests.serving.conftest import ROW

pytestmark = pytest.mark.django_db(transaction=True)
ActorOf = Callable[..., Actor]


def asked(endpoint: Endpoint, by: Actor, n: int) -> list[str]:
    """n patients' rows through the endpoint, in the log."""
    found = []
    for number, row in enumerate(cancer_frame().head(n).drop(columns="target").to_dict("records")):
        found += [
            key
            for key, _ in answered(by, endpoint.name, {str(k): v for k, v in row.items()}, [f"p {number}"])
        ]
    return found


def run_shadows() -> list[Job]:
    tend()
    return [run_here(job) for job in Job.objects.filter(kind=KIND, state=State.QUEUED)]


def test_a_shadow_is_asked_every_row_once_and_compared(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor
) -> None:
    before = asked(endpoint, by, 2)
    add_shadow(endpoint, "next", versions[1], by=by)
    keys = asked(endpoint, by, 40)
    (job,) = run_shadows()
    assert (job.state, job.result) == (State.SUCCEEDED, {"n_rows": 40}), job.error
    assert tend() == 0
    assert len(before) == 2  # what was asked before the shadow came is not its business
    (one,) = shadows.figures(endpoint)
    assert (one.n, one.n_errors, one.improvement) == (40, 0, None)
    assert one.agreement is not None
    assert one.agreement > 0.8
    truths = cancer_frame()["target"].head(40)
    record_feedback(
        endpoint,
        [{"prediction_id": key, "truth": int(t)} for key, t in zip(keys, truths, strict=True)],
        by=by,
    )
    (one,) = shadows.figures(endpoint)
    assert one.n_units == 40
    assert one.metric == "accuracy"
    outputs = {str(a.request_id.hex): a.output["prediction"] for a in ShadowAnswer.objects.all()}
    right = [outputs[key.split("-")[0]] == int(t) for key, t in zip(keys, truths, strict=True)]
    assert one.value == pytest.approx(np.mean(right))


def test_a_shadows_version_answers_as_it_does_alone(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor
) -> None:
    """A shadow of the version that answered agrees in every row."""
    add_shadow(endpoint, "same", versions[0], by=by)
    asked(endpoint, by, 20)
    Prediction.objects.filter(variant="challenger").delete()
    run_shadows()
    (one,) = shadows.figures(endpoint)
    assert one.agreement == 1.0


def test_rows_that_a_shadow_cannot_answer_are_counted_and_hold_nothing_up(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor
) -> None:
    add_shadow(endpoint, "next", versions[1], by=by)
    asked(endpoint, by, 5)
    broken = Prediction.objects.order_by("pk").first()
    assert broken is not None
    Prediction.objects.filter(pk=broken.pk).update(input={**ROW, FEATURES[0]: "wide"})
    (job,) = run_shadows()
    assert job.state == State.SUCCEEDED, job.error
    (one,) = shadows.figures(endpoint)
    assert (one.n, one.n_errors) == (5, 1)
    assert FEATURES[0] in Shadow.objects.get().error


def test_a_row_that_reaches_the_database_late_is_asked_too(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor
) -> None:
    add_shadow(endpoint, "next", versions[1], by=by)
    Shadow.objects.update(since=timezone.now() - timedelta(hours=1))
    asked(endpoint, by, 3)
    run_shadows()
    asked(endpoint, by, 1)
    Prediction.objects.filter(pk=Prediction.objects.latest("pk").pk).update(
        at=timezone.now() - timedelta(minutes=20)
    )
    run_shadows()
    assert ShadowAnswer.objects.count() == 4


def test_what_cannot_be_a_shadow_is_refused(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor, vera: User, actor_of: ActorOf
) -> None:
    add_shadow(endpoint, "next", versions[1], by=by)
    with pytest.raises(Conflict, match="has a shadow “next” already"):
        add_shadow(endpoint, "next", versions[0], by=by)
    with pytest.raises(Invalid, match="cannot be the name"):
        add_shadow(endpoint, "a/b", versions[0], by=by)
    fewer = register(finished_run(by, model=fitted(features=FEATURES[:3])), "small", by=by)
    with pytest.raises(Invalid, match="do not fit together"):
        add_shadow(endpoint, "small", fewer, by=by)
    with pytest.raises(Forbidden):
        add_shadow(endpoint, "other", versions[0], by=actor_of(vera))
    with pytest.raises(Conflict, match="in use by"):
        delete_version(versions[1], by=by)
    remove_shadow(Shadow.objects.get(), by=by)
    update_endpoint(endpoint, log_mode="off", by=by)
    with pytest.raises(Invalid, match="prediction log"):
        add_shadow(Endpoint.objects.get(pk=endpoint.pk), "next", versions[1], by=by)


def test_both_doors_add_show_and_remove(
    endpoint: Endpoint, versions: list[ModelVersion], bob: User, vera: User,
    api: Callable[..., APIClient], web: Callable[[User], Client],
) -> None:  # fmt: skip
    client, address = api(bob), "/api/v1/endpoints/tumour/shadows/"
    wanted = {"name": "next", "model": "tumour", "version": versions[1].number}
    assert client.post(address, wanted, format="json").status_code == 201
    (shown,) = api(vera).get(address).json()["shadows"]
    assert (shown["name"], shown["n"]) == ("next", 0)
    assert "Shadows" in web(vera).get("/endpoints/tumour/").content.decode()
    assert client.delete(f"{address}next").status_code == 204
    assert client.delete(f"{address}next").status_code == 404
    page = web(bob)
    page.post("/endpoints/tumour/shadows", {"name": "again", "version": f"tumour/{versions[1].number}"})
    assert Shadow.objects.get().name == "again"
    page.post("/endpoints/tumour/shadows", {"name": "b", "version": "what"})
    page.post("/endpoints/tumour/shadows/again/remove")
    assert not Shadow.objects.exists()


def test_a_paired_difference_is_the_paired_t_test() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=100), rng.normal(0.3, size=100)
    found = paired(of_units(second - first))
    assert found is not None
    assert found.estimate / found.error == pytest.approx(stats.ttest_rel(second, first).statistic)
