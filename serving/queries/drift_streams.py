"""The hours of a version's last two weeks, followed by a detector of changes. For checks."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from mlregistry.ml.drift import coding, streams
from mlregistry.ml.drift.counters import Counters
from mlregistry.ml.drift.declaring import NO_STREAM
from mlregistry.ml.profiling.codec import encoded
from models_app.models import ModelVersion
from serving.models import DriftCount, Endpoint, Span
from serving.queries import drift, drift_baselines

FOLLOWED = timedelta(days=14)
MOST_CHANGES = 50


def followed(endpoint: Endpoint, version: ModelVersion, until: datetime) -> dict[str, Any]:
    """What changed and when, the newest first, by which detector; empty where none is wanted."""
    declared = drift.declaration(endpoint)
    one = drift_baselines.watched([version.pk]).get(version.pk)
    if one is None or declared.stream == NO_STREAM:
        return {}
    rows = DriftCount.objects.filter(
        endpoint=endpoint, version=version, span=Span.HOUR, at__gte=until - FOLLOWED, at__lt=until
    ).order_by("at")
    hours: dict[int, Counters] = {}
    for at, data in rows.values_list("at", "counters"):
        counters, begin = coding.from_bytes(bytes(data), one.baseline), int(at.timestamp())
        hours[begin] = hours[begin] + counters if begin in hours else counters
    found = streams.changes(one.baseline, one.reference, list(hours.items()), declared)
    return {
        "detector": declared.stream, "n_hours": len(hours), "since": (until - FOLLOWED).isoformat(),
        "changes": [encoded(change) for change in found[:MOST_CHANGES]],
    }  # fmt: skip


def n_changes(beyond: Mapping[str, Any], since: datetime) -> int:
    """Of those that a check found, the ones seen since then."""
    changes = (beyond.get("streams") or {}).get("changes", [])
    return sum(change["at"] >= since.timestamp() for change in changes)
