"""How a version's compiled form fares, for its page and the API."""

from typing import Any

from models_app.models import Compilation, ModelVersion

Line = dict[str, Any]
SERVED = "serves"


def compilation_of(version: ModelVersion) -> Compilation | None:
    return Compilation.objects.select_related("job", "file").filter(version=version).first()


def compilation_json(found: Compilation | None) -> dict[str, Any]:
    """State and report; null where there is none (yet)."""
    return {
        "job": str(found.job.pk) if found and found.job else None,
        "is_running": bool(found and found.is_live),
        "serves": serving_form(found),
        "size": found.file.size if found and found.file else None,
        "n_rescored": found.n_rescored if found else 0,
        "n_mismatches": found.n_mismatches if found else 0,
        "report": found.report if found else None,
    }


def serving_form(found: Compilation | None) -> str:
    """The name of the candidate that answers requests."""
    return str((found.report or {}).get("winner")) if found and found.file else "native"


def lines_of(found: Compilation | None) -> list[Line]:
    """One line per candidate, the native model first: speed-ups, and bars on a scale of powers of ten."""
    if found is None or not found.report:
        return []
    candidates = found.report["candidates"]
    native, name = candidates[0], serving_form(found)
    lines = [
        {
            **one,
            "serves": one["name"] == name,
            "faster_one": _times(native["seconds_one"], one["seconds_one"]),
            "faster_many": _times(native["seconds_many"], one["seconds_many"]),
        }
        for one in candidates
    ]
    most = max((line["faster_one"] or 1.0 for line in lines), default=1.0)
    for line in lines:
        line["bar"] = (line["faster_one"] or 0.0) / most
    return lines


def _times(native: float | None, other: float | None) -> float | None:
    return None if not native or not other else native / other
