"""Load tests from the start to the verdict, with real requests over loopback to the real prediction door."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from experiments.models import LatestMetric, RunStatus
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import ApiToken, User
from mlregistry.errors import Conflict, Forbidden, Invalid
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from models_app.models import Compilation, LoadVerdict
from models_app.queries.load_verdicts import verdict_json
from serving import live_routing
from serving.actions import load_tests as actions
from serving.actions.endpoints import set_variants
from serving.actions.load_test_declarations import Declaration
from serving.hotpath.snapshot import Address
from serving.load_marks import HEADER, Mark, sign
from serving.models import AnswerCount, Endpoint, LoadTest, Prediction
from serving.shipping import log_folder, ship_folder
from serving.workers.load_test_requests import rows_of, target_of
from tests.loadtests.answering import serving
from tests.serving.conftest import ROW

Api = Callable[..., APIClient]
Web = Callable[[User], Client]
WANTED = Declaration(shape="constant", seconds=1, rate=30, connections=2, warm_up_seconds=1, goal_seconds=5)
ROWS = json.dumps({"dataframe_records": [ROW]}).encode()


def answer(path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    """As the doors do: by this process's routing, which looks into the database when a token is unknown."""
    _, _, team, *_, name, _ = path.split("/")
    routing = live_routing.here()
    status, _, text = routing.answer(Address(team, name), body, headers)
    if status == 401:
        routing.refresh()
        connection.close()
        status, _, text = routing.answer(Address(team, name), body, headers)
    return status, text


@pytest.fixture
def address(settings: Settings) -> Iterator[None]:
    """This server, on a port of its own."""
    with serving(answer) as port:
        settings.TRACKING_URL = f"http://127.0.0.1:{port}"
        yield


def finished(endpoint: Endpoint, wanted: Declaration, by: Actor, **shorter: float) -> LoadTest:
    """Started and run here; `shorter` makes it quicker than people may."""
    test = actions.start_load_test(endpoint, wanted, by=by)
    LoadTest.objects.filter(pk=test.pk).update(declared={**test.declared, **shorter})
    assert test.job is not None
    run_here(test.job)
    rows = LoadTest.objects.select_related("job", "run", "endpoint__team", "version__model")
    return rows.get(pk=test.pk)


def shipped() -> int:
    routing = live_routing.here()
    routing.log.close()
    routing.flush_counts()
    ship_folder(log_folder())
    return Prediction.objects.count()


@pytest.mark.django_db(transaction=True)
def test_a_constant_rate_is_measured_judged_and_stored_as_a_run_of_the_version(
    endpoint: Endpoint, by: Actor, address: None
) -> None:
    test = finished(endpoint, WANTED, by, warm_up_seconds=0.3)
    assert (test.state, test.error, test.verdict) == (State.SUCCEEDED, "", "passed")
    overall = test.figures["overall"]
    assert overall["statuses"] == {"200": 30}
    assert 0 < overall["p50"] <= overall["p99"] <= overall["most"]
    assert test.histogram is not None
    assert test.histogram["n"] == 30
    assert test.run is not None
    assert (test.run.status, test.run.experiment.name) == (RunStatus.FINISHED, "Load tests")
    metrics = dict(LatestMetric.objects.filter(run=test.run).values_list("key", "value"))
    assert metrics["throughput_per_s"] == pytest.approx(30)
    assert metrics["p99_ms"] == pytest.approx(1000 * overall["p99"])
    assert not LoadVerdict.objects.exists()  # two versions answered
    assert ApiToken.objects.get(name=f"Load test {test.pk}").revoked_at is not None
    assert shipped() == 0
    assert not AnswerCount.objects.exists()
    live_routing.here().load_books.close()
    assert list(live_routing.here().load_books.log.folder.iterdir()) == []


