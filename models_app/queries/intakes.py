"""How versions from outside fare, for pages and the API."""

from typing import Any

from models_app.models import Intake, ModelVersion


def intake_json(found: Intake | None) -> dict[str, Any] | None:
    """State, findings and decision; None for a version that was trained here."""
    if found is None:
        return None
    return {
        "state": found.state,
        "format": found.format,
        "file_name": found.file_name,
        "sha256": found.file.sha256,
        "problem": found.problem,
        "job": str(found.job_id) if found.job_id else None,
        "findings": found.findings,
        "decided_by": found.decided_by.get_username() if found.decided_by else None,
        "decided_at": found.decided_at,
        "reason": found.reason,
    }


def intake_of(version: ModelVersion) -> Intake | None:
    """None for a version that was trained here."""
    return Intake.objects.select_related("job", "file", "decided_by").filter(version=version).first()
