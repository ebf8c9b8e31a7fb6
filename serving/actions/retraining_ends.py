"""How a retraining ends: promoted, refused, stopped, failed; what it began goes with it. Called by `retraining`."""

import contextlib
from datetime import datetime
from typing import Any
from urllib.parse import quote

from experiments.actions.studies import cancel_study
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.errors import Conflict
from mlregistry.jobs.actions import jobs as job_actions
from mlregistry.jobs.models import Job
from mlregistry.notices.actions.notifying import notify
from mlregistry.notices.models import Severity
from serving.actions.abtests import stop_test
from serving.actions.endpoints import VariantSpec, set_variants
from serving.actions.retraining_live import remove_shadow
from serving.models import (
    Retraining,
    RetrainingPolicy,
    RetrainingState,
    RetrainingStep,
    StepState,
    Variant,
)

SEVERITIES = {
    RetrainingState.WAITING: Severity.WARNING,
    RetrainingState.FAILED: Severity.CRITICAL,
}
STEP_STATES = {
    RetrainingState.PROMOTED: StepState.DONE, RetrainingState.REFUSED: StepState.REFUSED,
    RetrainingState.CANCELLED: StepState.CANCELLED, RetrainingState.FAILED: StepState.FAILED,
}  # fmt: skip


def end(
    row: Retraining, step: RetrainingStep, state: RetrainingState, text: str, *, now: datetime, by: Actor
) -> None:
    """Closes a locked row and its step, takes back what did not come through, and tells."""
    close_step(step, STEP_STATES[state], text, now=now)
    row.state, row.outcome, row.ended_at = state, text, now
    row.save(update_fields=["state", "outcome", "ended_at", "decided_by"])
    if state != RetrainingState.PROMOTED:
        _stop_work(row, step, by)
        _take_back(row, text, by)
    elif row.shadow is not None:
        remove_shadow(row)
    record(by, f"retraining.{ACTIONS[state]}", row, endpoint=row.endpoint.name, why=text, step=step.name)
    tell(row, text, now=now)


ACTIONS = {
    RetrainingState.PROMOTED: "promote", RetrainingState.REFUSED: "refuse", RetrainingState.CANCELLED: "cancel",
    RetrainingState.FAILED: "fail",
}  # fmt: skip


def close_step(step: RetrainingStep, state: StepState, text: str, *, now: datetime) -> None:
    step.state, step.text, step.ended_at = state, text, now
    step.save(update_fields=["state", "text", "ended_at", "details", "job"])


def tell(row: Retraining, text: str, *, now: datetime) -> None:
    """The channels of the endpoint's policy, once for each state."""
    policy = RetrainingPolicy.objects.filter(endpoint=row.endpoint).first()
    channels = list(policy.channels.all()) if policy is not None else []
    if not channels:
        return
    state = RetrainingState(row.state)
    notify(
        kind=f"retraining.{state.value}", title=f"{row.endpoint.name}: a retraining {_words(state)}",
        key=f"retraining:{row.pk}:{state.value}", text=text,
        link=f"/endpoints/{quote(row.endpoint.name, safe='')}/retraining/",
        severity=SEVERITIES.get(state, Severity.INFO),
        data=_data(row, text), channels=channels, at=now, by=Actor.system(row.endpoint.team),
    )  # fmt: skip


def _words(state: RetrainingState) -> str:
    if state == RetrainingState.WAITING:
        return "waits for approval"
    return f"was {state.label}" if state != RetrainingState.FAILED else "failed"


def _data(row: Retraining, text: str) -> dict[str, Any]:
    return {
        "endpoint": row.endpoint.name, "retraining": row.pk, "state": row.state, "trigger": row.trigger,
        "reason": row.reason, "challenger": str(row.challenger) if row.challenger else None, "text": text,
    }  # fmt: skip


def _stop_work(row: Retraining, step: RetrainingStep, by: Actor) -> None:
    """Jobs of the step, the search and the training; what has ended meanwhile is left as it is."""
    if row.study is not None and row.study.is_open:
        with contextlib.suppress(Conflict):
            cancel_study(row.study, by=by)
    for job in (step.job, row.run.job if row.run is not None else None):
        if job is not None and Job.objects.get(pk=job.pk).is_live:
            with contextlib.suppress(Conflict):
                job_actions.cancel(job, by=by)


def _take_back(row: Retraining, text: str, by: Actor) -> None:
    """The challenger goes from behind the endpoint, unless somebody ended its test and left it there."""
    if row.shadow is not None:
        remove_shadow(row)
    if row.test is None:
        return
    row.test.refresh_from_db()
    left_by_hand = row.test.state == "stopped"
    if row.test.is_running:
        stop_test(row.test, back=True, reason=text[:2_000], by=by)
    elif left_by_hand:
        return
    rows = list(Variant.objects.filter(endpoint=row.endpoint).select_related("version__model"))
    kept: list[VariantSpec] = [
        {"name": one.name, "version": one.version, "weight": float(one.weight)}
        for one in rows
        if one.name != row.challenger_name
    ]
    if len(kept) < len(rows) and sum(one["weight"] for one in kept) == 100:
        set_variants(row.endpoint, kept, why=f"Retraining {row.pk}: {text}"[:2_000], by=by)