@pytest.mark.django_db(transaction=True)
def test_a_search_finds_the_highest_rate_within_the_goal(
    endpoint: Endpoint, by: Actor, address: None, settings: Settings
) -> None:
    settings.LOAD_TEST_RATE = 20
    wanted = replace(WANTED, shape="search", goal_seconds=9.0, goal_rate=10)
    test = finished(endpoint, wanted, by, seconds=0.3, warm_up_seconds=0.1)
    assert test.error == ""
    assert test.verdict == "passed"
    assert test.figures["best_rate"] == 20
    assert test.figures["capacity"] > 0
    assert all(step["kept"] for step in test.figures["steps"])
    missed = replace(wanted, goal_seconds=0.0001)
    set_variants(endpoint, [{"name": "champion", "version": test.version, "weight": 100}], by=by)
    test = finished(endpoint, missed, by, seconds=0.1, warm_up_seconds=0.1)
    assert test.verdict == "failed"
    assert "The goal was missed even at" in test.figures["reasons"][0]
    kept = LoadVerdict.objects.get(version=test.version)
    assert (kept.is_passed, kept.reasons) == (False, test.figures["reasons"])


@pytest.mark.django_db(transaction=True)
def test_one_variant_is_asked_through_units_that_the_split_sends_there(
    endpoint: Endpoint, by: Actor, address: None
) -> None:
    test = finished(
        endpoint, replace(WANTED, variant="challenger", kept=True), by, seconds=0.3, warm_up_seconds=0.1
    )
    assert test.error == ""
    assert test.version == endpoint.variants.get(name="challenger").version
    assert shipped() > 0
    assert set(Prediction.objects.values_list("variant", flat=True)) == {"challenger"}
    kept = LoadVerdict.objects.get(version=test.version)
    assert (kept.is_passed, kept.load_test_id, kept.endpoint_name) == (True, test.pk, "tumour")
    assert kept.figures["p99"] == test.figures["overall"]["p99"]
    assert kept.figures["rate"] == pytest.approx(30)
    assert verdict_json(kept)["is_current"]  # type: ignore[index]  # there is one


def marked(**change: Any) -> dict[str, str]:
    whole = {"load_test_id": 1, "team": "lab", "endpoint": "tumour", "kept": False, "until": time.time() + 60}
    return {"content-type": "application/json", HEADER: sign(Mark(**{**whole, **change}))}


def shaken(headers: dict[str, str]) -> dict[str, str]:
    return {**headers, HEADER: headers[HEADER][::-1]}


@pytest.mark.parametrize(
    ("made", "counted"),
    [
        (lambda: marked(), False),
        (lambda: marked(until=time.time() - 1), True),
        (lambda: marked(endpoint="other"), True),
        (lambda: marked(team="rivals"), True),
        (lambda: shaken(marked()), True),
        (lambda: {**marked(), HEADER: "x" * 100_000}, True),
    ],
)
def test_only_a_mark_of_this_endpoint_keeps_an_answer_out_of_the_books(
    made: Callable[[], dict[str, str]], counted: bool, endpoint: Endpoint, by: Actor
) -> None:
    assert live_routing.predict_as(by, "tumour", ROWS, made())[0] == 200
    assert shipped() == int(counted)
    assert AnswerCount.objects.exists() is counted


def test_a_kept_mark_is_logged_but_not_counted(endpoint: Endpoint, by: Actor) -> None:
    assert live_routing.predict_as(by, "tumour", ROWS, marked(kept=True))[0] == 200
    assert shipped() == 1
    assert not AnswerCount.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_endpoint_that_refuses_is_not_put_under_load(endpoint: Endpoint, by: Actor, address: None) -> None:
    test = finished(endpoint, replace(WANTED, rows="log"), by)
    assert test.state == State.FAILED
    assert "holds no rows" in test.error
    Prediction.objects.create(
        endpoint=endpoint, variant="champion", version=test.version, at=timezone.now(), latency_seconds=0.1,
        input={"shoe size": 43}, output={},
    )  # fmt: skip
    test = finished(endpoint, replace(WANTED, rows="log"), by)
    assert "The endpoint answers 400, so there is nothing to measure" in test.error
    assert test.run is not None
    assert test.run.status == RunStatus.FAILED
    assert not LoadVerdict.objects.exists()


