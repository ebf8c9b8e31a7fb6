"""The job serving.load_test: asks an endpoint of this server under load and keeps what came of it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from mlregistry.accounts.actions.tokens import create_token, revoke_token
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Scope
from mlregistry.errors import Conflict, MlregistryError, NotFound
from mlregistry.jobs.context import JobCancelled, JobContext
from mlregistry.loadtests.load import Beat
from mlregistry.loadtests.load import run as put_load
from mlregistry.loadtests.plans import Measured, Plan, Target
from mlregistry.loadtests.searching import MOST_STEPS, Goal, Step, best, highest_rate
from serving.actions import load_tests as actions
from serving.actions.load_test_declarations import longest_seconds
from serving.models import LoadTest
from serving.workers.load_test_requests import probe, rows_of, target_of

KEEP_SECONDS = 2.0  # between two looks at what is measured so far
MOST_LIVE_SECONDS = 600


def run(context: JobContext, *, load_test_id: int) -> dict[str, Any]:
    """Returns the verdict and the overall figures. However it ends, row and run are ended and the token revoked."""
    rows = LoadTest.objects.select_related("endpoint__team", "version__model", "job", "created_by")
    test = rows.filter(pk=load_test_id, ended_at=None).first()
    if test is None:
        raise NotFound("The load test is gone, or has ended.")
    by = Actor.system(test.endpoint.team, user=test.created_by)
    try:
        actions.begin_run(test, by=by)
        with _token(test, by) as token:
            _Work(context, test, _target(context, test, token)).measure(by)
    except JobCancelled:
        actions.break_off(test, error="", by=by)
        raise
    except Exception as error:
        actions.break_off(
            test, error=str(error) if isinstance(error, MlregistryError) else repr(error), by=by
        )
        raise
    return {"verdict": test.verdict, **test.figures["overall"]}


@contextmanager
def _token(test: LoadTest, by: Actor) -> Iterator[str]:
    """A token of the person who started it, for predictions of this team alone; revoked at the end."""
    until = timezone.now() + timedelta(seconds=longest_seconds(test.declared))
    token, secret = create_token(
        f"Load test {test.pk}", scopes=[Scope.PREDICT.value], expires_at=until, team=test.endpoint.team, by=by
    )
    try:
        yield secret
    finally:
        try:
            revoke_token(token, by=by)
        except Conflict:
            pass  # somebody has revoked it already


def _target(context: JobContext, test: LoadTest, token: str) -> Target:
    source, rows = rows_of(test)
    actions.keep_figures(test, source=source)
    context.log(
        f"{len(rows)} different rows, {'out of the prediction log' if source == 'log' else 'made up'}"
    )
    until = time.time() + longest_seconds(test.declared)
    target = target_of(test, rows, token=token, until=until)
    probe(target)
    return target


class _Work:
    """The measuring, by the declared shape."""

    def __init__(self, context: JobContext, test: LoadTest, target: Target) -> None:
        self._context, self._test, self._target = context, test, target
        self._declared = test.declared
        self._live: list[dict[str, Any]] = []
        self._kept_at = 0.0
        self._n_done, self._n_parts = 0, 1
        seconds = self._declared["goal_seconds"]
        self._goal = None if seconds is None else Goal(
            self._declared["goal_quantile"], seconds, self._declared["goal_errors"], self._declared["goal_rate"]
        )  # fmt: skip

    def measure(self, by: Actor) -> None:
        if self._declared["shape"] == "search" and self._goal is not None:
            measured, reasons = self._search(self._goal)
        else:
            measured = self._one(self._declared["shape"], self._declared["rate"])
            reasons = self._goal.missed(measured) if self._goal else None
        actions.keep_figures(self._test, overall=measured.figures(), over_time=measured.over_time())
        actions.end_load_test(self._test, histogram=measured.histogram.to_json(), reasons=reasons, by=by)
        self._context.report(1.0, self._test.get_verdict_display())

    def _search(self, goal: Goal) -> tuple[Measured, list[str] | None]:
        """What was measured at the highest rate that kept the goal, or else at the lowest that was tried."""
        self._n_parts = MOST_STEPS + 1
        capacity = self._one("closed", 0.0)
        steps = highest_rate(
            lambda rate: self._one("constant", rate),
            replace(goal, least_rate=0.0),
            capacity=max(capacity.throughput, 1.0), most=settings.LOAD_TEST_RATE, heard=self._keep_steps,
        )  # fmt: skip
        found = best(steps)
        actions.keep_figures(
            self._test, best_rate=found.rate if found else None, capacity=capacity.throughput
        )
        shown = found or min(steps, key=lambda step: step.rate)
        return shown.measured, self._missed(found, shown)

    def _missed(self, found: Step | None, shown: Step) -> list[str]:
        wanted = self._declared["goal_rate"]
        if found is None:
            return [f"The goal was missed even at {shown.rate:,.3g} requests a second. {shown.reasons[0]}"]
        if found.rate < wanted:
            return [f"The goal is kept up to {found.rate:,.0f} requests a second; {wanted:,.0f} are wanted."]
        return []

    def _keep_steps(self, steps: list[Step]) -> None:
        actions.keep_figures(self._test, steps=[step.to_json() for step in steps])
        last = steps[-1]
        self._context.log(f"{last.rate:,.0f} a second: {'kept' if last.kept else ' '.join(last.reasons)}")

    def _one(self, shape: Any, rate: float) -> Measured:
        declared, self._live = self._declared, []
        plan = Plan(
            shape, declared["seconds"], declared["connections"], rate=rate,
            warm_up_seconds=declared["warm_up_seconds"],
        )  # fmt: skip
        word = "as fast as it answers" if shape == "closed" else f"{rate:,.0f} requests a second"
        measured = put_load(self._target, plan, lambda beat: self._hear(beat, word))
        self._n_done += 1
        return measured

    def _hear(self, beat: Beat, word: str) -> None:
        self._live = [*self._live, *beat.seconds][-MOST_LIVE_SECONDS:]
        now = time.monotonic()
        if now - self._kept_at >= KEEP_SECONDS:
            self._kept_at = now
            if self._live:
                actions.keep_figures(self._test, over_time=self._live)
        self._context.report((self._n_done + beat.fraction) / self._n_parts, word)
