"""What speaks for a retraining now: one line for each trigger that a policy declares. For its looks and the page."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mlregistry.ml.metrics import MAXIMIZE, METRICS
from models_app.models import ModelVersion
from serving.models import DriftCheck, DriftTrigger, DriftVerdict, RetrainingPolicy, Trigger
from serving.queries import labelled_rows, live_figures
from serving.queries.retraining import champion_of, counts_from

ALARMS = {
    DriftTrigger.DRIFT: (DriftVerdict.DRIFT,),
    DriftTrigger.COLUMNS: (DriftVerdict.DRIFT, DriftVerdict.COLUMNS),
}


@dataclass(frozen=True)
class Reading:
    """How one trigger stands; `text` is a sentence."""

    trigger: Trigger
    fires: bool
    text: str

    def to_json(self) -> dict[str, Any]:
        return {"trigger": self.trigger.value, "fires": self.fires, "text": self.text}


def readings(policy: RetrainingPolicy, now: datetime) -> list[Reading]:
    """Of those that are declared, in the order in which they are asked."""
    variant, since = champion_of(policy.endpoint), counts_from(policy)
    if variant is None:
        return []
    found = [
        _schedule(policy, since, now), _drift(policy, variant.version, since, now),
        *_metric(policy, variant.version, now), _labels(policy, since, now),
    ]  # fmt: skip
    return [one for one in found if one is not None]


def labels_missing(policy: RetrainingPolicy, now: datetime) -> int:
    """How many labelled rows the window lacks."""
    since, least = now - timedelta(days=policy.window_days), policy.least_labels
    return least - labelled_rows.n_labelled(policy.endpoint, since, now, most=least)


def _schedule(policy: RetrainingPolicy, since: datetime, now: datetime) -> Reading | None:
    if policy.every_hours is None:
        return None
    due = since + timedelta(hours=policy.every_hours)
    words = f"It is retrained every {span(policy.every_hours)}"
    if now >= due:
        return Reading(Trigger.SCHEDULE, True, f"{words}; the time has come.")
    return Reading(Trigger.SCHEDULE, False, f"{words}; next on {due:%-d %b %Y, %H:%M} UTC.")


def _drift(
    policy: RetrainingPolicy, champion: ModelVersion, since: datetime, now: datetime
) -> Reading | None:
    alarms = ALARMS.get(DriftTrigger(policy.on_drift)) if policy.on_drift else None
    if alarms is None:
        return None
    rows = DriftCheck.objects.filter(
        endpoint=policy.endpoint, version=champion, at__gt=since, at__lte=now
    ).exclude(verdict=DriftVerdict.NONE)
    checks = list(rows.order_by("-at").defer("report")[: policy.drift_looks])
    n = next((place for place, check in enumerate(checks) if check.verdict not in alarms), len(checks))
    if n >= policy.drift_looks:
        newest = checks[0]
        return Reading(
            Trigger.DRIFT, True,
            f"{n} drift check{'s' * (n > 1)} in a row told drift; the newest:"
            f" {newest.n_drifted} of {newest.n_compared} columns over {newest.n_rows:,} rows.",
        )  # fmt: skip
    return Reading(
        Trigger.DRIFT, False, f"{n} of the last {policy.drift_looks} drift checks in a row told drift."
    )


def _metric(policy: RetrainingPolicy, champion: ModelVersion, now: datetime) -> list[Reading]:
    problem = policy.endpoint.problem
    bounds = _bounds(policy, champion)
    if problem is None or not bounds:
        return []
    title = METRICS[problem.kind][problem.primary_metric].title
    since = now - timedelta(hours=policy.metric_hours)
    value, n = live_figures.live_metric(policy.endpoint, since, now, of=champion)
    if value is None or n < policy.metric_rows:
        words = f"{n:,} truths of the champion came within {span(policy.metric_hours)}"
        few = f"The live {title}: {words}; {policy.metric_rows:,} are needed."
        return [Reading(Trigger.METRIC, False, few)]
    return [_against(title, problem.direction, value, n, *bound) for bound in bounds]


def _bounds(policy: RetrainingPolicy, champion: ModelVersion) -> list[tuple[float, str]]:
    """Each with why it is one."""
    found = [] if policy.metric_floor is None else [(policy.metric_floor, "the bound")]
    problem = policy.endpoint.problem
    own = champion.metrics.get(f"test_{problem.primary_metric}") if problem else None
    if policy.metric_fall is None or own is None or problem is None:
        return found
    sign = -1 if problem.direction == MAXIMIZE else 1
    return [
        *found,
        (own + sign * policy.metric_fall, f"{policy.metric_fall:g} from the {own:.4g} of its test rows"),
    ]


def _against(metric: str, direction: str, value: float, n: int, bound: float, why: str) -> Reading:
    fires = value < bound if direction == MAXIMIZE else value > bound
    words = f"The live {metric} is {value:.4g} over {n:,} truths"
    told = f"worse than {bound:.4g} ({why})" if fires else f"no worse than {bound:.4g} ({why})"
    return Reading(Trigger.METRIC, fires, f"{words}, {told}.")


def _labels(policy: RetrainingPolicy, since: datetime, now: datetime) -> Reading | None:
    if policy.new_labels is None:
        return None
    n = labelled_rows.n_new_labels(policy.endpoint, since, now)
    return Reading(
        Trigger.LABELS, n >= policy.new_labels,
        f"{n:,} truths came since the last retraining; {policy.new_labels:,} set it off.",
    )  # fmt: skip


def span(hours: int) -> str:
    """36 hours, 7 days, 1 day."""
    n, unit = (hours // 24, "day") if hours % 24 == 0 else (hours, "hour")
    return f"{n} {unit}{'' if n == 1 else 's'}"