def test_logged_rows_are_replayed_when_there_are_enough(endpoint: Endpoint, by: Actor) -> None:
    test = actions.start_load_test(endpoint, WANTED, by=by)
    version = test.version
    assert rows_of(test)[0] == "generated"
    Prediction.objects.bulk_create(
        Prediction(endpoint=endpoint, variant="champion", version=version, at=timezone.now(), latency_seconds=0.1,
                   input=ROW, output={})
        for _ in range(20)
    )  # fmt: skip
    source, rows = rows_of(test)
    assert (source, rows) == ("log", [ROW] * 20)
    target = target_of(test, rows, token="secret", until=time.time() + 9)
    assert len(target.requests) == 20
    assert b"POST /t/lab/api/v1/endpoints/tumour/invocations HTTP/1.1\r\n" in target.requests[0]


def test_one_at_a_time_until_it_is_cancelled_or_its_job_is_dead(endpoint: Endpoint, by: Actor) -> None:
    first = actions.start_load_test(endpoint, WANTED, by=by)
    with pytest.raises(Conflict, match="is running"):
        actions.start_load_test(endpoint, WANTED, by=by)
    actions.cancel_load_test(first, by=by)
    first = LoadTest.objects.select_related("job").get(pk=first.pk)
    assert first.state == State.CANCELLED
    with pytest.raises(Conflict, match="has ended"):
        actions.cancel_load_test(first, by=by)
    second = actions.start_load_test(endpoint, WANTED, by=by)
    assert second.job is not None
    Job.objects.filter(pk=second.job.pk).update(state=State.FAILED, error="killed", started_at=timezone.now())
    third = actions.start_load_test(endpoint, WANTED, by=by)
    second.refresh_from_db()
    assert (second.error, second.state) == ("killed", State.FAILED)
    assert third.is_live


@pytest.mark.parametrize(
    ("change", "field"),
    [({"shape": "wild"}, "shape"), ({"rate": 1e9}, "rate"), ({"rate": float("nan")}, "rate"),
     ({"seconds": 0.0}, "seconds"), ({"seconds": 601}, "seconds"), ({"connections": 257}, "connections"),
     ({"n_rows": 0}, "n_rows"), ({"warm_up_seconds": 0.0}, "warm_up_seconds"), ({"variant": "x"}, "variant"),
     ({"shape": "search", "goal_seconds": None}, "goal_seconds"), ({"goal_quantile": "p42"}, "goal_quantile"),
     ({"goal_errors": 2.0}, "goal_errors"), ({"rows": "mine"}, "rows"),
     ({"shape": "search", "seconds": 61}, "seconds")],
)  # fmt: skip
def test_what_cannot_be_declared_is_refused_with_its_field(
    change: dict[str, Any], field: str, endpoint: Endpoint, by: Actor
) -> None:
    with pytest.raises(Invalid) as refused:
        actions.start_load_test(endpoint, replace(WANTED, **change), by=by)
    assert refused.value.field == field
    assert not LoadTest.objects.exists()


def test_viewers_and_the_server_itself_start_none_and_the_operator_may_forbid_it(
    endpoint: Endpoint, vera: User, by: Actor, actor_of: Callable[..., Actor], settings: Settings
) -> None:
    for actor in (actor_of(vera), Actor.system(by.team)):
        with pytest.raises(Forbidden):
            actions.start_load_test(endpoint, WANTED, by=actor)
    settings.LOAD_TEST_RATE = 0
    with pytest.raises(Invalid, match="switched load tests off"):
        actions.start_load_test(endpoint, WANTED, by=by)


