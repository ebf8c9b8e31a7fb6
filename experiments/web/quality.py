"""Quality over time on pages: the charts of a dataset's versions, and two versions side by side."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from experiments import access
from experiments.queries import contracts, quality
from experiments.queries.quality import Moment
from mlregistry.errors import NotFound
from mlregistry.ml.contracts.shifts import TITLES
from mlregistry.ui.page import PageRequest, page

BAR_WIDTH, BAR_HEIGHT = 240, 64


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
    return {"type": "lines", "title": title, "x_title": "", "y_title": "", "markers": True, "series": series}


@require_GET
@page()
def changes(request: PageRequest, dataset_id: int, number: int) -> HttpResponse:
    version = access.dataset_version(request.actor, dataset_id, number)
    row = quality.comparison(version)
    if row is None:
        raise NotFound(f"{version} has no version before it to be compared with.")
    report = row.report or {}
    columns = [_column(column, report.get("changes", [])) for column in report.get("columns", [])]
    context = {
        "dataset": version.dataset,
        "version": version,
        "earlier": row.earlier,
        "state": contracts.state_of(row),
        "report": report,
        "columns": sorted(
            columns, key=lambda column: (-column["rank"], -(column["shift"] or {}).get("value", 0))
        ),
    }
    return render(request, "experiments/changes.html", context)


def _column(column: dict[str, Any], found: list[dict[str, Any]]) -> dict[str, Any]:
    own = [change for change in found if change["column"] == column["name"]]
    shift = column["shift"]
    severities = {change["severity"] for change in own}
    rank = 2 if "failed" in severities else 1 if severities else 0
    return {
        **column,
        "changes": own,
        "rank": rank,
        "state": ("", "warning", "failed")[rank],
        "method": TITLES.get(shift["method"].partition(" ")[0], shift["method"]) if shift else "",
        "bars": _bars(column["bins"]) if column["bins"] else None,
    }


def _bars(bins: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Pairs of bars in a drawing of 240 × 64, the earlier version's first."""
    highest = max(*bins["earlier"], *bins["later"], 1e-12)
    step = BAR_WIDTH / len(bins["labels"])
    return [
        {
            "label": label,
            "x": round(place * step + 1, 2),
            "x_later": round(place * step + step / 2, 2),
            "width": round(max(1.0, step / 2 - 1), 2),
            "earlier": round(before / highest * BAR_HEIGHT, 2),
            "later": round(after / highest * BAR_HEIGHT, 2),
            "y": round(BAR_HEIGHT - before / highest * BAR_HEIGHT, 2),
            "y_later": round(BAR_HEIGHT - after / highest * BAR_HEIGHT, 2),
            "share": before,
            "share_later": after,
        }
        for place, (label, before, after) in enumerate(
            zip(bins["labels"], bins["earlier"], bins["later"], strict=True)
        )
    ]
