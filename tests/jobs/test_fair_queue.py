"""Which waiting job is claimed: priority, fair share, age, classes; none starves, no message is lost or doubled."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role, Team
from mlregistry.env import EnvironmentMistake
from mlregistry.errors import Forbidden
from mlregistry.jobs import attempts, claiming, engines, queue, runner
from mlregistry.jobs.attempts import End, Outcome
from mlregistry.jobs.claiming import Attempt
from mlregistry.jobs.engines import QUEUES
from mlregistry.jobs.models import Job, Priority, State, TeamLoad

from .conftest import Engine, lines_of, wait_for, wait_until_ended, wait_until_running

Submit = Callable[..., Job]
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(autouse=True)
def no_turns_of_the_oldest(settings: Settings) -> None:
    settings.JOB_OLDEST_FIRST_SHARE = 0.0


@pytest.fixture
def churn(transactional_db: None) -> Team:
    return Team.objects.create(name="Churn", slug="churn")


@pytest.fixture
def prices(transactional_db: None) -> Team:
    return Team.objects.create(name="Prices", slug="prices")


def wait(title: str, team: Team | None = None, **columns: object) -> Job:
    return Job.objects.create(title=title, kind="tests.fail", team=team, **columns)


def take(classes: tuple[str, ...] = QUEUES, job_id: str = NOBODY) -> Attempt | None:
    return claiming.claim_best(job_id, classes=classes, worker="test", pid=1)


def titles(n: int) -> list[str]:
    taken = [take() for _ in range(n)]
    return [Job.objects.get(pk=attempt.job_id).title if attempt else "–" for attempt in taken]


def end(attempt: Attempt | None, *, cpu_seconds: float = 1.0) -> None:
    assert attempt is not None
    attempts.finish(attempt, Outcome(End.SUCCEEDED, cpu_seconds=cpu_seconds))


def test_the_higher_priority_goes_first_and_the_older_of_two_alike(churn: Team) -> None:
    wait("low", churn, priority=Priority.LOW)
    wait("first", churn)
    wait("second", churn)
    wait("high", churn, priority=Priority.HIGH)
    assert titles(5) == ["high", "first", "second", "low", "–"]


def test_teams_take_turns_however_many_jobs_one_has(churn: Team, prices: Team) -> None:
    for n in range(6):
        wait(f"churn {n}", churn)
    for n in range(2):
        wait(f"prices {n}", prices)
    assert titles(6) == ["churn 0", "prices 0", "churn 1", "prices 1", "churn 2", "churn 3"]


def test_the_team_that_used_less_of_late_goes_before_the_other(churn: Team, prices: Team) -> None:
    wait("heavy", churn)
    end(take(), cpu_seconds=500.0)
    wait("churn", churn)
    wait("prices", prices)
    assert titles(1) == ["prices"]


def test_what_a_team_used_is_forgotten_with_the_hours(churn: Team) -> None:
    claiming.add_load(churn.pk, 1000.0)
    TeamLoad.objects.update(at=timezone.now() - timedelta(hours=2))
    claiming.add_load(churn.pk, 10.0)
    assert TeamLoad.objects.get().cpu_seconds == pytest.approx(260.0, abs=1.0)
    TeamLoad.objects.update(at=timezone.now() - timedelta(days=3650))
    wait("after ten years", churn)
    assert titles(1) == ["after ten years"]


def test_a_worker_takes_jobs_of_its_classes_alone_and_the_one_it_was_sent(churn: Team) -> None:
    big = wait("big", churn, queue="bigmem")
    assert take(("cpu",)) is None
    attempt = take(("cpu",), str(big.pk))
    assert attempt is not None
    assert (attempt.job_id, attempt.queue) == (str(big.pk), "bigmem")


def test_a_job_whose_time_has_not_come_waits(churn: Team) -> None:
    wait("tomorrow", churn, scheduled_at=timezone.now() + timedelta(days=1))
    assert take() is None


def test_no_job_starves_behind_a_stream_of_better_ones(settings: Settings, churn: Team, prices: Team) -> None:
    settings.JOB_OLDEST_FIRST_SHARE = 0.1
    humble = wait("humble", prices, priority=Priority.LOW)
    claiming.add_load(prices.pk, 1e6)
    for n in range(400):  # 0.9 to the power of 400: once in 10 to the 18 runs
        wait(f"high {n}", churn, priority=Priority.HIGH)
        attempt = take()
        end(attempt)
        if attempt is not None and attempt.job_id == str(humble.pk):
            return
    raise AssertionError("the humble job was never taken")


def test_many_claims_at_once_take_each_job_once(transactional_db: None) -> None:
    jobs = [wait(f"job {n}") for n in range(40)]
    taken: list[str] = []

    def work() -> None:
        while (attempt := take()) is not None:
            taken.append(attempt.job_id)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(taken) == Counter(str(job.pk) for job in jobs)


def test_a_row_that_somebody_holds_is_passed_over(transactional_db: None) -> None:
    held, free = wait("held"), wait("free")
    found: list[Attempt | None] = []

    def work() -> None:
        found.append(take())
        connection.close()

    with transaction.atomic():
        Job.objects.select_for_update().get(pk=held.pk)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert found[0] is not None
    assert found[0].job_id == str(free.pk)


def test_a_message_is_sent_again_while_its_own_job_waits_and_ends_with_it(
    monkeypatch: pytest.MonkeyPatch, churn: Team
) -> None:
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr(runner, "nudge", lambda job_id, *, queue: sent.append((job_id, queue)))
    low = wait("low", churn, priority=Priority.LOW)
    high = wait("high", churn, priority=Priority.HIGH, queue="gpu")
    first = take(job_id=str(low.pk))
    assert first is not None
    assert first.job_id == str(high.pk)
    runner._hand_on(str(low.pk), 0, nothing_taken=False)
    assert sent == [(str(low.pk), "cpu")]
    take(job_id=str(high.pk))
    runner._hand_on(str(high.pk), 0, nothing_taken=False)
    assert len(sent) == 1


def test_of_several_messages_for_a_job_the_last_alone_is_sent_again(
    monkeypatch: pytest.MonkeyPatch, churn: Team
) -> None:
    sent: list[str] = []
    job = wait("waits", churn)
    numbers = [claiming.number_message(str(job.pk)) for _ in range(3)]
    monkeypatch.setattr(runner, "nudge", lambda job_id, *, queue: sent.append(job_id))
    for number in numbers:
        runner._hand_on(str(job.pk), number, nothing_taken=False)
    assert (numbers, sent) == ([1, 2, 3], [str(job.pk)])
    assert claiming.number_message(NOBODY) is None


def test_a_ranking_of_the_queue_lets_teams_take_turns(churn: Team, prices: Team) -> None:
    jobs = [
        wait("churn 0", churn),
        wait("churn 1", churn),
        wait("prices", prices),
        wait("big", queue="bigmem"),
    ]
    order = claiming.in_order("cpu", most=10)
    assert order == [str(jobs[place].pk) for place in (0, 2, 1)]


def test_only_an_owner_may_ask_for_a_high_priority(churn: Team) -> None:
    editor = Actor(user=None, team=churn, role=Role.EDITOR)
    with pytest.raises(Forbidden):
        queue.enqueue("tests.fail", args={}, team=churn, title="now", priority=Priority.HIGH, by=editor)


def test_every_waiting_job_is_run_once_whatever_order_its_messages_come_in(
    engine: Engine, submit: Submit, tmp_path: Path
) -> None:
    go_on = tmp_path / "go_on"
    teams = [Team.objects.create(name=name, slug=name) for name in ("one", "two")]
    first = [submit("talk", args={"path": str(go_on)}) for _ in range(2)]  # every slot is busy
    if engine.name == "rq":
        wait_until_running(first[0])
    else:
        wait_for(lambda: Job.objects.filter(state=State.RUNNING).count() == 2)
    jobs = []
    for n in range(9):
        args = {"path": str(tmp_path / f"runs-{n}")}
        job = submit("mark", args=args, queue=("cpu", "bigmem")[n % 2], priority=Priority(n % 3 - 1))
        Job.objects.filter(pk=job.pk).update(team=teams[n % 2])
        jobs.append(job)
    go_on.touch()
    for job in [*first, *jobs]:
        wait_until_ended(job)
    assert [lines_of(tmp_path / f"runs-{n}") for n in range(9)] == [["1"]] * 9
    assert set(Job.objects.values_list("state", "attempt")) == {(State.SUCCEEDED, 1)}
    if engine.name == "rq":  # one at a time: their order is the order of the queue
        started = Job.objects.filter(kind="tests.mark").order_by("started_at")
        assert [job.priority for job in started] == sorted((job.priority for job in jobs), reverse=True)


def test_the_classes_of_the_settings_are_checked() -> None:
    assert engines.job_classes("cpu=100,gpu=200/2")["gpu"] == engines.JobClass(200, 2)
    assert engines.worker_classes("gpu, cpu", ["cpu", "gpu"]) == ["gpu", "cpu"]
    assert engines.worker_classes("", ["cpu", "gpu"]) == ["cpu", "gpu"]
    for text in ("gpu=5", "cpu", "cpu=x", "cpu=1/x", "c p=1,cpu=1"):
        with pytest.raises(EnvironmentMistake, match="MLREGISTRY_JOB_CLASSES"):
            engines.job_classes(text)
    with pytest.raises(EnvironmentMistake, match="names tpu; there are cpu"):
        engines.worker_classes("tpu", ["cpu"])
