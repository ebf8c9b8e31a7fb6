"""Rules about runs that end: create, switch, delete; and the chore `tend`, which tells their channels.

Runs end by many hands, clients' too, so what ended is looked for: within an hour of the last look, each told once.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from experiments.models import (
    Experiment,
    LatestMetric,
    Lifecycle,
    Run,
    RunEvent,
    RunRule,
    RunStatus,
    RunTelling,
)
from mlregistry.accounts.actions import deletions
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import KeptDeletion, Role
from mlregistry.errors import AlreadyExists, Conflict, Invalid
from mlregistry.lib.names import clean_name
from mlregistry.notices.actions.choosing import usable
from mlregistry.notices.actions.notifying import notify
from mlregistry.notices.models import Channel, Severity

MOST_RULES = 50
LOOK_BACK = timedelta(hours=1)
KEPT = timedelta(days=1)  # of what was told; longer than any look goes back
MOST_AT_ONCE, MOST_LISTED = 200, 5


@dataclass(frozen=True)
class Wanted:
    """`experiment` None stands for all of the team; metric, comparison and threshold are of a metric that passes."""

    name: str
    event: str
    experiment: Experiment | None = None
    metric: str = ""
    comparison: str = RunRule.Comparison.ABOVE
    threshold: float | None = None
    severity: str = Severity.INFO


def create_run_rule(
    wanted: Wanted, *, channels: Iterable[Channel] | None = None, now: datetime | None = None, by: Actor
) -> RunRule:
    """About runs that end from now on. Without `channels` it speaks through the members' inboxes."""
    by.require(Role.EDITOR)
    fields = _checked(wanted, by)
    if RunRule.objects.filter(team=by.team).count() >= MOST_RULES:
        raise Conflict(f"A team has at most {MOST_RULES} rules about runs; delete one first.")
    try:
        with transaction.atomic():
            rule = RunRule.objects.create(
                team=by.team, created_by=by.user, since=now or timezone.now(), **fields
            )
            rule.channels.set(usable(by, channels, who="A rule"))
            record(by, "run_rule.create", rule, event=rule.event, metric=rule.metric)
    except IntegrityError as error:
        raise AlreadyExists(
            f"There is a rule about runs named “{fields['name']}” already.", field="name"
        ) from error
    return rule


