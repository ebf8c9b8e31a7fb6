"""Looks at running tests and does what follows: canaries go up or back, bandits shift their weights.

The scheduler calls `tend` every few seconds; `promote` looks once more by itself.
"""

import logging
from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import Error as DatabaseError
from django.db import transaction
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.ml.abtests import ramps, thompson
from models_app.queries.gates import obstacles_to_promotion
from serving.actions.abtest_ends import finish, locked, roll_back, version_of
from serving.actions.abtest_steps import begin_step
from serving.actions.alias_approvals import Answer, asked_for
from serving.models import AbTest, AbTestLook, AbTestState, AbTestStep, Mode
from serving.queries import abtests, canaries
from serving.queries.abtests import Look

logger = logging.getLogger(__name__)
TICK = timedelta(seconds=10)
SHORTEST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=3)
LOOKS_OVER_AGE = 200
COST = 20  # a look that took a second is not repeated before twenty have passed


def tend(now: datetime | None = None) -> int:
    """Looks at every test that is due; one that fails leaves the others be. Returns how many were looked at."""
    now = now or timezone.now()
    due = AbTest.objects.filter(state=AbTestState.RUNNING, look_at__lte=now)
    n_looked = 0
    for pk in list(due.order_by("look_at").values_list("pk", flat=True)):
        try:
            n_looked += _tend_one(pk, now)
        except DatabaseError:
            raise
        except Exception:
            logger.exception("the A/B test %d could not be looked at", pk)
            AbTest.objects.filter(pk=pk).update(look_at=now + LONGEST_PAUSE / 10)
    return n_looked


def look_now(test: AbTest) -> None:
    """Measures a running test for somebody who wants to decide; its canary or bandit is left as it is."""
    with transaction.atomic():
        fresh = locked(test)
        step = abtests.steps_of(fresh)[-1]
        now = timezone.now()
        _keep(fresh, step, abtests.look(fresh, step, now), now)


def _tend_one(pk: int, now: datetime) -> bool:
    with transaction.atomic():
        rows = AbTest.objects.select_for_update(skip_locked=True, of=("self",))
        test = rows.select_related("endpoint__team").filter(pk=pk, state=AbTestState.RUNNING).first()
        if test is None:
            return False
        began = timezone.now()
        steps = abtests.steps_of(test)
        found = abtests.look(test, steps[-1], now)
        system = Actor.system(test.endpoint.team)
        if test.mode == Mode.CANARY:
            _tend_canary(test, steps, found, now, system)
        elif test.mode == Mode.BANDIT:
            _tend_bandit(test, steps[-1], found, now, system)
        _keep(test, steps[-1], found, now)
        cost = (timezone.now() - began) * COST
        test.look_at = now + max(TICK if test.mode == Mode.CANARY else pause_after(test, now), cost)
        test.save(update_fields=["look_at"])
    return True


def pause_after(test: AbTest, now: datetime) -> timedelta:
    """A test that has run for long is looked at less often, so that its chart stays readable."""
    return min(max((now - test.started_at) / LOOKS_OVER_AGE, SHORTEST_PAUSE), LONGEST_PAUSE)


def _keep(test: AbTest, step: AbTestStep, found: Look, now: datetime) -> None:
    """Remembers what the next look needs, and the look itself when the chart wants another point."""
    memory = found.memory
    memory["verdicts"] = {one["variant"]: one["verdict"] for one in found.figures["comparisons"]}
    memory["newest"] = found.figures
    test.memory = memory
    test.save(update_fields=["memory"])
    AbTestStep.objects.filter(pk=step.pk).update(split_p=found.split_p)
    last = AbTestLook.objects.filter(test=test).order_by("-at").values_list("at", flat=True).first()
    if last is None or now - last >= pause_after(test, now) or not test.is_running:
        AbTestLook.objects.create(test=test, at=now, figures=found.figures)


def _tend_canary(test: AbTest, steps: list[AbTestStep], found: Look, now: datetime, by: Actor) -> None:
    step = steps[-1]
    readings = canaries.readings(test, steps[0], now)
    move = canaries.move(test, step, readings, now)
    if found.memory["split_alarm"] and move.what in (ramps.UP, ramps.DONE):
        move = ramps.Move(ramps.STAY, "the traffic is not split as it should be (sample ratio mismatch)")
    if move.what in (ramps.UP, ramps.DONE):
        gate = obstacles_to_promotion(version_of(test, canaries.canary_of(test)))
        move = ramps.Move(ramps.STAY, gate.reasons[0]) if gate.reasons else move
    if move.what == ramps.DONE and not test.options.get("holds"):
        answer = _approval(test, by)
        move = ramps.Move(ramps.STAY, answer.waits) if answer.waits else move
    found.memory["held"] = move.what == ramps.DONE and bool(test.options.get("holds"))
    if found.memory["held"]:
        move = ramps.Move(ramps.STAY, f"{move.reason}; it waits for somebody who promotes it")
    found.figures["readings"] = [one.to_json() for one in readings]
    found.figures["move"] = asdict(move)
    if move.what == ramps.BACK:
        roll_back(test, reason=move.reason, by=by)
    elif move.what == ramps.DONE:
        finish(test, canaries.canary_of(test), reason=move.reason, by=by)
    elif move.what == ramps.UP:
        share = test.options["steps"][step.number + 1]
        weights = {test.control: round(100 - share, 2), canaries.canary_of(test): share}
        begin_step(test, weights, reason=move.reason, now=now, by=by)


def _approval(test: AbTest, by: Actor) -> Answer:
    """For the alias of a canary that has passed all its steps."""
    version = version_of(test, canaries.canary_of(test))
    origin, link = f"The canary “{test.name}”", f"/ab-tests/{test.pk}/"
    return asked_for(version, test.alias, origin=origin, link=link, by=by)


def _tend_bandit(test: AbTest, step: AbTestStep, found: Look, now: datetime, by: Actor) -> None:
    """New weights at most every so often, by the chances of being best; none while the split is off."""
    rested = (now - step.started_at).total_seconds() >= test.options["every_seconds"]
    best = {row["variant"]: row["best"] for row in found.figures["variants"]}
    if not rested or found.memory["split_alarm"] or None in best.values():
        return
    weights = thompson.weights(best, floor=test.options["floor"])
    if weights != step.weights:
        words = ", ".join(f"{name} {chance:.0%}" for name, chance in best.items())
        begin_step(test, weights, reason=f"chances to be best: {words}", now=now, by=by)
