"""Which addresses `benchmarks.pages` asks: each page of the URL table, some of them in more than one state."""

import base64
from collections.abc import Mapping

from benchmarks.pages_work.walking import address, objects, routes
from experiments.models import Dataset, Run
from mlregistry.accounts.models import Team

N_COMPARED = 20
AUC = "metrics.m0"
RUNS_TABLE = "experiments/<int:experiment_id>/runs"
SIX = "&".join(f"columns=metrics.m{n}" for n in range(6))
# What follows the address of a route that shows nothing without it.
NEEDED: Mapping[str, str] = {
    f"{RUNS_TABLE}/values": "?name=params.p0",
    f"{RUNS_TABLE}/chosen": f"?filter={AUC}+>+0.95",
    "compare": "?ids={compared}",
    "models/<str:name>/aliases/move": "?alias=champion&version=1",
    "problems/<int:problem_id>/train/estimate": "?version=1&estimator=random_forest",
    "discussions/people": "?q=pages",
}
# Further states of pages, by the route and a name.
STATES: Mapping[str, Mapping[str, str]] = {
    RUNS_TABLE: {
        "filtered": f"?filter={AUC}+>+0.9&order={AUC}+DESC",
        "two filters": f"?filter={AUC}+>+0.5+AND+params.p0+%3D+'p0-3'&order=metrics.m1+DESC",
        "by a param": "?order=params.p1+ASC",
        "grouped": f"?columns={AUC}&columns=metrics.m1&group=params.p0",
        "grouped by two": f"?columns={AUC}&columns=metrics.m1&group=params.p0&group=params.p1",
        "grouped by a tag": f"?columns={AUC}&group=tags.owner",
        "grouped by state": f"?columns={AUC}&columns=metrics.m1&group=attributes.status",
        "grouped, six metrics": f"?{SIX}&group=params.p0",
        "grouped, measured": f"?columns={AUC}&columns=metrics.m1&group=params.p0&measures=1",
        "grouped, the last of six metrics measured": f"?{SIX}&group=params.p0&measures=6",
        "grouped by two, measured": f"?columns={AUC}&columns=metrics.m1&group=params.p0&group=params.p1&measures=1",
        "grouped, ordered by a metric": f"?{SIX}&group=params.p0&order=metrics.m5+DESC&measures=1",
        "grouped, filtered": f"?columns={AUC}&group=params.p0&filter={AUC}+>+0.9",
    },
    "compare": {
        view: f"?ids={{compared}}&view={view}"
        for view in ("curves", "groups", "plots", "matrices", "recipes", "files")
    },
    "experiments/<int:experiment_id>/": {"trained": "/experiments/{trained}/"},
    "runs/<uuid:run_id>/": {"trained": "/runs/{trained_run}/"},
    "datasets/<int:dataset_id>/": {"many versions": "/datasets/{versioned}/"},
    "datasets/<int:dataset_id>/compare": {"many versions": "/datasets/{versioned}/compare"},
    "lineage/<str:noun>/<str:key>/": {
        "problem": "/lineage/problem/{problem}/", "dataset": "/lineage/dataset/{dataset}/",
        "run": "/lineage/run/{trained_run}/",
    },
    "who-sees/<str:noun>/<str:key>/": {"endpoint": "/who-sees/endpoint/{endpoint}/"},
}  # fmt: skip


def asked(team: Team) -> tuple[list[tuple[str, str]], list[str]]:
    """(title and address of each, routes for which the team has nothing)."""
    known = objects(team)
    words = _words(team, known)
    found, missing = [], []
    for route in routes():
        path = address(route, known)
        if path is None:
            missing.append(route)
            continue
        found.append((route, path + NEEDED.get(route, "").format(**words)))
        for name, more in STATES.get(route, {}).items():
            ending = more.format(**words)
            found.append((f"{route} {name}", ending if ending.startswith("/") else path + ending))
    return found, missing


def _words(team: Team, known: Mapping[str, list[str]]) -> dict[str, str]:
    """What stands in braces above. Trained runs are those of the demonstration."""
    runs = Run.objects.filter(experiment__team=team, lifecycle="active")
    some = list(runs.filter(experiment=int(known["experiments/*"][0])).order_by("pk")[:N_COMPARED])
    trained = runs.filter(recipe__isnull=False).order_by("pk")[0]
    ids = (base64.urlsafe_b64encode(run.pk.bytes).decode().rstrip("=") for run in some)
    return {
        "compared": "".join(ids),
        "trained": str(trained.experiment_id),
        "trained_run": str(trained.pk),
        "versioned": str(Dataset.objects.get(team=team, name="data 0").pk),
        "problem": known["problems/*"][0],
        "dataset": known["datasets/*"][0],
        "endpoint": known["endpoints/*"][0],
    }
