"""How a challenger of a retraining goes live: canary or shadow, until it is promoted. Called by `retraining`."""

import time
from datetime import datetime, timedelta

from django.db import transaction

from mlregistry.accounts.actor import Actor
from mlregistry.errors import Conflict
from models_app.actions.aliases import point_alias
from models_app.actions.gates import pass_gate
from models_app.actions.promotion_requests import refuse_unapproved
from models_app.queries.gates import obstacles_to_promotion
from serving.actions.abtest_declarations import Declaration
from serving.actions.abtests import promote, start_test
from serving.actions.alias_approvals import Answer, asked_for, is_granted
from serving.actions.endpoints import VariantSpec, set_variants, unlike
from serving.actions.retraining_moves import Move, ask, cancelled, failed, on, promoted, refused, stay
from serving.actions.shadows import MOST_SHADOWS, add_shadow
from serving.models import AbTest, AbTestState, GoLive, Mode, Retraining, RetrainingStep, Variant
from serving.queries import shadows
from serving.queries.shadows import ShadowFigures

MOST_FAILED = 0.01  # of a shadow's rows
CLIENTS = "and what asks the endpoint must send the columns that it knows"
EVERY = timedelta(minutes=1)
COST = 50  # a look that took a second is not repeated before fifty have passed


def deploying(row: Retraining, step: RetrainingStep, now: datetime, by: Actor) -> Move:
    """Begins the canary or shadow, then follows it; what is not live within the deadline is given up."""
    if row.champion is None or row.challenger is None:
        return failed("Champion or challenger was deleted.")
    if row.test is not None and not row.test.is_running:
        return _of_test(row.test) or failed("Its canary ended.")
    if not row.endpoint.variants.filter(version=row.champion).exists():
        return refused(f"{row.champion} does not stand behind the endpoint any more.")
    strange = unlike(row.champion, row.challenger)
    if strange:
        return ask(
            f"{strange[0]}. It cannot share the traffic: it takes the champion's place as a whole, {CLIENTS}."
        )
    move = _canary(row, now, by) if row.wants("go_live") == GoLive.CANARY else _shadow(row, step, now, by)
    days = row.wants("deadline_days")
    if move == stay(move.text) and now - step.started_at > timedelta(days=days):
        return refused(f"It was not live within {days} days. {move.text}")
    return move


def approving(row: Retraining, step: RetrainingStep, now: datetime, by: Actor) -> Move:
    """It waits for somebody; meanwhile a guardrail may break, or somebody end its test on the test's own page."""
    moved = _of_test(row.test) if row.test is not None and not row.test.is_running else None
    if moved is not None or row.challenger is None:
        return moved or failed("The challenger was deleted.")
    answer = _alias_approval(row, by)
    if answer.rejected:
        return refused(answer.waits)
    if answer.waits:
        return stay(answer.waits)
    if is_granted(row.challenger, row.wants("alias")):
        return _granted(row, by)
    return stay(f"{row.challenger} waits for somebody who approves it.")


def _granted(row: Retraining, by: Actor) -> Move:
    """The reviewers of the alias approved it: theirs is the decision."""
    try:
        with transaction.atomic():
            take_over(row, why="", by=by)
    except Conflict as error:
        return stay(error.message)
    return promoted(f"The reviewers of “{row.wants('alias')}” approved {row.challenger}.")


def _alias_approval(row: Retraining, by: Actor) -> Answer:
    if row.challenger is None:
        return Answer()
    origin, link = f"Retraining {row.pk} of {row.endpoint.name}", f"/retrainings/{row.pk}/"
    return asked_for(row.challenger, str(row.wants("alias")), origin=origin, link=link, by=by)


def crown(row: Retraining, *, why: str = "", by: Actor) -> None:
    """The challenger takes the champion's place and the alias, through the gate. Conflict while a test runs, or while
    the alias waits for approval."""
    if row.champion is None or row.challenger is None:
        raise Conflict("Champion or challenger was deleted.", field="state")
    found, alias = obstacles_to_promotion(row.challenger), str(row.wants("alias"))
    refuse_unapproved(row.challenger.model, alias, row.challenger)
    pass_gate(found, row.challenger, alias=alias, why=why, by=by)
    rows = list(Variant.objects.filter(endpoint=row.endpoint).select_related("version__model"))
    if all(one.version_id != row.champion.pk for one in rows):
        raise Conflict(f"{row.champion} does not stand behind the endpoint any more.", field="state")
    specs: list[VariantSpec] = [
        {
            "name": one.name,
            "version": row.challenger if one.version_id == row.champion.pk else one.version,
            "weight": float(one.weight),
        }
        for one in rows
    ]
    reason = f"Retraining {row.pk}: {why or row.reason}"[:2_000]
    set_variants(row.endpoint, specs, why=reason, by=by)
    if alias:
        point_alias(row.challenger.model, alias, row.challenger, why=reason, by=by)


def take_over(row: Retraining, *, why: str, by: Actor) -> None:
    """Somebody approved it: through its canary where one runs. Conflict says what stands against it."""
    if row.test is not None:
        promote(row.test, row.challenger_name, why=why, by=by)
    else:
        crown(row, why=why, by=by)


def remove_shadow(row: Retraining) -> None:
    """With its answers; what they said stays in the step."""
    if row.shadow is not None:
        row.shadow.delete()
    row.shadow = None


