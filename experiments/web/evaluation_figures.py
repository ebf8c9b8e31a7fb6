"""Arranges a run's evaluation for its page: intervals by metric, slices, and the verdicts of a comparison."""

from collections.abc import Sequence
from typing import Any

from experiments.models import Run
from experiments.queries import evaluations, run_comparisons
from experiments.queries.run_comparisons import Comparison
from mlregistry.ml.metrics import METRICS

MOST_VERDICTS = 9


def of_run(run: Run) -> dict[str, Any] | None:
    """None for a run without an evaluation."""
    found = evaluations.of_run(run)
    if found is None:
        return None
    kind = run.problem.kind if run.problem else ""
    document = found.document
    known = METRICS.get(kind, {}).get(found.metric)
    return {
        "intervals": found.intervals,
        "drawn": document.get("drawn", "rows"),
        "n_resamples": document.get("n_resamples"),
        "adjusted": document.get("adjusted") or {},
        "job": found.job if found.job and found.job.is_live else None,
        "slices": found.slices,
        "metric_title": known.title if known else found.metric,
        "whole": run.latest_metrics.filter(key=f"test_{found.metric}")
        .values_list("value", flat=True)
        .first(),
    }


def verdicts(runs: Sequence[Run]) -> list[Comparison]:
    """The first run against each of the others; where none can be compared, one says why."""
    found = run_comparisons.compare_each(runs[0], runs[1 : MOST_VERDICTS + 1])
    return found if any(one.verdict != run_comparisons.NOT_COMPARABLE for one in found) else found[:1]
