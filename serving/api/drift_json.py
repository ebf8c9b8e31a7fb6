"""What the API tells of a declaration, a baseline and a check. Called by api.drift."""

from typing import Any

from serving.models import DriftBaseline, DriftCheck, DriftWatch


def watch_json(watch: DriftWatch) -> dict[str, Any]:
    names = ("declared", "enabled", "window_hours", "every_minutes")
    return {name: getattr(watch, name) for name in names} | {"next_at": watch.next_at if watch.pk else None}


def baseline_json(row: DriftBaseline | None) -> dict[str, Any] | None:
    """None for a version that nobody has asked for yet."""
    if row is None:
        return None
    data = row.dataset_version
    return {
        "state": row.state,
        "n_rows": row.n_rows,
        "dataset": data.dataset.name if data else None,
        "dataset_version": data.number if data else None,
        "notes": row.notes,
        "error": row.error,
        "made_at": row.made_at,
        "job": str(row.job_id) if row.job_id else None,
    }


def check_json(check: DriftCheck) -> dict[str, Any]:
    names = (
        "since",
        "until",
        "at",
        "state",
        "verdict",
        "n_rows",
        "n_compared",
        "n_drifted",
        "n_alarms",
        "exact",
        "share",
    )
    return {
        "id": check.pk,
        "endpoint": check.endpoint.name,
        "model": check.version.model.name,
        "version": check.version.number,
        **{name: getattr(check, name) for name in names},
        "error": check.error,
        "job": str(check.job_id) if check.job_id else None,
    }
