"""What a job uses is measured, priced, drawn, summed up and estimated; budgets warn, refuse and stop."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, Team, User
from mlregistry.env import EnvironmentMistake
from mlregistry.errors import Conflict, Invalid
from mlregistry.jobs import memory, metering, prices, queue, spending
from mlregistry.jobs.actions.budgets import set_budget
from mlregistry.jobs.actions.jobs import resume, retry
from mlregistry.jobs.claiming import claim_named
from mlregistry.jobs.engines import QUEUES
from mlregistry.jobs.memory import Reading
from mlregistry.jobs.metering import Meter
from mlregistry.jobs.models import Budget, Job, JobSamples, State
from mlregistry.jobs.prices import Prices
from mlregistry.jobs.queries import usage

from .conftest import Engine, wait_for, wait_until_ended

Submit = Callable[..., Job]
Api = Callable[..., APIClient]
Web = Callable[[User], Client]
ActorOf = Callable[..., Actor]


@pytest.fixture(autouse=True)
def quiet_queue(settings: Settings) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend", "QUEUES": QUEUES}}
    settings.PRICES = Prices(cpu_hour=1.0, currency="EUR")


def used(team: Team, *, hours: float = 1.0, **columns: Any) -> Job:
    """A job that succeeded this month and took so many processor hours, at 1 EUR each."""
    now = timezone.now()
    values = {
        "kind": "tests.fail",
        "title": "t",
        "state": State.SUCCEEDED,
        "started_at": now,
        "wall_seconds": 60.0,
    }
    values |= {"cpu_seconds": hours * 3600, "cost": hours, "peak_memory_mb": 500.0}
    return Job.objects.create(team=team, **values | columns)


# ---------------------------------------------------------------- measuring


@pytest.mark.parametrize("engine", ["db"], indirect=True)
def test_a_job_tells_what_it_used_phase_by_phase(engine: Engine, submit: Submit, settings: Settings) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": QUEUES}}
    job = wait_until_ended(submit("work"))
    assert job.state == State.SUCCEEDED, job.error
    assert job.cpu_seconds is not None
    assert 1.0 < job.cpu_seconds < 60
    assert job.gb_seconds > 0.02
    assert job.wall_seconds > 2.0
    assert job.bytes_written >= 20_000_000
    assert job.bytes_read >= 20_000_000
    phases = dict(job.phases)
    assert list(phases) == ["start", "spin", "move"]
    assert phases["spin"] > 1.0
    assert sum(phases.values()) == pytest.approx(job.wall_seconds, abs=0.5)
    samples = JobSamples.objects.get(job=job)
    assert len(samples.seconds) >= 2
    assert max(samples.processors) > 0.02  # of a machine that others may use too
    assert {len(getattr(samples, name)) for name in metering.SERIES} == {len(samples.seconds)}


def test_the_samples_of_a_long_job_are_thinned_and_span_all_of_it(
    monkeypatch: pytest.MonkeyPatch, submit: Submit
) -> None:
    readings = iter(Reading(100.0, float(n), n, 0) for n in range(5000))
    monkeypatch.setattr(memory, "read", lambda pid: next(readings))
    job = submit("fail")
    attempt = claim_named(str(job.pk), worker="w", pid=1)
    assert attempt is not None
    meter = Meter(attempt, 1, 0.0)
    for second in range(4000):
        meter.tick(float(second))
    at = meter.series["seconds"]
    assert 300 <= len(at) < metering.MOST_SAMPLES
    assert at[0] < 20
    assert at[-1] > 3980
    assert meter.columns(4000.0)["gb_seconds"] == pytest.approx(4000 * 100 / 1024, rel=0.01)


def test_attempts_add_up_on_the_job(submit: Submit, settings: Settings) -> None:
    settings.PRICES = Prices(cpu_hour=3600.0)
    job = submit("fail")
    Job.objects.filter(pk=job.pk).update(cpu_seconds=5.0, cost=5.0, wall_seconds=7.0, peak_memory_mb=900.0)
    attempt = claim_named(str(job.pk), worker="w", pid=1)
    assert attempt is not None
    meter = Meter(attempt, 1, 10.0)
    meter.end(12.0, cpu_seconds=2.0, peak_mb=100.0)
    columns = meter.columns(12.0)
    assert (columns["cpu_seconds"], columns["cost"], columns["wall_seconds"]) == (7.0, 7.0, 9.0)
    assert columns["peak_memory_mb"] == 900.0


def test_phases_without_end_are_put_together(submit: Submit) -> None:
    attempt = claim_named(str(submit("fail").pk), worker="w", pid=1)
    assert attempt is not None
    meter = Meter(attempt, 1, 0.0)
    for n in range(50):
        meter.enter(f"{n:03}" * 50, float(n))
    assert len(meter.phases) <= metering.MOST_PHASES + 1
    assert max(len(name) for name in meter.phases) <= metering.LONGEST_PHASE
    assert sum(meter.phases.values()) == 49.0


def test_prices_are_read_and_nonsense_is_refused() -> None:
    found = prices.parse("cpu_hour=0.04, gb_hour=0.005,gpu_hour=1.2,currency=EUR")
    assert found == Prices(0.04, 0.005, 1.2, "EUR")
    assert found.cost(cpu_seconds=3600, gb_seconds=7200, gpu_seconds=1800) == pytest.approx(0.65)
    assert not prices.parse("").are_set
    for text in ("cpu_hour", "cpu_hour=x", "cpu=1", "cpu_hour=-1", "cpu_hour=nan"):
        with pytest.raises(EnvironmentMistake, match="MLREGISTRY_PRICES"):
            prices.parse(text)


# ---------------------------------------------------------------- sums


def test_usage_is_summed_by_month_kind_and_person(team: Team, other_team: Team, bob: User) -> None:
    used(team, created_by=bob)
    used(team, hours=2.0, created_by=bob)
    used(team, hours=4.0, kind="tests.talk")
    used(team, started_at=timezone.now() - timedelta(days=40))
    used(other_team)
    rows = usage.rows(team, usage.parsed_month(""))
    assert [(row["kind"], row["person"], row["n_jobs"], row["cost"]) for row in rows] == [
        ("tests.talk", "", 1, 4.0),
        ("tests.fail", "bob", 2, 3.0),
    ]
    assert [row["cost"] for row in usage.by(rows, "team")] == [7.0]
    assert len(usage.rows(team, usage.months_back()[0], spending.after_month(usage.months_back()[-1]))) == 3


def test_months_are_counted_over_the_turn_of_a_year() -> None:
    assert spending.after_month(datetime(2026, 12, 1, tzinfo=UTC)) == datetime(2027, 1, 1, tzinfo=UTC)
    months = usage.months_back()
    assert len(months) == 12
    assert [spending.after_month(month) for month in months[:-1]] == months[1:]
    for text in ("2026", "2026-13", "1026-01", "x"):
        with pytest.raises(Invalid):
            usage.parsed_month(text)


def test_the_usage_page_and_file_are_for_owners(
    web: Web, api: Api, team: Team, alice: User, bob: User
) -> None:
    used(team, created_by=bob)
    page = web(alice).get("/jobs/usage/")
    assert page.status_code == 200
    assert "1.00 EUR" in page.content.decode()
    text = web(alice).get("/jobs/usage.csv").content.decode()
    assert text.splitlines()[0].startswith("month,team,kind,person,n_jobs")
    assert ",tests.fail,bob,1,1.000000," in text
    assert api(alice).get("/api/v1/usage").json()[0]["cost"] == 1.0
    for address in ("/jobs/usage/", "/jobs/usage.csv"):
        assert web(bob).get(address).status_code == 403
    assert api(bob).get("/api/v1/usage").status_code == 403
    assert api(alice).get("/api/v1/usage?month=soon").status_code == 400


def test_a_person_that_is_called_like_a_formula_is_made_harmless() -> None:
    row = dict.fromkeys(usage.COLUMNS, 0) | {"person": "=1+1", "cost": -1.5}
    cells = list(usage.lines([row]))[1]
    assert "'=1+1" in cells
    assert "-1.500000" in cells


# ---------------------------------------------------------------- budgets


def test_a_budget_warns_then_refuses_with_what_to_do(
    web: Web, team: Team, alice: User, bob: User, actor_of: ActorOf
) -> None:
    set_budget(money=10.0, cpu_hours=None, by=actor_of(alice))
    used(team, hours=8.5)
    assert "nearly used up" in web(bob).get("/jobs/").content.decode()
    used(team, hours=2.0)
    assert "used up" in web(bob).get("/jobs/").content.decode()
    with pytest.raises(Conflict, match=r"10\.50 of 10\.00 EUR.* An owner can raise it"):
        queue.enqueue("tests.fail", args={}, team=team, title="x", by=actor_of(bob))
    failed = used(team, state=State.FAILED)
    with pytest.raises(Conflict, match="used up"):
        retry(failed, by=actor_of(bob))
    paused = used(team, state=State.PAUSED)
    with pytest.raises(Conflict, match="used up"):
        resume(paused, by=actor_of(bob))
    queue.enqueue("tests.fail", args={}, team=team, title="the server's own", by=None)
    set_budget(money=100.0, cpu_hours=None, by=actor_of(alice))
    assert queue.enqueue("tests.fail", args={}, team=team, title="x", by=actor_of(bob)).state == State.QUEUED


def test_processor_hours_are_a_budget_too_and_last_month_does_not_count(
    team: Team, alice: User, actor_of: ActorOf
) -> None:
    set_budget(money=None, cpu_hours=2.0, by=actor_of(alice))
    used(team, hours=9.0, started_at=timezone.now() - timedelta(days=40))
    found = spending.standing(team)
    assert found is not None
    assert found.share == 0.0
    used(team, hours=1.7)
    found = spending.standing(team)
    assert found is not None
    assert found.is_nearly_used_up
    assert found.told == "1.70 of 2.00 processor hours"


def test_jobs_over_the_budget_are_stopped_with_the_reason_and_upkeep_goes_on(
    team: Team, other_team: Team, alice: User, actor_of: ActorOf, settings: Settings
) -> None:
    settings.JOB_KINDS_OUTSIDE_BUDGETS = {"tests.talk"}
    running, waiting = used(team, state=State.RUNNING), used(team, state=State.QUEUED, created_by=alice)
    upkeep, theirs = used(team, state=State.RUNNING, kind="tests.talk"), used(other_team, state=State.RUNNING)
    assert spending.stop_over_budget() == 0
    set_budget(money=1.0, cpu_hours=None, by=actor_of(alice))
    assert spending.stop_over_budget() == 2
    assert spending.stop_over_budget() == 0
    for job in (running, waiting, upkeep, theirs):
        job.refresh_from_db()
    assert running.cancel_requested_at is not None
    assert "used up its budget" in running.stop_reason
    assert (waiting.state, waiting.error) == (State.FAILED, running.stop_reason)
    assert upkeep.cancel_requested_at is None
    assert theirs.cancel_requested_at is None


@pytest.mark.parametrize("engine", ["db"], indirect=True)
def test_a_running_job_that_is_stopped_for_the_budget_fails_with_the_reason(
    engine: Engine, submit: Submit, settings: Settings
) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": QUEUES}}
    team = Team.objects.create(name="Spenders", slug="spenders")
    job = submit("sleep", args={"seconds": 600})
    Job.objects.filter(pk=job.pk).update(team=team)
    wait_for(lambda: Job.objects.filter(pk=job.pk, state=State.RUNNING, wall_seconds__gt=0).exists())
    Budget.objects.create(team=team, cpu_hours=0.0)
    assert spending.stop_over_budget() == 1
    wait_until_ended(job)
    assert job.state == State.FAILED
    assert job.error.startswith("Spenders has used up its budget")


def test_an_owner_stays_within_what_the_operator_grants(
    team: Team, alice: User, actor_of: ActorOf, api: Api
) -> None:
    by = actor_of(alice)
    Budget.objects.create(team=team, most_money=10.0)
    with pytest.raises(Invalid, match="at most 10") as caught:
        set_budget(money=20.0, cpu_hours=None, by=by)
    assert caught.value.field == "money"
    set_budget(money=5.0, cpu_hours=100.0, by=by)
    used(team, hours=6.0)
    with pytest.raises(Conflict, match="An owner can raise it"):
        spending.refuse_over_budget(team, "tests.fail")
    set_budget(money=None, cpu_hours=None, by=by)
    spending.refuse_over_budget(team, "tests.fail")
    used(team, hours=6.0)
    with pytest.raises(Conflict, match=r"12\.00 of 10\.00 EUR\. The operator of this server grants no more"):
        spending.refuse_over_budget(team, "tests.fail")
    told = api(alice).get("/api/v1/budget").json()
    assert (told["money"], told["most_money"], told["used_share"]) == (None, 10.0, 1.2)


def test_a_budget_is_set_by_owners_with_sense_and_kept_in_the_audit(
    api: Api, web: Web, alice: User, bob: User, team: Team
) -> None:
    assert api(alice).put("/api/v1/budget", {"money": 5}, format="json").json()["used_share"] == 0.0
    assert api(bob).get("/api/v1/budget").json()["money"] == 5.0
    assert api(bob).put("/api/v1/budget", {"money": 9}, format="json").status_code == 403
    for wrong in ({"money": -1}, {"money": "much"}, {"cpu_hours": 1e300}, {"money": 1e308}):
        assert api(alice).put("/api/v1/budget", wrong, format="json").status_code == 400
    assert web(alice).post("/jobs/usage/", {"money": "-3", "cpu_hours": ""}).status_code == 400
    assert web(alice).post("/jobs/usage/", {"money": "", "cpu_hours": "7,5"}).status_code == 302
    assert Budget.objects.get(team=team).cpu_hours == 7.5
    assert web(alice).post("/jobs/usage/", {"money": "", "cpu_hours": ""}).status_code == 302
    assert spending.standing(team) is None
    assert AuditEvent.objects.filter(action="budget.set").count() == 3


# ---------------------------------------------------------------- estimates


def test_an_estimate_needs_three_jobs_like_it_and_prefers_the_same_parts(
    api: Api, team: Team, vera: User, settings: Settings
) -> None:
    settings.JOB_KINDS = settings.JOB_KINDS | {"experiments.train": "x"}
    ask = {"kind": "experiments.train", "n_rows": 1000, "n_columns": 10, "parts": ["tree", "dummy"]}

    def answer(**changes: Any) -> Any:
        return api(vera).post("/api/v1/jobs/estimate", ask | changes, format="json").json()

    assert answer()["state"] == "not_enough"
    for seconds in (10.0, 20.0, 30.0):
        used(team, kind="experiments.train", n_cells=20_000, parts=["a", "b", "c", "d"], wall_seconds=seconds)
    found = answer()
    assert (found["state"], found["n_jobs"], found["same_parts"]) == ("estimated", 3, False)
    assert found["seconds"] == {"low": 6.0, "median": 10.0, "high": 14.0}
    assert found["memory_mb"]["median"] == 500.0
    assert found["currency"] == "EUR"
    for seconds in (1.0, 2.0, 3.0):
        used(team, kind="experiments.train", n_cells=9_000, parts=["dummy", "tree"], wall_seconds=seconds)
    found = answer()
    assert (found["same_parts"], found["seconds"]["median"]) == (True, 2.0)
    assert answer(n_rows=1_000_000)["state"] == "not_enough"
    assert answer(n_rows=None)["status"] == 400
    assert answer(kind="nonsense")["status"] == 400
