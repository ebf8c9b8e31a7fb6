"""The document of a report: everything about an endpoint in a period beside the period before, as plain JSON.

Made once by the report's job and kept; pages and the API read what was kept.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from mlregistry.errors import MlregistryError
from mlregistry.ml.metrics import METRICS
from models_app.models import ModelVersion
from serving.models import DriftCheck, Endpoint, EndpointReport, ReportSchedule, Rhythm
from serving.queries import drift, quality, report_changes, report_costs, report_traffic
from serving.report_periods import Period, before

FORMAT = 1
MOST_COLUMNS = 15
MOST_VERSIONS = 4
Progress = Callable[[float, str], None]


def document(
    endpoint: Endpoint, rhythm: str, of: Period, *, now: datetime, report: Progress
) -> dict[str, Any]:
    """Of the period and the one before; what cannot be told says why in place of figures."""
    former = before(rhythm, of)
    report(0.1, "Traffic")
    traffic = {
        name: report_traffic.of_period(endpoint, one) for name, one in (("now", of), ("before", former))
    }
    report(0.2, "Changes and alerts")
    lines, n_lines = report_changes.lines(endpoint, of)
    versions = _versions(endpoint)
    report(0.3, "Quality")
    live = _quality(endpoint, versions, of, former, now, report)
    report(0.8, "Drift")
    return {
        "format": FORMAT,
        "endpoint": _endpoint(endpoint),
        "window": _window(of),
        "before": _window(former),
        "made_at": now.isoformat(),
        "variants": report_changes.variants(endpoint),
        "changes": lines,
        "n_changes": n_lines,
        "tests": report_changes.tests(endpoint, of),
        "traffic": {name: found.to_json() for name, found in traffic.items()},
        "days": report_traffic.by_day(endpoint, of),
        "quality": live,
        "drift": _drift(endpoint, versions[0] if versions else None, of, former, now),
        "alerts": report_changes.alerts(endpoint, of)
        | {"n_fired_before": report_changes.alerts(endpoint, former)["n_fired"]},
        "cost": {
            name: report_costs.of_period(endpoint, one, traffic[name].seconds).to_json()
            for name, one in (("now", of), ("before", former))
        },
    }


def schedule_of(endpoint: Endpoint) -> ReportSchedule:
    """The endpoint's, or one that is off and not stored."""
    found = ReportSchedule.objects.filter(endpoint=endpoint).prefetch_related("channels").first()
    return found or ReportSchedule(endpoint=endpoint, rhythm=Rhythm.WEEKLY, enabled=False)


def newest(endpoint: Endpoint, *, limit: int = 50) -> list[EndpointReport]:
    """Without their documents."""
    rows = (
        EndpointReport.objects.filter(endpoint=endpoint).select_related("job", "created_by").defer("document")
    )
    return list(rows.order_by("-until", "-pk")[:limit])


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    problem = endpoint.problem
    found = METRICS.get(problem.kind, {}).get(problem.primary_metric) if problem else None
    return {
        "name": endpoint.name, "team": endpoint.team.name, "problem": problem.name if problem else None,
        "metric": problem.primary_metric if problem else None, "metric_title": found.title if found else None,
        "direction": problem.direction if problem else None,
        "threshold": problem.success_threshold if problem else None,
    }  # fmt: skip


def _window(of: Period) -> dict[str, str]:
    return {"since": of.since.isoformat(), "until": of.until.isoformat()}


def _versions(endpoint: Endpoint) -> list[ModelVersion]:
    """Those behind the endpoint, by their traffic."""
    current = endpoint.variants.select_related("version__model").order_by("-weight", "position")
    return list(dict.fromkeys(row.version for row in current))[:MOST_VERSIONS]


def _quality(
    endpoint: Endpoint,
    versions: list[ModelVersion],
    of: Period,
    former: Period,
    now: datetime,
    report: Progress,
) -> list[dict[str, Any]]:
    """Of each version behind the endpoint, in both periods: by truths with interval, and estimated."""
    found = []
    for place, version in enumerate(versions):
        report(0.3 + 0.5 * place / len(versions), f"Quality of {version}")
        told = {
            name: quality.of_window(endpoint, version, drift.Window(one.since, min(one.until, now)))
            for name, one in (("now", of), ("before", former))
        }
        found.append(
            {"model": version.model.name, "version": version.number}
            | {name: one.to_json() for name, one in told.items()}
        )
    return found


def _drift(
    endpoint: Endpoint, version: ModelVersion | None, of: Period, former: Period, now: datetime
) -> dict[str, Any]:
    """The period as a whole against the baseline, the alarms and nearest columns; and the checks made in it."""
    checks = DriftCheck.objects.filter(endpoint=endpoint, at__gte=of.since, at__lt=of.until).exclude(
        verdict=""
    )
    verdicts = list(checks.values_list("verdict", flat=True))
    told: dict[str, Any] = {
        "n_checks": len(verdicts),
        "n_alarms": sum(v in ("drift", "columns") for v in verdicts),
    }
    if version is None:
        return told | {"report": None, "why_not": "No version stands behind the endpoint."}
    try:
        found = drift.report(endpoint, version, drift.window(of.since, of.until, now=now))
    except MlregistryError as error:
        return told | {"report": None, "why_not": error.message}
    data = found.to_json()
    order = {column.name: (not column.alarms, not column.drifted, column.name) for column in found.columns}
    data["columns"] = sorted(data["columns"], key=lambda column: order[column["name"]])[:MOST_COLUMNS]
    return told | {
        "version": str(version), "report": data, "n_columns": len(found.columns),
        "before": _drifted_before(endpoint, version, former, now), "why_not": "",
    }  # fmt: skip


def _drifted_before(
    endpoint: Endpoint, version: ModelVersion, former: Period, now: datetime
) -> dict[str, int] | None:
    try:
        found = drift.report(endpoint, version, drift.window(former.since, former.until, now=now))
    except MlregistryError:
        return None
    return {"n_drifted": found.n_drifted, "n_compared": found.n_compared, "n_rows": found.n_current}