def _canary(row: Retraining, now: datetime, by: Actor) -> Move:
    if row.test is None:
        in_the_way = _in_the_way(row)
        if in_the_way:
            return stay(in_the_way)
        _begin_canary(row, now, by)
        return stay("The canary has begun.")
    if row.test.memory.get("held"):
        return on("All steps of the canary are passed and all guardrails kept.", test=row.test.pk)
    share = float(Variant.objects.get(endpoint=row.endpoint, name=row.challenger_name).weight)
    move = row.test.memory.get("newest", {}).get("move", {})
    return stay(f"{share:g} % of the traffic. {str(move.get('reason', '')).capitalize()}".strip())


def _of_test(test: AbTest) -> Move | None:
    """What a test that has ended comes to."""
    if test.state == AbTestState.PROMOTED:
        return promoted(f"The canary was promoted: {test.reason}.")
    if test.state == AbTestState.ROLLED_BACK:
        return refused(f"The canary was rolled back: {test.reason}.", test=test.pk)
    if test.state == AbTestState.STOPPED:
        return cancelled("Its canary was stopped by somebody; the weights are as they were left.")
    return None


def _in_the_way(row: Retraining) -> str:
    """Why a canary cannot begin now."""
    running = AbTest.objects.filter(endpoint=row.endpoint, state=AbTestState.RUNNING).first()
    if running is not None:
        return f"“{running.name}” is running on this endpoint; the canary begins once it has ended."
    n = row.endpoint.variants.count()
    if n != 1:
        return f"A canary needs an endpoint of one variant; this one has {n}. Remove the others."
    return ""


def _begin_canary(row: Retraining, now: datetime, by: Actor) -> None:
    if row.challenger is None:
        return
    control = row.endpoint.variants.select_related("version__model").get()
    specs: list[VariantSpec] = [
        {"name": control.name, "version": control.version, "weight": 100.0},
        {"name": row.challenger_name, "version": row.challenger, "weight": 0.0},
    ]
    set_variants(row.endpoint, specs, why=f"The canary of retraining {row.pk} begins.", by=by)
    wanted = Declaration(
        name=f"Retraining {row.pk}: {row.challenger}"[:100], control=control.name, mode=Mode.CANARY,
        hypothesis=row.reason[:10_000], alias=row.wants("alias"), steps=tuple(row.wants("steps")),
        dwell_seconds=row.wants("dwell_seconds"), fewest_requests=row.wants("fewest_requests"),
        guardrails=row.wants("guardrails"), holds=row.wants("approval"),
    )  # fmt: skip
    row.test = start_test(row.endpoint, wanted, now=now, by=by)
    row.save(update_fields=["test"])


def _shadow(row: Retraining, step: RetrainingStep, now: datetime, by: Actor) -> Move:
    if row.shadow is None:
        return _begin_shadow(row, step, now, by)
    if step.details.get("look_at", "") > now.isoformat():
        return stay(step.text)
    began = time.perf_counter()
    found = shadows.figures_of(row.endpoint, row.shadow)
    pause = max(EVERY, timedelta(seconds=COST * (time.perf_counter() - began)))
    step.details = {**step.details, "look_at": (now + pause).isoformat()}
    step.save(update_fields=["details"])
    wanted = row.wants("shadow_rows")
    if found.n_graded < wanted:
        return stay(
            f"It answered {found.n:,} rows; the truth of {found.n_graded:,} is known, {wanted:,} are wanted."
        )
    if found.low is None or found.high is None:
        return stay(f"Its {found.n_graded:,} rows are of {found.n_units:,} units, too few for an interval.")
    return _judged(row, found, by)


def _begin_shadow(row: Retraining, step: RetrainingStep, now: datetime, by: Actor) -> Move:
    if step.details.get("began"):
        return cancelled("Its shadow was removed by somebody.")
    if row.endpoint.shadows.count() >= MOST_SHADOWS:
        return stay(f"The endpoint has {MOST_SHADOWS} shadows; remove one.")
    if row.challenger is not None:
        row.shadow = add_shadow(row.endpoint, row.challenger_name, row.challenger, now=now, by=by)
        row.save(update_fields=["shadow"])
    step.details = {**step.details, "began": True}
    step.save(update_fields=["details"])
    return stay("It is asked from now on what the endpoint is asked.")


def _judged(row: Retraining, found: ShadowFigures, by: Actor) -> Move:
    words = (
        f"As a shadow its {found.metric.replace('_', ' ')} on {found.n_graded:,} rows is {found.value or 0:.4g} against"
        f" {found.answered_value or 0:.4g} (better by {found.low:+.4g} to {found.high:+.4g})"
    )
    details = {"n": found.n, "improvement": found.improvement, "low": found.low, "high": found.high}
    if found.n_errors > MOST_FAILED * found.n:
        return refused(f"As a shadow it failed on {found.n_errors:,} of {found.n:,} rows.", **details)
    if found.high is not None and found.high < 0:
        return refused(f"{words}: worse.", **details)
    if row.wants("approval"):
        return on(f"{words}.", **details)
    answer = _alias_approval(row, by)
    if answer.rejected:
        return refused(f"{words}. {answer.waits}", **details)
    if answer.waits:
        return stay(f"{words}. {answer.waits}")
    try:
        crown(row, by=by)
    except Conflict as error:
        return stay(f"{words}. {error.message}")
    return promoted(f"{words}.")
