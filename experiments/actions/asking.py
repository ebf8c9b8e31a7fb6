"""Ask and tell: trials measured by code outside of this server. Called by the API."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from experiments.models import Study, Trial, TrialState
from experiments.queries import budgets
from experiments.queries import trials as queries
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, Invalid
from mlregistry.lib.names import clean_key, clean_text

from . import lanes
from . import trials as actions
from .trials import Told

LEASE_SECONDS = 600


def ask(study: Study, *, lease_seconds: int = LEASE_SECONDS, worker: str = "", by: Actor) -> Trial:
    """The next trial with its params; Conflict, with the reason, when the study gives out none."""
    by.require(Role.EDITOR)
    name = clean_text(worker, field="worker", max_length=200) or (by.user.get_username() if by.user else "")
    trial = actions.claim_trial(study.pk, worker=name, lease_seconds=lease_seconds)
    if trial is None:
        lanes.close(study.pk)
        raise Conflict(_why_none(study))
    try:
        return actions.propose(trial.study, trial)
    except Exception:
        actions.release_trial(trial)
        raise


def report(study: Study, number: int, *, attempt: int, step: int, value: float, by: Actor) -> bool:
    """True when the trial should stop; renews its lease."""
    by.require(Role.EDITOR)
    if not math.isfinite(value):
        raise Invalid("The value is a finite number; tell a trial that diverged as FAILED.", field="value")
    trial = actions.trial_of(study, number, attempt)
    return actions.report_trial(study, trial, step, value, lease_seconds=LEASE_SECONDS)


def tell(
    study: Study,
    number: int,
    *,
    attempt: int,
    state: str = TrialState.COMPLETE,
    values: Sequence[float] | None = None,
    metrics: Mapping[str, float] | None = None,
    error: str = "",
    by: Actor,
) -> Trial:
    """COMPLETE with one finite value per objective, or PRUNED, or FAILED with the reason."""
    by.require(Role.EDITOR)
    n_wanted = len(study.objectives)
    if state == TrialState.COMPLETE and len(values or ()) != n_wanted:
        raise Invalid(f"Tell {n_wanted} value{'s'[: n_wanted != 1]}, one per objective.", field="values")
    if state != TrialState.COMPLETE and values:
        raise Invalid("Only a COMPLETE trial has values.", field="values")
    if not all(math.isfinite(value) for value in values or ()):
        raise Invalid("The values are finite numbers; tell a trial that diverged as FAILED.", field="values")
    for key in metrics or {}:
        clean_key(key, field="metrics")
    trial = actions.trial_of(study, number, attempt)
    told = Told(
        state,
        tuple(values) if values else None,
        dict(metrics or {}),
        clean_text(error, field="error", max_length=4000),
    )
    row = actions.tell_trial(trial, told)
    lanes.close(study.pk)
    return row


def recipe_of(study: Study, trial: Trial) -> dict[str, Any]:
    """What a trial of a study with a problem trains."""
    return queries.recipe_of(study, trial.params or {})


def _why_none(study: Study) -> str:
    study.refresh_from_db()
    if not study.is_open:
        return f"The study is {study.get_state_display()}. {study.reason}".strip()
    over = budgets.why_over(study)
    if over is not None:
        return f"{over.reason} Trials that are under way may still be told."
    return f"The study is {study.get_state_display()}; it gives out no trials now."
