"""Quality over time on pages: the charts of a dataset's versions."""

from collections.abc import Sequence
from typing import Any

from experiments.queries.quality import Moment


def charts(moments: Sequence[Moment]) -> list[tuple[str, dict[str, Any]]]:
    """Rows, missing values and drift per version; nothing for a single version."""
    if len(moments) < 2:
        return []
    labels = [f"v{moment.version.number}" for moment in moments]
    drift = [moment for moment in moments if moment.drift is not None]
    found = [
        ("rows", _line("Rows", labels, [moment.version.n_rows for moment in moments])),
        ("missing", _line("Missing values, %", labels, [100 * moment.missing for moment in moments])),
    ]
    if drift:
        names = [f"v{moment.version.number}" for moment in drift]
        title = "Largest shift of a column"
        found.append(("drift", _line(title, names, [moment.drift for moment in drift])))
    return found


def _line(title: str, x: list[str], y: Sequence[float | None]) -> dict[str, Any]:
    series = [{"name": title, "x": x, "y": list(y)}]
    look = {"markers": True, "from_zero": True, "x_title": "", "y_title": ""}
    return {"type": "lines", "title": title, **look, "series": series}
