"""The operator's console: what it shows, to whom, at what cost; lists that stay quick; buttons that call actions."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mlregistry import admin_lists
from mlregistry.accounts.models import ApiToken, AuditEvent, Membership, Team, User, UserSession
from mlregistry.console.queries import health, overview, storage
from mlregistry.errors import Invalid
from mlregistry.jobs.actions.workers import ALIVE_SECONDS, Pulse, forget_gone, own_name
from mlregistry.jobs.models import Job, State, WorkerProcess

Web = Callable[[User], Client]


@pytest.fixture
def operator(alice: User) -> User:
    alice.is_staff = alice.is_superuser = True
    alice.save()
    return alice


@pytest.fixture
def busy(team: Team) -> None:
    """A worker that runs a job, one that is silent, waiting and failed jobs."""
    now = timezone.now()
    WorkerProcess.objects.create(name="host:1", engine="db", queues=["cpu"], n_slots=2, version="1")
    silent = now - timedelta(seconds=ALIVE_SECONDS + 5)
    WorkerProcess.objects.create(name="host:2", engine="db", version="1", beat_at=silent)
    WorkerProcess.objects.create(name="host:1/scheduler", engine="scheduler", version="1")
    for title, state, worker in (
        ("Fit", State.RUNNING, "host:1:77"), ("Lost", State.RUNNING, "host:2:5"), ("Later", State.QUEUED, ""),
        ("Broke", State.FAILED, ""),
    ):  # fmt: skip
        Job.objects.create(
            team=team, kind="experiments.train", title=title, state=state, worker=worker, error="why"
        )


def test_the_console_shows_how_the_server_does(operator: User, busy: None, web: Web) -> None:
    page = web(operator).get("/admin/")
    text = page.content.decode()
    assert page.status_code == 200
    for words in (
        "Health",
        "answers in",
        "host:1",
        "silent",
        "Fit",
        "Broke",
        "Largest".lower(),
        "all migrations",
    ):
        assert words in text, words
    assert "style=" not in text
    assert text.count("<script") == text.count("<script src=")


def test_the_console_asks_the_same_number_of_queries_whatever_happens(
    operator: User, busy: None, team: Team, web: Web
) -> None:
    client = web(operator)
    client.get("/admin/")
    before = _n_queries(client)
    for n in range(10):
        Job.objects.create(team=team, kind="k", title=f"{n}", state=State.FAILED)
        Job.objects.create(team=team, kind="k", title=f"{n}", state=State.RUNNING, worker=f"host:1:{n}")
        WorkerProcess.objects.create(name=f"host:{n + 10}", engine="rq", version="1")
        ApiToken.objects.create(user=operator, name=f"t{n}", digest=bytes([n]) * 32, scopes=["read"],
                                expires_at=timezone.now() + timedelta(days=1), last_used_at=timezone.now())  # fmt: skip
    assert _n_queries(client) == before
    assert before <= 40, before


def _n_queries(client: Client) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get("/admin/").status_code == 200
    return len(asked)


def test_jobs_stand_with_the_worker_that_runs_them(busy: None) -> None:
    found = overview.look()
    jobs = {process.row.name: [job.title for job in process.jobs] for process in found.processes}
    assert jobs == {"host:1": ["Fit"], "host:2": ["Lost"], "host:1/scheduler": []}
    assert [job.title for job in found.strays] == ["Lost"]
    assert (found.workers_alive, found.schedulers_alive, found.n_failed) == (1, 1, 1)
    (queue,) = found.queues
    assert (queue.name, queue.n_waiting, queue.n_running) == ("cpu", 1, 2)
    states = {check.name: check.state for check in health.checks(found)}
    assert states["Database"] == states["Tables"] == states["Workers"] == states["Scheduler"] == "ok"


@pytest.mark.django_db
def test_an_idle_server_says_that_no_worker_lives() -> None:
    checks = {check.name: check for check in health.checks(overview.look())}
    assert checks["Workers"].state == "warning"
    assert checks["Scheduler"].state == "error"
    assert "manage.py scheduler" in checks["Scheduler"].text


@pytest.mark.django_db
def test_storage_is_measured_and_remembered_for_a_minute() -> None:
    first = storage.look()
    assert first.database > 0
    assert 0 < first.disk_free <= first.disk_total
    assert first.tables[0].n_bytes >= first.tables[-1].n_bytes
    with CaptureQueriesContext(connection) as asked:
        assert storage.look() == first
    assert len(asked) == 0


def test_only_superusers_see_the_console_and_only_staff_the_list(vera: User, bob: User, web: Web) -> None:
    assert web(bob).get("/admin/").status_code == 302
    refused = web(bob).get("/admin/", follow=True)
    assert refused.status_code == 403
    assert "operators of this server" in refused.content.decode()
    vera.is_staff = True
    vera.save()
    vera.user_permissions.add(Permission.objects.get(codename="view_job"))
    text = web(vera).get("/admin/").content.decode()
    assert "Health" not in text
    assert "Jobs" in text


@pytest.mark.django_db
def test_who_is_not_signed_in_gets_the_one_page_to_sign_in() -> None:
    answer = Client().get("/admin/jobs/job/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/login/?next=")


@pytest.mark.django_db
def test_a_process_gives_a_sign_of_life_and_takes_it_back() -> None:
    pulse = Pulse("db", ["cpu"], n_slots=3)
    pulse.beat()
    pulse.beat()
    row = WorkerProcess.objects.get()
    assert (row.name, row.queues, row.n_slots) == (own_name(), ["cpu"], 3)
    pulse.end()
    assert not WorkerProcess.objects.exists()
    WorkerProcess.objects.create(
        name="old", engine="rq", version="1", beat_at=timezone.now() - timedelta(days=2)
    )
    assert forget_gone() == 1


def test_a_list_counts_to_ten_thousand_and_no_further(
    operator: User, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_lists, "COUNTED", 5)
    team = operator.default_team
    Job.objects.bulk_create(Job(team=team, kind="experiments.train", title=f"job {n}") for n in range(20))
    with CaptureQueriesContext(connection) as asked:
        assert web(operator).get("/admin/jobs/job/").status_code == 200
    counts = [one["sql"] for one in asked if "COUNT(*)" in one["sql"] and "jobs_job" in one["sql"]]
    assert counts
    assert all("LIMIT 6" in sql for sql in counts), counts


def test_a_search_that_takes_too_long_ends_with_a_sentence(
    operator: User, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_lists, "PATIENCE_SECONDS", 0.05)
    with pytest.raises(Invalid, match="takes longer"), admin_lists.patience(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(2)")


def test_the_rows_page_offers_its_actions_as_buttons(operator: User, bob: User, web: Web) -> None:
    job = Job.objects.create(team=operator.default_team, kind="experiments.train", title="Fit")
    page = web(operator).get(f"/admin/jobs/job/{job.pk}/change/").content.decode()
    assert 'name="action" value="cancel_jobs"' in page
    web(operator).post("/admin/jobs/job/", {"action": "cancel_jobs", "_selected_action": str(job.pk)})
    assert Job.objects.get().state == State.CANCELLED


def test_accounts_are_closed_opened_and_unlocked_by_actions(operator: User, bob: User, web: Web) -> None:
    client = web(operator)
    assert 'value="close"' in client.get(f"/admin/accounts/user/{bob.pk}/change/").content.decode()
    _press(client, "close", bob)
    bob.refresh_from_db()
    assert not bob.is_active
    _press(client, "reopen", bob)
    _press(client, "make_administrator", bob)
    bob.refresh_from_db()
    assert (bob.is_active, bob.is_superuser) == (True, True)
    for _ in range(9):
        Client().post("/login/", {"username": "bob", "password": "wrong"})
    assert AccessAttempt.objects.filter(username="bob").exists()
    assert "Locked out" in client.get("/admin/").content.decode()
    _press(client, "unlock", bob)
    assert not AccessAttempt.objects.filter(username="bob").exists()
    web(bob)
    _press(client, "sign_out", bob)
    assert not UserSession.objects.filter(user=bob).exists()
    done = set(AuditEvent.objects.filter(via="admin").values_list("action", flat=True))
    assert {"user.close", "user.reopen", "user.unlock", "user.set_administrator", "user.end_sessions"} <= done


def _press(client: Client, action: str, user: User) -> None:
    client.post("/admin/accounts/user/", {"action": action, "_selected_action": str(user.pk)})


def test_the_last_administrator_stays(operator: User, web: Web) -> None:
    _press(web(operator), "close", operator)
    operator.refresh_from_db()
    assert operator.is_active
    assert Membership.objects.filter(user=operator).exists()
    form = web(operator).get(f"/admin/accounts/user/{operator.pk}/change/").content.decode()
    assert 'name="is_superuser"' not in form
    assert 'name="is_active"' not in form


def test_every_list_of_the_administration_opens(operator: User, busy: None, web: Web) -> None:
    client = web(operator)
    for address in sorted(set(_lists(client.get("/admin/").content.decode()))):
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert client.get(f"{address}?q=x").status_code == 200, address


def _lists(page: str) -> list[str]:
    found = [piece.partition('"')[0] for piece in page.split('href="')[1:]]
    return [
        address
        for address in found
        if address.startswith("/admin/") and address.count("/") == 4 and "?" not in address
    ]
