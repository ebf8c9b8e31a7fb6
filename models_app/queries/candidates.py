"""Which run of an experiment to register: the best by its problem's metric. Called by `register_best`."""

from experiments.models import Experiment, LatestMetric, Lifecycle, Run, RunStatus

# Held-out rows that took no part in choosing come last: the choice itself belongs on validation rows.
PATTERNS = ("validation_{}", "cv_{}_mean", "test_{}")


def ranked_runs(experiment: Experiment, *, most: int | None = None) -> list[Run]:
    """Finished runs with a value of the metric, best first; baselines are left out."""
    problem = experiment.problem
    if problem is None:
        return []
    for pattern in PATTERNS:
        values = LatestMetric.objects.filter(
            experiment=experiment,
            key=pattern.format(problem.primary_metric),
            is_nan=False,
            run__status=RunStatus.FINISHED,
            run__lifecycle=Lifecycle.ACTIVE,
            run__is_baseline=False,
        ).select_related("run__experiment", "run__problem", "run__dataset_version__dataset")
        sign = "-" if problem.direction == "maximize" else ""
        found = [row.run for row in values.order_by(f"{sign}value", "run_id")[:most]]
        if found:
            return found
    return []


def ranking(experiment: Experiment) -> str:
    """The metric by which `ranked_runs` ranks; empty where no run has one."""
    problem, best = experiment.problem, best_run(experiment)
    if problem is None or best is None:
        return ""
    keys = [pattern.format(problem.primary_metric) for pattern in PATTERNS]
    known = set(
        LatestMetric.objects.filter(run=best, key__in=keys, is_nan=False).values_list("key", flat=True)
    )
    return next((key for key in keys if key in known), "")


def best_run(experiment: Experiment) -> Run | None:
    return next(iter(ranked_runs(experiment, most=1)), None)
