"""Gathers what the page of a run shows, part by part; each part costs a fixed number of queries."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from experiments.models import LIVE, Artifact, LatestMetric, Run
from experiments.queries import model_relations, studies, test_uses
from experiments.queries import run_relations as relations
from experiments.web import evaluation_figures, figures, files, provenance
from mlregistry.jobs.models import Job
from mlregistry.lib import tag_names

MOST_CURVES = 2_000
MOST_PARAMS = 2_000
MOST_TAGS = 500
SYSTEM = "system/"
LOG_ENDINGS = (".log", ".out", ".err")


def context(run: Run) -> dict[str, Any]:
    """Everything: a run that is over has no address to ask for news."""
    latest = list(run.latest_metrics.order_by("key"))
    rows = relations.files(run)[: files.MOST_LISTED]
    listed = files.listed(rows, "experiments:run-artifact", run.pk, framed=True)
    tags = list(run.tags.order_by("key")[:MOST_TAGS])
    return {
        "run": run,
        "is_live": run.status in LIVE,
        "seconds": (run.ended_at - run.started_at).total_seconds() if run.ended_at else None,
        "latest": latest,
        "metrics": figures.table(
            {row.key: row.number for row in latest}, run.problem.kind if run.problem else ""
        ),
        "params": list(run.params.order_by("key")[:MOST_PARAMS]),
        "tags": [tag for tag in tags if not tag.key.startswith("mlflow.")],
        "files": listed,
        "log_files": [one for one in listed if _is_log(one.artifact)],
        **_charts(run, latest),
        **_around(run),
    }


def setup(runs: list[Run], keys: list[str]) -> dict[str, Any]:
    """What curves.js is told: runs with their colours' order, metrics, and where points come from."""
    return {
        "source": reverse("api-metric-curves"),
        "keys": keys[:MOST_CURVES],
        "runs": [
            {
                "id": run.pk.hex,
                "name": run.name or run.pk.hex[:8],
                "started": round(1000 * run.started_at.timestamp()),
            }
            for run in runs
        ],
    }


def history_keys(latest: list[LatestMetric]) -> list[str]:
    """The metrics that have more to show than one value at the beginning."""
    return [
        row.key for row in latest if row.step != 0 or (row.minimum is not None and row.minimum != row.maximum)
    ]


def _charts(run: Run, latest: list[LatestMetric]) -> dict[str, Any]:
    keys = history_keys(latest)
    job: Job | None = run.job
    return {
        "curves": {row.name: row.data for row in run.curves.order_by("pk")},
        "histories": setup([run], [key for key in keys if not key.startswith(SYSTEM)]),
        "system": setup([run], [row.key for row in latest if row.key.startswith(SYSTEM)]),
        "live": {
            "is_live": run.status in LIVE,
            "changes": run.changes,
            "address": reverse("api-run-live", args=[run.pk]),
        },
        "job": job,
    }


def _around(run: Run) -> dict[str, Any]:
    return {
        "models": model_relations.made_by(run),
        "children": relations.children(run),
        "children_address": _children_address(run),
        "datasets": relations.datasets(run),
        "provenance": provenance.panel(run),
        "versions": list(run.model_versions.select_related("model").order_by("model__name", "number")),
        "model_name": model_name(run),
        "evaluation": evaluation_figures.of_run(run),
        "looks": test_uses.looks(run),
        "study": studies.of_run(run),
    }


def _is_log(artifact: Artifact) -> bool:
    path = artifact.path.lower()
    return path.endswith(LOG_ENDINGS) or path.startswith("logs/")


def _children_address(run: Run) -> str:
    """The experiment's runs, filtered to the run's children."""
    query = urlencode({"filter": f"tags.`{tag_names.PARENT_RUN}` = '{run.pk.hex}'"})
    return f"{reverse('experiments:runs-table', args=[run.experiment_id])}?{query}"


def model_name(run: Run) -> str:
    text = run.problem.name if run.problem else run.experiment.name
    return "-".join("".join(letter if letter.isalnum() else " " for letter in text.lower()).split())[:80]
