"""Reads of quality over time: comparisons, the timeline of a dataset, open alerts. Called by doors and actions."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from experiments.models import (
    CheckState,
    Dataset,
    DatasetVersion,
    Problem,
    QualityAlert,
    VersionComparison,
)
from mlregistry.errors import NotFound

from . import contracts
from .contracts import Standing

MOST_VERSIONS = 200


@dataclass(frozen=True)
class Moment:
    """One version on the timeline; `drift` is the largest shift of a column against the version before."""

    version: DatasetVersion
    missing: float
    standing: Standing
    comparison: VersionComparison | None
    comparison_state: str
    drift: float | None
    drift_column: str

    def to_json(self) -> dict[str, Any]:
        return {
            "version": self.version.number,
            "created_at": self.version.created_at,
            "n_rows": self.version.n_rows,
            "missing": self.missing,
            "contract": self.standing.badge,
            "comparison": self.comparison_state,
            "drift": self.drift,
            "drift_column": self.drift_column,
        }


def timeline(dataset: Dataset) -> list[Moment]:
    """The newest 200 versions, oldest first."""
    newest = dataset.versions.order_by("-number").select_related("created_by", "original")[:MOST_VERSIONS]
    rows = list(newest)[::-1]
    standings = contracts.standings(dataset, rows)
    found = VersionComparison.objects.filter(version__in=rows).select_related("job", "earlier")
    comparisons = {row.version_id: row for row in found}
    return [_moment(row, standings[row.pk], comparisons.get(row.pk)) for row in rows]


def _moment(version: DatasetVersion, standing: Standing, row: VersionComparison | None) -> Moment:
    cells = version.n_rows * max(1, version.n_columns)
    missing = sum(column["n_missing"] for column in version.columns) / cells if cells else 0.0
    largest = ((row.report if row else None) or {}).get("largest_shift") or {}
    return Moment(
        version, missing, standing, row, contracts.state_of(row) if row else "", largest.get("value"),
        largest.get("column", ""),
    )  # fmt: skip


def comparison(version: DatasetVersion) -> VersionComparison | None:
    """The comparison of the version with the one before, if there is one."""
    rows = VersionComparison.objects.filter(version=version)
    return rows.select_related("earlier", "job").first()


def open_alerts(*, dataset: Dataset | None = None, problem: Problem | None = None) -> QuerySet[QualityAlert]:
    """Newest first; those of a problem are about it or about one of its datasets."""
    rows = QualityAlert.objects.filter(closed_at=None).select_related("dataset", "version", "problem")
    if dataset is not None:
        rows = rows.filter(dataset=dataset)
    if problem is not None:
        rows = rows.filter(Q(problem=problem) | Q(dataset__problem=problem))
    return rows.order_by("-created_at")


def alert(dataset: Dataset, alert_id: int) -> QualityAlert:
    """An open alert of the dataset."""
    found = open_alerts(dataset=dataset).filter(pk=alert_id).first()
    if found is None:
        raise NotFound(f"The dataset {dataset.name!r} has no open alert {alert_id}.")
    return found


def is_waiting(version: DatasetVersion) -> bool:
    """True while a check or comparison of the version is under way."""
    row = comparison(version)
    states = (contracts.standing(version).state, contracts.state_of(row) if row else "")
    return CheckState.PENDING in states


def unscheduled_reasons(version: DatasetVersion) -> list[str]:
    """Why training by schedule leaves this version alone; empty when it may start."""
    found = contracts.standing(version)
    if found.blocks:
        return list(found.reasons)
    row = comparison(version)
    state = contracts.state_of(row) if row else CheckState.PASSED
    if state == CheckState.PENDING:
        return [f"v{version.number} is still being compared with the version before."]
    if state == CheckState.ERROR:
        return [f"v{version.number} could not be compared with the version before; check it again."]
    accepted = not version.alerts.filter(kind="comparison", closed_at=None).exists()
    if row is None or state != CheckState.FAILED or accepted:
        return []
    changes = (row.report or {}).get("changes", [])
    return [change["message"] for change in changes if change["severity"] == CheckState.FAILED]
