"""Ends a "Just train it": builds the ensembles of its study's trials, in the job's own process; see JOB_KINDS.

The most promising and the best single model are trained first, then the others as long as there is time. After a
lost worker the trained ones stay, and the rest goes on.
"""

import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import threadpoolctl

from experiments.actions import auto_closing
from experiments.actions import runs as run_actions
from experiments.models import Artifact, AutoTraining, Run, RunStatus
from experiments.queries import auto_trainings as queries
from experiments.workers import training
from mlregistry.accounts.actor import Actor
from mlregistry.artifacts import store
from mlregistry.errors import Invalid
from mlregistry.jobs.context import JobCancelled, JobContext
from mlregistry.ml import packaging
from mlregistry.ml.ensembling import blends, offering, pricing
from mlregistry.ml.ensembling.offering import SINGLE, Offer
from mlregistry.ml.signature import Signature

FIT_SHARE = 0.5  # of the time left; the rest is for measuring, intervals and drawings
CELLS_FOR_THREADS = 500_000
MEASURING = 2.0  # a training takes so many times its fit
NO_TIME = "There was no time left for it; give a longer budget."


def close(context: JobContext, *, study_id: int) -> dict[str, Any]:
    """Train what the study's trials are worth; returns how many models there are and which is chosen."""
    auto = _auto(study_id)
    by = Actor.system(auto.study.team, user=auto.study.created_by)
    context.report(0.0, "Weighing the trials")
    deadline = time.monotonic() + queries.seconds_left(auto)
    rows = auto.offers or auto_closing.keep_offers(auto, _offers(auto), by=by)
    runs = training.runs_to_do([one["run"] for one in rows])
    try:
        with blends.sharing(), threadpoolctl.threadpool_limits(_threads(auto)):
            _train(context, auto, rows, runs, deadline, by)
    except JobCancelled:
        training.leave_rest(context, runs)
        raise
    auto_closing.finish(auto)
    n_trained = Run.objects.filter(pk__in=[one["run"] for one in rows], status=RunStatus.FINISHED).count()
    if not n_trained:
        raise Invalid(_why_none(rows))
    return {"n_models": n_trained, "chosen": queries.chosen(auto)}


def _threads(auto: AutoTraining) -> int | None:
    """One for a small table, whose fits threads only slow down on a busy machine."""
    version = auto.study.dataset_version
    small = version is not None and version.n_rows * version.n_columns < CELLS_FOR_THREADS
    return 1 if small else None


def _auto(study_id: int) -> AutoTraining:
    rows = AutoTraining.objects.select_related(
        "job", "study__team", "study__created_by", "study__problem", "study__dataset_version",
        "study__experiment", "study__run",
    )  # fmt: skip
    found = rows.filter(pk=study_id).first()
    if found is None:
        raise Invalid("The study was deleted.")
    if found.study.problem is None or found.study.dataset_version is None:
        raise Invalid("The problem or the dataset version was deleted.")
    return found


def _offers(auto: AutoTraining) -> list[dict[str, Any]]:
    """The best single model and ensembles of the study's trials, in the order that they are trained in."""
    assert auto.study.problem is not None  # noqa: S101  # _auto has seen to it
    candidates = queries.candidates(auto.study)
    if not candidates:
        raise Invalid("No trial has kept its predictions, so there is nothing to train.")
    found = offering.offers(
        auto.study.problem.kind,
        auto.metric,
        candidates,
        seed=auto.study.seed,
        most_seconds=FIT_SHARE * queries.seconds_left(auto),
    )
    return [_described(one) for one in _ordered(found, queries.seconds_left(auto))]


def _ordered(found: list[Offer], left: float) -> list[Offer]:
    """The best first where it takes less than half of the time left, then the single best, then the rest."""
    best = found[0]
    first = best if MEASURING * best.seconds < left / 2 else None
    return sorted(found, key=lambda one: (one is not first, one.method != SINGLE))


def _described(offer: Offer) -> dict[str, Any]:
    return {
        "method": offer.method,
        "title": offer.title,
        "recipe": offer.recipe,
        "members": [{"trial": number, "weight": round(weight, 4)} for number, weight in offer.members],
        "value": offer.value,
        "honest": offer.honest.to_json(),
        "by_part": list(offer.by_part),
        "seconds": round(offer.seconds, 2),
    }


def _train(
    context: JobContext, auto: AutoTraining, rows: list[dict[str, Any]], runs: list[Run], deadline: float, by: Actor
) -> None:  # fmt: skip
    wanted = {str(run.pk): run for run in runs}
    context.report(0.05, "Reading the dataset")
    data = training.data_of(runs[0]) if runs else None
    for place, row in enumerate(rows):
        run = wanted.get(row["run"])
        if run is None or data is None:
            continue
        if row["method"] != SINGLE and time.monotonic() + MEASURING * row["seconds"] > deadline:
            context.log(f"{run.name}: left out, its fit takes about {row['seconds']:.0f} s.")
            run_actions.finish_run(run, RunStatus.KILLED, error=NO_TIME, by=by)
            continue
        training.train_one(context, training.Share(context, place, len(rows), row["title"]), run, data)
        _settle(context, auto, run)


def _settle(context: JobContext, auto: AutoTraining, run: Run) -> None:
    """The price of what was trained, and whether it is the one to use."""
    run.refresh_from_db()
    if run.status != RunStatus.FINISHED:
        return
    found = _price(run)
    auto_closing.update_offer(auto, str(run.pk), **found)
    context.log(
        f"{run.name}: {found['ms_per_request']:.2f} ms a request, {found['megabytes']:.2f} MB."
        if found["ms_per_request"] is not None
        else f"{run.name}: {found['megabytes']:.2f} MB."
    )
    chosen = queries.chosen(auto)
    if chosen is not None:
        auto_closing.choose(auto, chosen)


def _price(run: Run) -> dict[str, Any]:
    """By the form that will serve; a model that answers no single row has a size only."""
    signature = Signature.from_json(run.signature or {})
    example = signature.frame(run.input_example or [])
    files = Artifact.objects.filter(run=run, path__startswith="model/").select_related("file")
    stored = {row.path.rpartition("/")[2]: row.file for row in files}
    file = stored[packaging.NAMES["skops"]]
    megabytes = round(file.size / 1e6, 3)
    if not len(example):
        return {"ms_per_request": None, "ms_per_row": None, "megabytes": megabytes}
    name = packaging.NAMES["skops"]
    with store.local_path(file) as path, tempfile.TemporaryDirectory(prefix="model-") as folder:
        Path(folder, name).symlink_to(path.resolve())
        pipeline = packaging.load(Path(folder), packaging.ModelFile("skops", name, file.size, file.sha256))
    return {**asdict(pricing.price(pipeline, signature, pd.DataFrame(example))), "megabytes": megabytes}


def _why_none(rows: list[dict[str, Any]]) -> str:
    failed = Run.objects.filter(pk__in=[one["run"] for one in rows]).exclude(error="").first()
    return f"Not one model could be trained. {failed.error if failed else ''}".strip()
