"""The drift of a window from counters: any window is a sum of hours and days. For API, pages and checks."""

from collections.abc import Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.db.models import Func, IntegerField, Q, Sum
from django.utils import timezone

from mlregistry.errors import Conflict, Invalid, NotFound
from mlregistry.ml.drift import coding, counted
from mlregistry.ml.drift.baselines import INPUT
from mlregistry.ml.drift.counters import total
from mlregistry.ml.drift.declaring import ColumnRule, Declaration, parse
from mlregistry.ml.drift.report import DriftReport
from models_app.models import ModelVersion
from serving.models import (
    BaselineState,
    DriftBaseline,
    DriftCheck,
    DriftCount,
    DriftWatch,
    Endpoint,
    Span,
    UncountedPredictions,
)
from serving.queries import drift_baselines
from serving.queries.drift_truths import counted_truths

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOURS_FOR = timedelta(days=34)  # so long hours are there; what is older is told in whole days
LONGEST = timedelta(days=400)
MOST_POINTS = 1_000


@dataclass(frozen=True)
class Window:
    """From `since` until before `until`, whole hours (UTC); of what is long ago, whole days."""

    since: datetime
    until: datetime


def window(since: datetime, until: datetime, *, now: datetime) -> Window:
    """Both ends moved outwards to where counters begin and end; Invalid names the end that is wrong."""
    since, until = since.astimezone(UTC), min(until.astimezone(UTC), now)
    if since >= until:
        raise Invalid("“from” must lie before “to” and before now.", field="from")
    if until - since > LONGEST:
        raise Invalid(f"A window is at most {LONGEST.days} days long.", field="from")
    start, end = _floor(since, HOUR), _ceiling(until, HOUR)
    old = now - HOURS_FOR
    return Window(_floor(since, DAY) if start < old else start, _ceiling(until, DAY) if end < old else end)


def newest_check(endpoint: Endpoint) -> DriftCheck | None:
    """Of any of its versions, without its report."""
    rows = DriftCheck.objects.filter(endpoint=endpoint).defer("report", "quality", "beyond")
    return rows.order_by("-at").first()


def newest_window(hours: int, *, now: datetime) -> Window:
    """The last so many hours, the one under way with them."""
    end = _ceiling(now, HOUR)
    return Window(end - hours * HOUR, end)


def version_of(endpoint: Endpoint, *, model: str = "", number: int | None = None) -> ModelVersion:
    """The version that was asked for, of those that stand behind the endpoint or have counters; else the one with
    most of the traffic."""
    known = versions(endpoint)
    if not known:
        raise NotFound(f"No version stands behind “{endpoint.name}”.", field="version")
    if number is None:
        return known[0]
    for version in known:
        if version.number == number and model in ("", version.model.name):
            return version
    raise NotFound(f"“{endpoint.name}” has no predictions of version {number}.", field="version")


def versions(endpoint: Endpoint) -> list[ModelVersion]:
    """Those behind the endpoint, by their traffic, then those that answered before, the newest first."""
    current = endpoint.variants.select_related("version__model").order_by("-weight", "position")
    found = list(dict.fromkeys(row.version for row in current))
    ids = DriftCount.objects.filter(endpoint=endpoint).values("version_id")
    gone = ModelVersion.objects.filter(pk__in=ids).exclude(pk__in=[one.pk for one in found])
    return found + list(gone.select_related("model").order_by("-pk"))


def report(endpoint: Endpoint, version: ModelVersion, of: Window) -> DriftReport:
    """The window's counters, and the truths known of it, against the baseline of the version; Conflict while there is
    none."""
    one = drift_baselines.watched([version.pk]).get(version.pk)
    if one is None:
        raise Conflict(why_not(version), field="version")
    rows = DriftCount.objects.filter(_inside(of), endpoint=endpoint, version=version)
    parts = (coding.from_bytes(bytes(data), one.baseline) for data in rows.values_list("counters", flat=True))
    current = total(parts, one.baseline)
    truths = counted_truths(endpoint, version, one.baseline, of.since, of.until)
    current = current + truths if truths else current
    found = counted.compare(one.baseline, one.reference, current, declaration(endpoint))
    return _shown(found, _hidden(endpoint))


def n_counted(endpoint: Endpoint, version: ModelVersion, of: Window) -> int:
    """Rows of the window in counters."""
    rows = DriftCount.objects.filter(_inside(of), endpoint=endpoint, version=version)
    return int(rows.aggregate(n=Sum("n_rows"))["n"] or 0)


def can_be_compared(version: ModelVersion) -> bool:
    return DriftBaseline.objects.filter(version=version, state=BaselineState.READY).exists()


def why_not(version: ModelVersion) -> str:
    """Why there is no baseline of the version, as a sentence."""
    row = drift_baselines.of_version(version)
    if row is None or row.state == BaselineState.WAITING:
        return f"The baseline of {version} is being made; look again in a moment."
    return f"{version} has no baseline. {row.error}"


def declaration(endpoint: Endpoint) -> Declaration:
    """What the endpoint declares; columns that its log hides are not watched."""
    row = DriftWatch.objects.filter(endpoint=endpoint).first()
    declared = parse(row.declared) if row else Declaration()
    hidden = {name: ColumnRule(watched=False) for name in _hidden(endpoint)}
    return replace(declared, columns={**declared.columns, **hidden})


def watch_of(endpoint: Endpoint) -> DriftWatch:
    """The endpoint's, or one of defaults that is not stored."""
    found = DriftWatch.objects.filter(endpoint=endpoint).first()
    return found or DriftWatch(endpoint=endpoint, next_at=timezone.now())


def n_uncounted(endpoint: Endpoint, version: ModelVersion) -> int:
    """Logged rows of the version that no counter holds yet."""
    rows = UncountedPredictions.objects.filter(endpoint=endpoint, version=version)
    found = rows.aggregate(n=Sum(Func("numbers", function="cardinality", output_field=IntegerField())))
    return int(found["n"] or 0)


def history(endpoint: Endpoint, version: ModelVersion, since: datetime) -> list[DriftCheck]:
    """Checks since then without their reports, the oldest first."""
    rows = DriftCheck.objects.filter(endpoint=endpoint, version=version, at__gte=since).exclude(verdict="")
    return list(rows.defer("report").order_by("-at")[:MOST_POINTS])[::-1]


def _inside(of: Window) -> Q:
    """Whole days by their own counters, the hours at both ends by theirs."""
    first, last = _ceiling(of.since, DAY), _floor(of.until, DAY)
    if first >= last:
        return Q(span=Span.HOUR, at__gte=of.since, at__lt=of.until)
    ends = Q(at__gte=of.since, at__lt=first) | Q(at__gte=last, at__lt=of.until)
    return Q(span=Span.DAY, at__gte=first, at__lt=last) | Q(ends, span=Span.HOUR)


def _shown(found: DriftReport, hidden: Set[str]) -> DriftReport:
    return replace(found, columns=tuple(one for one in found.columns if one.name not in hidden))


def _hidden(endpoint: Endpoint) -> set[str]:
    """What the log drops, hashes or cuts short would seem to have drifted."""
    return {INPUT + name for name in endpoint.log_redact}


def _floor(at: datetime, step: timedelta) -> datetime:
    return at - (at - datetime.fromtimestamp(0, UTC)) % step


def _ceiling(at: datetime, step: timedelta) -> datetime:
    down = _floor(at, step)
    return down if down == at else down + step
