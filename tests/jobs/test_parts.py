"""Parts of a job in forks of its process: limits, what they tell, pause, cancel, a database that is away."""

import os
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError

from mlregistry.jobs.context import JobCancelled, JobContext, JobPaused
from mlregistry.jobs.forked import Limits
from mlregistry.jobs.parts import left_of, run_part

pytestmark = pytest.mark.django_db(transaction=True)
LIMITS = Limits(30.0, 1000)
Work = Callable[[JobContext], None]


def context(
    told: list[dict[str, Any]],
    *,
    alone: bool = True,
    stopped: Callable[[], bool] = lambda: False,
    pausing: Callable[[], bool] = lambda: False,
) -> JobContext:
    return JobContext(
        job_id="job", attempt=1, send=told.append, mark=told.append, stopped=stopped, pausing=pausing, alone=alone,
    )  # fmt: skip


def talk(inner: JobContext) -> None:
    inner.phase("fit")
    inner.report(0.5, "half")
    inner.checkpoint({"done": 1})


def test_what_a_part_tells_is_told_as_the_job_s_own() -> None:
    for alone in (True, False):
        told: list[dict[str, Any]] = []
        assert run_part(context(told, alone=alone), talk, LIMITS) == ""
        expected = [{"phase": "fit"}, {"progress": 0.5, "message": "half"}, {"checkpoint": {"done": 1}}]
        assert told == expected


def test_a_part_that_breaks_says_why_and_leaves_the_job_be() -> None:
    def fail(inner: JobContext) -> None:
        raise ValueError("no luck")

    assert run_part(context([]), fail, LIMITS) == "ValueError: no luck"
    assert "status 3" in run_part(context([]), lambda inner: os._exit(3), LIMITS)
    assert "longer than 1 seconds" in run_part(context([]), lambda inner: time.sleep(60), Limits(1.0, 1000))


def test_a_pause_reaches_the_part_and_comes_back_from_its_safe_point() -> None:
    def wait(inner: JobContext) -> None:
        while True:
            inner.checkpoint()
            time.sleep(0.02)

    asked = time.monotonic() + 0.3
    with pytest.raises(JobPaused):
        run_part(context([], pausing=lambda: time.monotonic() > asked), wait, LIMITS)


def test_a_cancelled_job_ends_its_part() -> None:
    asked = time.monotonic() + 0.3
    with pytest.raises(JobCancelled):
        run_part(context([], stopped=lambda: time.monotonic() > asked), lambda inner: time.sleep(60), LIMITS)


def test_a_database_that_is_away_is_no_fault_of_the_part() -> None:
    def ask(inner: JobContext) -> None:
        raise OperationalError("the server closed the connection")

    with pytest.raises(OperationalError, match="closed the connection"):
        run_part(context([]), ask, LIMITS)


def test_a_fork_may_take_what_the_job_s_limit_leaves() -> None:
    assert left_of(100_000) > 90_000
    assert left_of(10) == 128


def test_a_part_whose_caller_has_seen_enough_is_stopped_for_the_reason_given() -> None:
    assert run_part(context([]), lambda inner: time.sleep(60), LIMITS, over=lambda: "enough") == "enough"
