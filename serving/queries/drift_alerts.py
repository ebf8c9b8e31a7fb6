"""Figures of drift and of estimated quality for alert rules, from counters. `settings.ALERT_FIGURES` names them.

Of an endpoint with several versions behind it the worst counts. The window is moved outwards to full hours.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from mlregistry.errors import Invalid
from mlregistry.ml.drift.baselines import INPUT, OUTPUT, TRUTH
from mlregistry.ml.drift.report import ColumnDrift, DriftReport
from models_app.models import ModelVersion
from serving.models import BaselineState, DriftCheck, Endpoint
from serving.queries import drift, drift_streams, quality_estimates
from serving.queries.alert_figures import Figure, Measured, Window

ROWS = "counted rows"
FORMS = ("{}", INPUT + "{}", OUTPUT + "{}", TRUTH + "{}")  # a column may be named without its role
SMALLER_IS_BETTER = frozenset({"mae", "rmse"})
USUAL = ("accuracy", "rmse")  # where the problem's metric is not estimated


def _drifted_share(window: Window) -> Measured:
    told = [report for report in _reports(window) if report.drifted is not None]
    return Measured(max((report.share for report in told), default=None), _rows(told))


def _of_column(read: Callable[[ColumnDrift], float | None]) -> Callable[[Window], Measured]:
    def measured(window: Window) -> Measured:
        reports = list(_reports(window))
        columns = [column for report in reports if (column := _column(report, window.column)) is not None]
        if reports and not columns:
            known = ", ".join(column.name for column in reports[0].columns[:20])
            raise Invalid(f"No column “{window.column}” is watched; known are: {known}.", field="column")
        values = [value for column in columns if (value := read(column)) is not None]
        return Measured(max(values, default=None), _rows(reports))

    return measured


def _expected(window: Window) -> Measured:
    """The problem's metric where it is estimated, else accuracy or the root mean square error."""
    of = drift.window(window.since, window.until, now=window.until)
    metric = window.endpoint.problem.primary_metric if window.endpoint.problem else ""
    values, n = [], 0
    for version in _versions(window.endpoint):
        figures, _ = quality_estimates.expected(window.endpoint, version, of)
        name = next((name for name in (metric, *USUAL) if name in figures), None)
        if name is not None:
            values.append((figures[name], name))
            n += drift.n_counted(window.endpoint, version, of)
    worst = max if values and values[0][1] in SMALLER_IS_BETTER else min
    return Measured(worst(values)[0] if values else None, n)


def _reports(window: Window) -> Iterator[DriftReport]:
    of = drift.window(window.since, window.until, now=window.until)
    for version in _versions(window.endpoint):
        yield drift.report(window.endpoint, version, of)


def _versions(endpoint: Endpoint) -> list[ModelVersion]:
    """Those behind the endpoint that can be compared; Invalid without any, which the rule then shows."""
    behind = ModelVersion.objects.filter(variants__endpoint=endpoint).select_related("model").distinct()
    found = list(behind.filter(drift_baseline__state=BaselineState.READY))
    if not found:
        first = behind.first()
        raise Invalid(drift.why_not(first) if first else f"No version stands behind “{endpoint.name}”.")
    return found


def _column(report: DriftReport, name: str) -> ColumnDrift | None:
    return next((found for form in FORMS if (found := report.column(form.format(name)))), None)


def _rows(reports: list[DriftReport]) -> int:
    return sum(report.n_current for report in reports)


def _of_checks(read: Callable[[DriftCheck, Window], float | None]) -> Callable[[Window], Measured]:
    """Of the newest check in the window of each version."""

    def measured(window: Window) -> Measured:
        rows = DriftCheck.objects.filter(
            endpoint=window.endpoint, version__in=_versions(window.endpoint), at__gt=window.since, at__lte=window.until
        ).exclude(verdict="")  # fmt: skip
        newest = rows.defer("report").order_by("version", "-at").distinct("version")
        told = [(value, check.n_rows) for check in newest if (value := read(check, window)) is not None]
        return Measured(max((value for value, _ in told), default=None), sum(n for _, n in told))

    return measured


def _stream_changes(check: DriftCheck, window: Window) -> float | None:
    if not check.beyond.get("streams"):
        return None
    return float(drift_streams.n_changes(check.beyond, window.since))


def _told_apart(check: DriftCheck, _: Window) -> float | None:
    found = check.beyond.get("two_sample") or {}
    return found.get("auc")


DRIFTED_SHARE = Figure("drifted_share", "Share of drifted columns", ROWS, _drifted_share, "share")
COLUMN_DRIFT = Figure(
    "column_drift", "Drift (1 is its threshold)", ROWS, _of_column(lambda column: column.nearness),
    has_column=True,
)  # fmt: skip
MISSING_SHARE = Figure(
    "missing_share", "Missing values", ROWS,
    _of_column(lambda column: column.missing.current if column.missing else None), "share", has_column=True,
)  # fmt: skip
UNSEEN_SHARE = replace(
    MISSING_SHARE, name="unseen_share", title="New categories",
    measure=_of_column(lambda column: column.unseen.current if column.unseen else None),
)  # fmt: skip
EXPECTED_METRIC = Figure(
    "expected_metric", "The problem's metric, estimated before truths come", "predictions", _expected
)
STREAM_CHANGES = Figure(
    "stream_changes", "Changes in the streams of columns", ROWS, _of_checks(_stream_changes), "count"
)
TOLD_APART = Figure("told_apart", "Rows told from training rows (AUC)", ROWS, _of_checks(_told_apart))
