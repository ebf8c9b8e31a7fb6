"""A/B tests, canaries and bandits: start, stop, promote. Called by the API and the pages; all of it is audited."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, Forbidden, Invalid
from mlregistry.ml.abtests import comparisons
from models_app.actions.promotion_requests import refuse_unapproved
from models_app.queries.gates import obstacles_to_promotion
from serving.actions.abtest_declarations import Declaration, checked
from serving.actions.abtest_ends import end, finish, locked, version_of
from serving.actions.abtest_looks import look_now
from serving.actions.abtest_steps import begin_step
from serving.models import AbTest, AbTestState, Endpoint, Mode

SPLIT_ALARM = (
    "The traffic is not split as it was declared (sample ratio mismatch), so no figure of this test can be believed."
    " Find out where units are lost, stop the test and start another."
)


def start_test(endpoint: Endpoint, wanted: Declaration, *, now: datetime | None = None, by: Actor) -> AbTest:
    """Declares and starts at once; what is declared never changes. Invalid names the field.

    Conflict while another test runs on the endpoint.
    """
    by.require(Role.EDITOR)
    now = now or timezone.now()
    try:
        with transaction.atomic():
            rows = Endpoint.objects.select_for_update(of=("self",)).select_related("team")
            endpoint = rows.get(pk=endpoint.pk)
            fields = checked(endpoint, wanted)
            weights = fields.pop("weights")
            test = AbTest.objects.create(
                endpoint=endpoint, **fields, created_by=by.user, started_at=now, look_at=now
            )
            begin_step(test, weights, reason="start", now=now, by=by)
            record(by, "ab_test.start", test, endpoint=endpoint.name, mode=test.mode, metric=test.metric,
                   margin=test.margin, horizon=test.horizon, options=test.options)  # fmt: skip
    except IntegrityError as error:
        raise Conflict(
            f"Another test is running on “{endpoint.name}”. Stop it first.", field="mode"
        ) from error
    return test


def stop_test(test: AbTest, *, back: bool = False, reason: str = "", by: Actor) -> AbTest:
    """Ends it; with `back` the control gets all traffic again, otherwise the weights stay as they are."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        test = locked(test)
        if back:
            begin_step(test, {test.control: 100.0}, reason="stopped", now=timezone.now(), by=by)
        end(test, AbTestState.STOPPED, reason)
        record(by, "ab_test.stop", test, back=back, reason=reason)
    return test


def promote(test: AbTest, variant: str, *, why: str = "", by: Actor) -> AbTest:
    """The challenger's version takes over the control's place, all traffic and the declared alias.

    It is measured once more before. Conflict when the split is off, or when the challenger has not won; the latter an
    owner may overrule by saying why.
    """
    by.require(Role.EDITOR)
    look_now(test)
    with transaction.atomic():
        test = locked(test)
        if variant not in test.challengers:
            listed = ", ".join(test.challengers)
            raise Invalid(f"Only a challenger can be promoted: {listed}.", field="variant")
        obstacles = obstacles_to(test, variant)
        version = version_of(test, variant)
        refuse_unapproved(version.model, test.alias, version)
        if test.memory.get("split_alarm"):
            raise Conflict(SPLIT_ALARM, field="variant")
        if obstacles and not why:
            raise Conflict(f"{obstacles[0]} An owner may promote it all the same and say why.", field="why")
        if obstacles and by.role < Role.OWNER:
            raise Forbidden(f"{obstacles[0]} Only an owner may promote it all the same.", field="why")
        finish(test, variant, reason=why or "won", why=why, by=by)
    return test


def obstacles_to(test: AbTest, variant: str) -> list[str]:
    """Why this challenger should not be promoted: the split, the newest look, the tests of its version."""
    found = [SPLIT_ALARM] if test.memory.get("split_alarm") else []
    verdict = test.memory.get("verdicts", {}).get(variant, comparisons.TOO_FEW)
    if test.mode == Mode.CANARY:
        found += [] if test.memory.get("held") else ["The canary has not passed all its steps."]
    elif verdict != comparisons.WINS:
        by_more = f" by more than {test.margin:g}" if test.margin else ""
        found.append(f"“{variant}” has not been shown to be better{by_more}.")
    if variant in test.versions and (test.mode != Mode.CANARY or test.memory.get("held")):
        found += obstacles_to_promotion(version_of(test, variant)).reasons
    return found
