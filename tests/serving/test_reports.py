"""Reports of an endpoint: made when due, once; what they say; told through channels; the doors to all of it."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, Team, User
from mlregistry.errors import Invalid
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from mlregistry.jobs.prices import Prices
from mlregistry.notices.models import Channel, Delivery, InboxEntry, Notice
from models_app.actions.aliases import set_alias
from models_app.models import ModelVersion
from serving.actions import reports as actions
from serving.actions.alert_declarations import Declaration
from serving.actions.alert_rules import create_alert_rule
from serving.actions.endpoints import set_variants
from serving.actions.report_schedules import schedule_reports
from serving.models import (
    AbTest,
    AbTestLook,
    AlertEvent,
    AnswerCount,
    Endpoint,
    EndpointReport,
    ReportSchedule,
)
from serving.queries import reports as queries
from serving.report_periods import Period
from serving.report_words import headline, summary
from tests.models_app.trained import FEATURES
from tests.serving.drifting import count_all, log_rows, some_rows

Api = Callable[..., APIClient]
Web = Callable[[User], Client]
MONDAY = datetime(2026, 3, 9, tzinfo=UTC)
WEEK = Period(MONDAY - timedelta(days=7), MONDAY)


def quiet(fraction: float, message: str) -> None:
    assert 0 <= fraction <= 1


def answers(endpoint: Endpoint, hour: datetime, n: int, *, status: int = 200, seconds: float = 0.003) -> None:
    histogram = [0] * 15
    histogram[3 if seconds < 0.005 else 6] = n
    AnswerCount.objects.create(
        endpoint=endpoint, variant="champion", version_id=1, status=status, hour=hour, n_requests=n, n_rows=n,
        seconds=n * seconds, histogram=histogram,
    )  # fmt: skip


def made(row: EndpointReport) -> EndpointReport:
    assert row.job is not None
    job = run_here(row.job)
    assert job.state == State.SUCCEEDED, job.error
    row.refresh_from_db()
    return row


def test_a_report_is_made_when_its_period_has_ended_and_told_once(
    endpoint: Endpoint, by: Actor, bob: User, vera: User
) -> None:
    schedule_reports(endpoint, rhythm="weekly", hour=6, now=MONDAY - timedelta(days=3), by=by)
    assert actions.tend(MONDAY + timedelta(hours=5, minutes=59)) == 0
    assert actions.tend(MONDAY + timedelta(hours=6)) == 1
    assert actions.tend(MONDAY + timedelta(hours=6)) == 0
    row = EndpointReport.objects.get()
    assert (row.since, row.until, row.rhythm) == (WEEK.since, WEEK.until, "weekly")
    assert ReportSchedule.objects.get().next_at == MONDAY + timedelta(days=7, hours=6)
    row = made(row)
    assert row.told
    notice = Notice.objects.get(kind="report.made")
    assert notice.link == f"/reports/{row.pk}/"
    assert notice.title == row.headline
    assert {entry.user.username for entry in InboxEntry.objects.filter(notice=notice)} == {"bob", "vera"}
    actions.keep_document(row.pk, {"endpoint": {}})
    row.refresh_from_db()
    assert row.document is not None
    assert row.document["endpoint"]["name"] == endpoint.name
    assert Notice.objects.filter(kind="report.made").count() == 1


def test_of_missed_periods_the_last_one_is_made(endpoint: Endpoint, by: Actor) -> None:
    schedule_reports(endpoint, rhythm="daily", hour=0, now=MONDAY - timedelta(days=30), by=by)
    assert actions.tend(MONDAY) == 1
    assert EndpointReport.objects.get().until == MONDAY
    ReportSchedule.objects.update(next_at=MONDAY)  # as a scheduler that remembers an older time
    assert actions.tend(MONDAY) == 0
    ReportSchedule.objects.update(next_at=MONDAY, enabled=False)
    assert actions.tend(MONDAY + timedelta(days=2)) == 0


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_make_one_report(endpoint: Endpoint, by: Actor) -> None:
    schedule_reports(endpoint, rhythm="daily", hour=0, now=MONDAY - timedelta(days=1), by=by)
    held, over = threading.Event(), threading.Event()

    def first() -> None:
        with transaction.atomic():
            list(ReportSchedule.objects.select_for_update())
            held.set()
            over.wait(20)
        connection.close()

    other = threading.Thread(target=first)
    other.start()
    try:
        assert held.wait(20)
        assert actions.tend(MONDAY) == 0  # the other one has it
    finally:
        over.set()
        other.join()
    assert actions.tend(MONDAY) == 1
    assert EndpointReport.objects.count() == 1


def test_traffic_is_told_beside_the_period_before(endpoint: Endpoint) -> None:
    answers(endpoint, WEEK.since, 60)
    answers(endpoint, WEEK.since + timedelta(days=2, hours=5), 30, seconds=0.03)
    answers(endpoint, WEEK.since + timedelta(days=2, hours=5), 10, status=503)
    answers(endpoint, WEEK.since + timedelta(hours=1), 5, status=400)
    answers(endpoint, WEEK.since - timedelta(hours=1), 50)
    answers(endpoint, WEEK.until, 1000)
    found = queries.document(endpoint, "weekly", WEEK, now=MONDAY, report=quiet)
    now, former = found["traffic"]["now"], found["traffic"]["before"]
    assert (now["n_requests"], now["n_errors"], now["n_mistakes"]) == (105, 10, 5)
    assert now["error_rate"] == pytest.approx(0.1)
    assert 0.0025 <= now["p50"] <= 0.005
    assert 0.025 <= now["p99"] <= 0.05
    assert former["n_requests"] == 50
    days = {day["day"]: day for day in found["days"]}
    assert len(days) == 7
    assert days["2026-03-04"] == {"day": "2026-03-04", "n_requests": 40, "n_errors": 10}
    assert days["2026-03-03"]["n_requests"] == 0
    assert "105 requests (+110 %)" in " ".join(summary(found))


def test_what_was_changed_is_told_with_who_did_it(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor
) -> None:
    set_variants(endpoint, [{"name": "champion", "version": versions[1], "weight": 100}], by=by)
    set_alias(versions[1].model, "champion", versions[1], by=by)
    AuditEvent.objects.create(
        team=by.team, action="endpoint.update", target_type="serving.endpoint", target_id="0",
        target_name="o", via="web",
    )  # fmt: skip
    now = timezone.now()
    of = Period(now - timedelta(hours=2), now + timedelta(minutes=1))
    found = queries.document(endpoint, "asked", of, now=now, report=quiet)
    told = {line["action"]: line for line in found["changes"]}
    assert told["endpoint.set_variants"]["details"] == "champion tumour v2 100 %"
    assert told["endpoint.set_variants"]["who"] == "bob"
    assert told["alias.set"]["details"].startswith("champion → v2")
    assert "endpoint.update" not in told
    assert found["variants"] == [
        {"name": "champion", "model": "tumour", "version": 2, "weight": 100.0, "aliases": ["champion"]}
    ]
    assert found["n_changes"] == len(found["changes"])


def test_a_test_is_told_with_what_its_last_look_saw(endpoint: Endpoint, vera: User, web: Web) -> None:
    test = AbTest.objects.create(
        endpoint=endpoint, name="new prices", mode="split", state="promoted", control="champion", winner="challenger",
        versions={}, metric="accuracy", horizon=100, look_at=MONDAY, started_at=WEEK.since - timedelta(days=3),
        ended_at=WEEK.since + timedelta(days=1), reason="It won.",
    )  # fmt: skip
    seen = [
        {"variant": "champion", "value": 0.81, "n_units": 40, "best": 0.02},
        {"variant": "challenger", "value": 0.9},
    ]
    AbTestLook.objects.create(test=test, at=WEEK.since + timedelta(hours=20), figures={"variants": seen})
    AbTestLook.objects.create(test=test, at=WEEK.until + timedelta(hours=1), figures={})
    found = queries.document(endpoint, "weekly", WEEK, now=MONDAY, report=quiet)
    assert found["tests"][0]["variants"][0] == seen[0]
    later = Period(MONDAY, MONDAY + timedelta(days=7))
    assert queries.document(endpoint, "weekly", later, now=MONDAY, report=quiet)["tests"] == []
    row = EndpointReport.objects.create(
        endpoint=endpoint, rhythm="weekly", since=WEEK.since, until=WEEK.until
    )
    actions.keep_document(row.pk, found)
    shown = web(vera).get(f"/reports/{row.pk}/").content.decode()
    assert "challenger won. It won." in shown
    assert "0.8100" in shown


def test_drift_quality_and_alerts_are_told(
    watched: Endpoint, by: Actor, vera: User, web: Web, tmp_path: Path
) -> None:
    now = timezone.now()
    log_rows(watched, some_rows(300, shift=2), tmp_path, at=now - timedelta(minutes=2))
    count_all(watched)
    wanted = Declaration(name="slow", figure="latency_p99", threshold=0.1)
    rule = create_alert_rule(watched, wanted, by=by)
    AlertEvent.objects.create(
        rule=rule, at=now, former="ok", state="firing", value=0.4, text="p99 is 400 ms."
    )
    of = Period(now - timedelta(days=1), now + timedelta(seconds=1))
    found = queries.document(watched, "asked", of, now=now + timedelta(seconds=1), report=quiet)
    report = found["drift"]["report"]
    assert report["columns"][0]["name"] == f"input:{FEATURES[0]}"
    assert report["columns"][0]["drifted"]
    assert found["alerts"]["n_fired"] == 1
    assert found["alerts"]["events"][0]["text"] == "p99 is 400 ms."
    assert found["quality"][0]["now"]["n"] == 300
    assert "1 alert" in headline(found)
    assert "drift" in headline(found)
    row = EndpointReport.objects.create(endpoint=watched, rhythm="asked", since=of.since, until=of.until)
    actions.keep_document(row.pk, found)
    shown = web(vera).get(f"/reports/{row.pk}/").content.decode()
    assert "p99 is 400 ms." in shown
    assert 'class="overlay drawn' in shown
    assert "data-print" in shown
    assert "Delete this report" not in shown


def test_what_it_cost_is_that_of_its_answers_and_jobs_at_the_operators_price(
    endpoint: Endpoint, team: Team, settings: Settings
) -> None:
    settings.PRICES = Prices(cpu_hour=3.6, currency="EUR")
    answers(endpoint, WEEK.since, 100, seconds=0.5)
    when = {"started_at": WEEK.since + timedelta(hours=1), "team": team, "title": "t"}
    mine = {"args": {"endpoint_id": endpoint.pk}, "kind": "serving.watch_drift"}
    Job.objects.create(**when, **mine, cpu_seconds=20.0, cost=0.02)
    Job.objects.create(**when, kind="experiments.train", cpu_seconds=500.0, cost=0.5)
    found = queries.document(endpoint, "weekly", WEEK, now=MONDAY, report=quiet)["cost"]
    assert found["now"]["answering_seconds"] == pytest.approx(50.0)
    assert found["now"]["job_cpu_seconds"] == 20.0
    assert found["now"]["money"] == pytest.approx(0.05 + 0.02)
    assert found["now"]["jobs"] == [
        {"kind": "serving.watch_drift", "n": 1, "cpu_seconds": 20.0, "money": 0.02}
    ]
    settings.PRICES = Prices()
    assert (
        queries.document(endpoint, "weekly", WEEK, now=MONDAY, report=quiet)["cost"]["now"]["money"] is None
    )


def test_the_api_makes_lists_and_tells(
    endpoint: Endpoint, bob: User, vera: User, charlie: User, api: Api
) -> None:
    place = f"/api/v1/endpoints/{endpoint.name}/reports/"
    sent = {"from": "2026-03-02T00:00:00Z", "to": "2026-03-09T00:00:00Z"}
    assert api(vera).post(place, sent, format="json").status_code == 403
    answer = api(bob).post(place, sent, format="json")
    assert (answer.status_code, answer.json()["state"]) == (202, "QUEUED")
    row = made(EndpointReport.objects.get())
    assert not row.told
    found = api(vera).get(f"/api/v1/reports/{row.pk}").json()
    assert found["document"]["window"]["since"].startswith("2026-03-02T00:00:00")
    assert found["summary"][0] == "Nobody asked it anything."
    listed = api(vera).get(place).json()["results"]
    assert listed[0]["headline"] == f"{endpoint.name}, 2 to 8 March 2026: nothing unusual"
    assert "document" not in listed[0]
    assert api(charlie).get(f"/api/v1/reports/{row.pk}").status_code == 404
    assert api(vera).delete(f"/api/v1/reports/{row.pk}").status_code == 403
    assert api(bob).delete(f"/api/v1/reports/{row.pk}").status_code == 204
    assert api(bob).get(f"/api/v1/reports/{row.pk}").status_code == 404


@pytest.mark.parametrize(
    "sent",
    [
        {}, {"from": "2026-03-02T00:00:00Z"}, {"from": "x", "to": "2026-03-02T00:00:00Z"},
        {"from": "2026-03-02T00:00:00Z", "to": "2026-03-02T00:10:00Z"},
        {"from": "2020-03-02T00:00:00Z", "to": "2026-03-02T00:00:00Z"},
        {"from": "2999-03-02T00:00:00Z", "to": "2999-04-02T00:00:00Z"},
    ],
)  # fmt: skip
def test_a_time_that_cannot_be_reported_names_its_end(
    endpoint: Endpoint, bob: User, api: Api, sent: dict[str, str]
) -> None:
    answer = api(bob).post(f"/api/v1/endpoints/{endpoint.name}/reports/", sent, format="json")
    assert (answer.status_code, answer.json()["field"] in ("from", "to")) == (400, True)
    assert not EndpointReport.objects.exists()


def test_the_schedule_is_declared_by_api(
    endpoint: Endpoint, bob: User, vera: User, api: Api, team: Team, other_team: Team
) -> None:
    place = f"/api/v1/endpoints/{endpoint.name}/report-schedule"
    assert api(vera).get(place).json()["enabled"] is False
    mail = Channel.objects.create(team=team, kind="email", name="m", emails=["dan@example.org"])
    sent = {"rhythm": "monthly", "hour": 3, "channels": [mail.pk]}
    assert api(vera).put(place, sent, format="json").status_code == 403
    found = api(bob).put(place, sent, format="json").json()
    assert (found["rhythm"], found["hour"], found["channels"], found["enabled"]) == (
        "monthly",
        3,
        [mail.pk],
        True,
    )
    assert found["next_at"]
    foreign = Channel.objects.create(team=other_team, kind="email", name="f", emails=["eve@example.org"])
    for wrong, field in (
        ({"rhythm": "hourly"}, "rhythm"), ({"hour": 24}, "hour"), ({"channels": [foreign.pk]}, "channels"),
        ({"channels": "all"}, "channels"),
    ):  # fmt: skip
        answer = api(bob).put(place, wrong, format="json")
        assert answer.status_code in (400, 404)
        assert answer.json()["field"] == field
    ReportSchedule.objects.update(next_at=MONDAY)
    assert actions.tend(MONDAY) == 1
    made(EndpointReport.objects.get())
    assert Delivery.objects.filter(channel=mail).count() == 1


def test_an_action_checks_what_doors_let_through(endpoint: Endpoint, by: Actor, other_team: Team) -> None:
    foreign = Channel.objects.create(team=other_team, kind="email", name="f", emails=["eve@example.org"])
    with pytest.raises(Invalid, match="another team"):
        schedule_reports(endpoint, channels=[foreign], by=by)
    with pytest.raises(Invalid, match="at most 20"):
        schedule_reports(endpoint, channels=[foreign] * 21, by=by)
    with pytest.raises(Invalid, match="hour"):
        schedule_reports(endpoint, hour=-1, by=by)


def test_the_page_saves_the_schedule_and_makes_a_report(
    endpoint: Endpoint, bob: User, vera: User, web: Web
) -> None:
    page = f"/endpoints/{endpoint.name}/reports/"
    assert "No report yet" in web(vera).get(page).content.decode()
    assert web(vera).post(page).status_code == 403
    sent = {"rhythm": "daily", "hour": "4", "enabled": "on", "channels": ["inbox"]}
    assert web(bob).post(page, sent).status_code == 302
    assert ReportSchedule.objects.get().channels.get().kind == "inbox"
    refused = web(bob).post(page, {**sent, "hour": "99"})
    assert (refused.status_code, "between 0 and 23" in refused.content.decode()) == (400, True)
    assert web(bob).post(page, {**sent, "channels": ["x"]}).status_code == 400
    assert web(vera).post(f"{page}make").status_code == 403
    assert web(bob).post(f"{page}make", {"days": "5000"}).status_code == 302
    assert not EndpointReport.objects.exists()
    assert web(bob).post(f"{page}make", {"days": "30"}).status_code == 302
    row = EndpointReport.objects.get()
    assert "Waiting for a worker" in web(vera).get(f"/reports/{row.pk}/").content.decode()
    made(row)
    shown = web(vera).get(f"/reports/{row.pk}/").content.decode()
    assert "Nobody asked it anything." in shown
    assert "What it cost" in shown
    assert row.since.strftime("%Y") in web(vera).get(page).content.decode()
    assert web(bob).post(f"/reports/{row.pk}/delete").status_code == 302
    assert not EndpointReport.objects.exists()


def test_a_report_that_cannot_be_made_says_why(
    endpoint: Endpoint, by: Actor, vera: User, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = actions.ask_report(endpoint, MONDAY - timedelta(days=1), MONDAY, by=by)
    assert row.job is not None
    monkeypatch.setattr("serving.workers.reports.document", lambda *args, **more: 1 / 0)
    assert run_here(row.job).state == State.FAILED
    row.refresh_from_db()
    assert (row.state, "ZeroDivisionError" in row.error) == (State.FAILED, True)
    assert "It could not be made." in web(vera).get(f"/reports/{row.pk}/").content.decode()
    with pytest.raises(Invalid, match="deleted"):
        actions.keep_document(row.pk + 1, {})


def test_a_report_whose_job_was_removed_says_what_to_do(endpoint: Endpoint, vera: User, web: Web) -> None:
    now = timezone.now()
    row = EndpointReport.objects.create(
        endpoint=endpoint, rhythm="weekly", since=now - timedelta(days=7), until=now
    )
    page = web(vera).get(f"/reports/{row.pk}/")
    assert page.status_code == 200
    assert "Make it again" in page.content.decode()


def test_only_so_many_reports_wait_and_are_kept(
    endpoint: Endpoint, by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST_ASKED", 2)
    monkeypatch.setattr(actions, "MOST_KEPT", 1)
    rows = [actions.ask_report(endpoint, MONDAY - timedelta(days=n), MONDAY, by=by) for n in (1, 2)]
    with pytest.raises(Exception, match="are being made"):
        actions.ask_report(endpoint, WEEK.since, MONDAY, by=by)
    made(rows[1])
    assert EndpointReport.objects.count() == 1