def test_the_api_starts_lists_shows_and_cancels(endpoint: Endpoint, bob: User, vera: User, api: Api) -> None:
    address, body = "/api/v1/endpoints/tumour/load-tests/", {"shape": "search", "goal_seconds": 0.05}
    assert api(vera).post(address, body, format="json").status_code == 403
    made = api(bob).post(address, body, format="json")
    assert made.status_code == 201, made.json()
    one = f"/api/v1/load-tests/{made.json()['id']}"
    assert api(vera).get(one).json()["declared"]["goal_seconds"] == 0.05
    assert [row["id"] for row in api(vera).get(address).json()["results"]] == [made.json()["id"]]
    assert api(bob).post(address, body, format="json").status_code == 409
    assert api(bob).post(f"{one}/cancel", {}, format="json").json()["state"] == "CANCELLED"
    refused = api(bob).post(address, {"shape": "constant", "rate": -1}, format="json")
    assert (refused.status_code, refused.json()["field"]) == (400, "rate")
    assert api(bob).post(address, {"shape": "constant", "rate": "fast"}, format="json").status_code == 400


FORM = {
    "shape": "constant",
    "rate": "50",
    "seconds": "2",
    "connections": "4",
    "goal_ms": "20",
    "goal_errors": "1",
}


def test_the_pages_start_show_and_cancel(endpoint: Endpoint, bob: User, vera: User, web: Web) -> None:
    client = web(bob)
    assert "New load test" in client.get("/endpoints/tumour/new-load-test").content.decode()
    assert web(vera).get("/endpoints/tumour/new-load-test").status_code == 403
    made = client.post("/endpoints/tumour/new-load-test", FORM)
    test = LoadTest.objects.get()
    assert made["Location"] == f"/load-tests/{test.pk}/"
    assert (test.declared["goal_seconds"], test.declared["goal_errors"]) == (0.02, 0.01)
    assert "Waiting for a worker" in client.get(made["Location"]).content.decode()
    assert "HX-Refresh" not in client.get(made["Location"], headers={"HX-Request": "true"}).headers
    again = client.post("/endpoints/tumour/new-load-test", FORM)
    assert again.status_code == 409
    assert "is running" in again.content.decode()
    client.post(f"/load-tests/{test.pk}/cancel")
    assert "It was cancelled" in client.get(made["Location"]).content.decode()
    assert client.get(made["Location"], headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert f"/load-tests/{test.pk}/" in web(vera).get("/endpoints/tumour/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_the_page_of_a_finished_one_has_verdict_figures_and_charts(
    endpoint: Endpoint, by: Actor, bob: User, web: Web, address: None
) -> None:
    test = finished(endpoint, replace(WANTED, goal_seconds=0.0001), by, seconds=0.4, warm_up_seconds=0.1)
    page = web(bob).get(f"/load-tests/{test.pk}/").content.decode()
    assert "<strong>Failed.</strong> p99 is" in page
    assert 'id="chart-over_time"' in page
    assert 'id="chart-latencies"' in page
    assert "made up from the signature" in page


@pytest.mark.django_db(transaction=True)
def test_a_version_that_changed_during_the_test_gets_no_verdict(
    endpoint: Endpoint, by: Actor, address: None
) -> None:
    wanted = replace(WANTED, variant="challenger")
    test = actions.start_load_test(endpoint, wanted, by=by)
    actions.begin_run(test, by=by)
    assert test.figures["served"]
    test.version.files.filter(format="joblib").delete()
    actions.end_load_test(test, histogram={"n": 1}, reasons=[], by=by)
    assert (test.verdict, LoadVerdict.objects.count()) == ("passed", 0)


def test_rows_for_a_model_from_outside_have_gaps_only_where_its_example_has(
    endpoint: Endpoint, by: Actor
) -> None:
    test = actions.start_load_test(endpoint, WANTED, by=by)
    version, (first, second, *_) = test.version, ROW
    fields = [{**one, "required": False} for one in version.served_signature["inputs"]]
    version.signature = {**version.served_signature, "inputs": fields}
    version.input_example = [ROW, {**ROW, second: None}]
    assert any(row[first] is None for row in rows_of(test)[1])
    file = version.files.get(format="joblib").file
    version.files.update(trained_here=False)
    Compilation.objects.update_or_create(version=version, defaults={"file": file})
    rows = rows_of(test)[1]
    assert not any(row[first] is None for row in rows)
    assert any(row[second] is None for row in rows)
