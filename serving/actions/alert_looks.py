"""Looks at alert rules that are due, keeps their states and tells their channels. The scheduler calls `tend`.

All of a team's rules that are due are looked at together, so that a storm is one message.
"""

import logging
import math
import time
from collections import defaultdict
from datetime import datetime, timedelta

from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Team
from mlregistry.errors import MlregistryError
from mlregistry.notices.actions.notifying import notify
from mlregistry.notices.models import Channel
from serving import alerting
from serving.actions.readings import read_counters
from serving.alert_words import Told, message, sentence, span, title_of
from serving.alerting import Manner, Standing, Telling, Verdict
from serving.models import AlertEvent, AlertRule, AlertState, Comparison
from serving.queries.alert_figures import Measured, Window, figures

logger = logging.getLogger(__name__)
EVERY = timedelta(minutes=1)
KEPT = timedelta(days=90)  # of the history
AFTER_FAILURE = timedelta(minutes=5)
COST = 50  # a figure that took a second is not measured again before fifty have passed
STANDING = tuple(Standing.__dataclass_fields__)


def tend(now: datetime | None = None) -> int:
    """Looks at every rule that is due, once however many schedulers run. Returns how many were looked at."""
    now = now or timezone.now()
    due = AlertRule.objects.filter(is_active=True, look_at__lte=now)
    n_looked = 0
    for team_id in list(due.order_by().values_list("endpoint__team_id", flat=True).distinct()):
        try:
            n_looked += _tend_team(team_id, now)
        except DatabaseError:
            raise
        except Exception:
            logger.exception("the alert rules of team %d could not be looked at", team_id)
            due.filter(endpoint__team_id=team_id).update(look_at=now + AFTER_FAILURE)
    return n_looked


def _tend_team(team_id: int, now: datetime) -> int:
    with transaction.atomic():
        rows = AlertRule.objects.select_for_update(skip_locked=True, of=("self",))
        due = rows.filter(endpoint__team_id=team_id, is_active=True, look_at__lte=now)
        rules = list(
            due.select_related("endpoint__team", "endpoint__problem")
            .prefetch_related("channels")
            .order_by("pk")
        )
        if not rules:
            return 0
        for endpoint in {rule.endpoint_id: rule.endpoint for rule in rules}.values():
            read_counters(endpoint, now)
        found = (_look(rule, now) for rule in rules)
        _tell([one for one in found if one is not None], rules[0].endpoint.team, now)
    return len(rules)


def _look(rule: AlertRule, now: datetime) -> Told | None:
    """Measures one rule and writes down how it stands; what its channels are to be told."""
    began = time.perf_counter()
    measured = _measured(rule, now)
    verdict = alerting.verdict_of(
        measured.value, measured.n, above=rule.comparison == Comparison.ABOVE, threshold=rule.threshold,
        fewest=rule.fewest,
    )  # fmt: skip
    rule.value, rule.n_observed, rule.looked_at = measured.value, measured.n, now
    rule.look_at = now + max(EVERY, timedelta(seconds=COST * (time.perf_counter() - began)))
    manner = Manner(
        rule.looks, timedelta(seconds=rule.cooldown_seconds), rule.tells_recovery, rule.tells_no_data
    )
    former = Standing(**{name: getattr(rule, name) for name in STANDING})
    standing, telling = alerting.step(former, verdict, manner, now)
    for name in STANDING:
        setattr(rule, name, getattr(standing, name))
    if standing.state != former.state:
        rule.state_since = now
    rule.save(
        update_fields=[*STANDING, "state_since", "value", "n_observed", "error", "looked_at", "look_at"]
    )
    if standing.state == former.state and telling is Telling.NOTHING:
        return None
    event = AlertEvent.objects.create(
        rule=rule, at=now, former=former.state, state=standing.state, value=rule.value,
        n_observed=rule.n_observed, text=_text(rule, verdict, telling),
    )  # fmt: skip
    _record(event)
    AlertEvent.objects.filter(rule=rule, at__lt=now - KEPT).delete()
    return Told(rule, event, telling) if telling is not Telling.NOTHING else None


def _record(event: AlertEvent) -> None:
    """A line of the endpoint's history when the alert begins and when it ends."""
    rule, states = event.rule, (event.former, event.state)
    if AlertState.FIRING in states and states[0] != states[1]:
        action = "alert.fire" if event.state == AlertState.FIRING else "alert.recover"
        record(Actor.system(rule.endpoint.team), action, rule.endpoint, rule=rule.name, text=event.text[:300])


def _measured(rule: AlertRule, now: datetime) -> Measured:
    """No data where the figure cannot be measured; why is kept with the rule."""
    rule.error = ""
    figure = figures().get(rule.figure)
    if figure is None:
        rule.error = f"This server knows no figure named {rule.figure}."
        return Measured(None, 0)
    since = now - timedelta(seconds=rule.window_seconds)
    try:
        with transaction.atomic():  # what the database refuses is this figure's alone
            measured = figure.measure(Window(rule.endpoint, since, now, rule.column))
    except (OperationalError, InterfaceError):
        raise
    except MlregistryError as error:  # such as a version that has no baseline yet
        rule.error = error.message
        return Measured(None, 0)
    except Exception as error:
        logger.exception("the figure of the alert rule %d could not be measured", rule.pk)
        rule.error = f"{figure.title} could not be measured ({type(error).__name__})."
        return Measured(None, 0)
    return (
        measured
        if measured.value is not None and math.isfinite(measured.value)
        else Measured(None, measured.n)
    )


def _tell(told: list[Told], team: Team, now: datetime) -> None:
    """One message for each set of channels."""
    groups: dict[tuple[int, ...], list[Told]] = defaultdict(list)
    channels: dict[int, Channel] = {}
    for one in told:
        mine = {channel.pk: channel for channel in one.rule.channels.all()}
        channels |= mine
        groups[tuple(sorted(mine))].append(one)
    for keys, group in groups.items():
        if not keys:
            continue
        notice = notify(
            **message(group), key=f"alerts:{group[0].event.pk}", channels=[channels[key] for key in keys], at=now,
            by=Actor.system(team),
        )  # fmt: skip
        AlertEvent.objects.filter(pk__in=[one.event.pk for one in group]).update(notice=notice)


def _text(rule: AlertRule, verdict: Verdict, telling: Telling) -> str:
    """For the history, what was told or why nothing was."""
    if telling is not Telling.NOTHING:
        return sentence(rule, telling)
    if verdict is Verdict.EMPTY:
        return (
            rule.error or f"{title_of(rule)}: {rule.n_observed:,} observations; {rule.fewest:,} are needed."
        )
    if verdict is Verdict.BROKEN:
        return f"{sentence(rule, Telling.FIRING)} Nobody is told within the cool-down of {span(rule.cooldown_seconds)}."
    return sentence(rule, Telling.NOTHING)
