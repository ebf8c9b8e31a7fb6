"""What a study may still spend: trials, minutes, money, patience. Called by its actions and pages."""

from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from experiments.models import Study, StudyState
from mlregistry.jobs.options import seconds


@dataclass(frozen=True)
class Over:
    """Why no new trial begins; `at_once`: not even one that a dead worker left."""

    reason: str
    at_once: bool = False


def cpu_hour_price() -> float | None:
    """What the operator says that an hour of one processor costs; None where nothing is said."""
    return settings.PRICES.cpu_hour or None


def seconds_used(study: Study) -> float:
    """The time worked on, without pauses, nor what lies more than a lease behind its lanes' last sign of life."""
    if study.resumed_at is None or not study.is_open or study.state == StudyState.PAUSED:
        return study.used_seconds
    since = (timezone.now() - study.resumed_at).total_seconds()
    return study.used_seconds + (min(since, seconds("JOB_LEASE_SECONDS")) if study.n_lanes else since)


def cost(study: Study) -> float | None:
    price = cpu_hour_price()
    return None if price is None else study.cpu_seconds / 3600 * price


def why_over(study: Study) -> Over | None:
    """None while trials may begin."""
    if study.max_seconds is not None and seconds_used(study) >= study.max_seconds:
        return Over(f"Its time of {study.max_seconds / 60:g} minutes is used up.", at_once=True)
    spent = cost(study)
    if study.max_cost is not None and spent is not None and spent >= study.max_cost:
        return Over(f"Its budget of {study.max_cost:g} is spent.", at_once=True)
    if study.patience is not None and study.best_value is not None and study.n_since_best >= study.patience:
        return Over(f"The last {study.patience} trials were no better.")
    if study.next_number >= study.max_trials:
        return Over(f"All {study.max_trials} trials are done.")
    return None


def seconds_left(study: Study) -> float | None:
    """Until the time is used up; None without such a budget."""
    return None if study.max_seconds is None else max(0.0, study.max_seconds - seconds_used(study))