def switch_run_rule(rule: RunRule, is_active: bool, *, now: datetime | None = None, by: Actor) -> RunRule:
    """What ends while it is off is not told afterwards."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        rule.is_active, rule.since = is_active, now or timezone.now()
        rule.save(update_fields=["is_active", "since"])
        record(by, "run_rule.switch", rule, active=is_active)
    return rule


def delete_run_rule(rule: RunRule, *, by: Actor) -> KeptDeletion | None:
    by.require(Role.EDITOR)
    with transaction.atomic():
        record(by, "run_rule.delete", rule)
        return deletions.delete(rule, "run rule", by=by)


def tend(now: datetime | None = None) -> int:
    """Tells of what has ended, one message a rule; returns of how many runs."""
    now = now or timezone.now()
    n_told = 0
    for rule in RunRule.objects.filter(is_active=True).select_related("team", "experiment"):
        with transaction.atomic():
            n_told += _tell(rule, now)
    RunTelling.objects.filter(at__lt=now - KEPT).delete()
    return n_told


def _tell(rule: RunRule, now: datetime) -> int:
    if RunRule.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=rule.pk).first() is None:
        return 0
    told = RunTelling.objects.filter(rule=rule).values("run_id")
    ended = Run.objects.filter(
        experiment__team=rule.team, lifecycle=Lifecycle.ACTIVE, parent=None, ended_at__lte=now,
        ended_at__gte=max(rule.since, now - LOOK_BACK),
    ).exclude(pk__in=told)  # fmt: skip
    runs = list(_matching(rule, ended).select_related("experiment").order_by("ended_at", "pk")[:MOST_AT_ONCE])
    if not runs:
        return 0
    RunTelling.objects.bulk_create([RunTelling(rule=rule, run_id=run.pk, at=now) for run in runs])
    RunRule.objects.filter(pk=rule.pk).update(told_at=now)
    notify(
        **_message(rule, runs), key=f"run_rule:{rule.pk}:{runs[0].pk}", channels=list(rule.channels.all()), at=now,
        by=Actor.system(rule.team),
    )  # fmt: skip
    return len(runs)


def _matching(rule: RunRule, runs: QuerySet[Run]) -> QuerySet[Run]:
    if rule.experiment is not None:
        runs = runs.filter(experiment=rule.experiment)
    if rule.event == RunEvent.FAILED:
        return runs.filter(status=RunStatus.FAILED)
    beyond = "value__gt" if rule.comparison == RunRule.Comparison.ABOVE else "value__lt"
    passed = LatestMetric.objects.filter(
        Q(**{beyond: rule.threshold}), run_id__in=runs.values("pk"), key=rule.metric, is_nan=False
    )
    return runs.filter(pk__in=passed.values("run_id"))


def _message(rule: RunRule, runs: Sequence[Run]) -> dict[str, Any]:
    """What `notify` is told."""
    values = {}
    if rule.event == RunEvent.PASSED:
        metrics = LatestMetric.objects.filter(run__in=runs, key=rule.metric)
        values = dict(metrics.values_list("run_id", "value"))
    lines = [_line(run, values.get(run.pk)) for run in runs[:MOST_LISTED]]
    if len(runs) > MOST_LISTED:
        lines.append(f"… and {len(runs) - MOST_LISTED:,} more.")
    return {
        "kind": f"run.{rule.event}", "severity": rule.severity, "title": _title(rule, runs), "text": "\n".join(lines),
        "link": f"/runs/{runs[0].pk}/" if len(runs) == 1 else f"/experiments/{runs[0].experiment_id}/",
        "data": {
            "rule": rule.name, "event": rule.event, "metric": rule.metric or None, "comparison": rule.comparison,
            "threshold": rule.threshold,
            "runs": [
                {"id": run.pk.hex, "name": run.name, "experiment": run.experiment.name, "status": run.status,
                 "value": values.get(run.pk), "error": run.error[:500]}
                for run in runs
            ],
        },
    }  # fmt: skip


def _title(rule: RunRule, runs: Sequence[Run]) -> str:
    what = f"Run {runs[0].name}" if len(runs) == 1 else f"{len(runs)} runs"
    if rule.event == RunEvent.FAILED:
        return f"{what} failed"
    return f"{what}: {rule.metric} {rule.comparison} {rule.threshold:g}"


def _line(run: Run, value: float | None) -> str:
    words = f"{run.name} ({run.experiment.name})"
    if value is not None:
        return f"{words}: {value:.6g}"
    return f"{words}: {run.error[:200]}" if run.error else words


def _checked(wanted: Wanted, by: Actor) -> dict[str, Any]:
    for field, choices in (
        ("event", RunEvent.values), ("comparison", RunRule.Comparison.values), ("severity", Severity.values),
    ):  # fmt: skip
        if getattr(wanted, field) not in choices:
            raise Invalid(f"{field} must be one of {', '.join(choices)}.", field=field)
    if wanted.experiment is not None and wanted.experiment.team_id != by.team.pk:
        raise Invalid("An experiment of another team cannot be watched.", field="experiment")
    fields = dict(vars(wanted))
    fields["name"] = clean_name(wanted.name, field="name", max_length=100)
    if wanted.event == RunEvent.FAILED:
        return {**fields, "metric": "", "threshold": None}
    if not wanted.metric:
        raise Invalid("Name the metric that is watched.", field="metric")
    if wanted.threshold is None or not math.isfinite(wanted.threshold):
        raise Invalid("The threshold must be a finite number.", field="threshold")
    return {**fields, "metric": clean_name(wanted.metric, field="metric", max_length=250)}
