"""The end of a "Just train it": a job builds ensembles when its study is over. Called by lanes and by its worker."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from experiments.models import AutoTraining, Run, RunStatus, Study, Trial, TrialState
from mlregistry.accounts.actor import Actor
from mlregistry.jobs.queue import enqueue

from . import logging as log_actions
from .measurements import Metric

KIND = "experiments.ensemble"
MEMORY_MB = 4096
BYTES_PER_CELL = 200
MOST_MEMORY_MB = 65_536
GRACE_SECONDS = 600


def is_auto(study: Study) -> bool:
    return AutoTraining.objects.filter(study=study).exists()


def drop_unstarted(study: Study) -> int:
    """Starting points that nobody came to are no failures: they go."""
    never = Trial.objects.filter(study=study, state=TrialState.WAITING, attempt=0, run__isnull=True)
    return never.delete()[0]


def start(study: Study, *, by: Actor) -> None:
    """The job that ends it, once; it goes before other jobs of the team, for its time is running."""
    auto = AutoTraining.objects.select_for_update().get(study=study)
    if auto.job_id is not None:
        return
    version = study.dataset_version
    cells = version.n_rows * version.n_columns if version else 0
    auto.job = enqueue(
        KIND,
        args={"study_id": study.pk},
        team=study.team,
        title=f"Ensembles: {study.name}",
        memory_mb=min(MOST_MEMORY_MB, MEMORY_MB + cells * BYTES_PER_CELL // 2**20),
        timeout_seconds=auto.seconds + GRACE_SECONDS,
        by=by,
    )
    auto.save(update_fields=["job"])


def keep_offers(auto: AutoTraining, offers: list[dict[str, Any]], *, by: Actor) -> list[dict[str, Any]]:
    """A run for each offer, a child of the study's, with its estimates; once, whichever attempt of the job asks."""
    with transaction.atomic():
        row = AutoTraining.objects.select_for_update().get(pk=auto.pk)
        kept: list[dict[str, Any]] = row.offers
        if not kept:
            row.offers = kept = [_with_run(auto, offer, by) for offer in offers]
            row.save(update_fields=["offers"])
        auto.offers = kept
    return kept


def add_offer(auto: AutoTraining, offer: dict[str, Any], *, by: Actor) -> dict[str, Any]:
    """One more, with its run."""
    with transaction.atomic():
        row = AutoTraining.objects.select_for_update().get(pk=auto.pk)
        added = _with_run(auto, offer, by)
        row.offers = [*row.offers, added]
        row.save(update_fields=["offers"])
        auto.offers = row.offers
    return added


def update_offer(auto: AutoTraining, run_id: str, **found: Any) -> None:
    """Add what was found out about one offer."""
    with transaction.atomic():
        row = AutoTraining.objects.select_for_update().get(pk=auto.pk)
        row.offers = [{**one, **found} if one["run"] == run_id else one for one in row.offers]
        row.save(update_fields=["offers"])
        auto.offers = row.offers


def choose(auto: AutoTraining, run_id: str) -> None:
    """The model to use, also the study's winner."""
    AutoTraining.objects.filter(pk=auto.pk).update(chosen=run_id)
    Study.objects.filter(pk=auto.pk).update(winner=run_id)


def finish(auto: AutoTraining) -> None:
    AutoTraining.objects.filter(pk=auto.pk).update(ended_at=timezone.now())


def _with_run(auto: AutoTraining, offer: dict[str, Any], by: Actor) -> dict[str, Any]:
    study, recipe = auto.study, offer["recipe"]
    run = Run.objects.create(
        experiment=study.experiment,
        name=f"{offer['title']} of {study.name}"[:500],
        status=RunStatus.SCHEDULED,
        estimator=recipe["estimator"],
        recipe=recipe,
        problem=study.problem,
        dataset_version=study.dataset_version,
        parent=study.run,
        job=auto.job,
        created_by=study.created_by,
    )
    metrics = {
        f"cv_{auto.metric}_mean": offer["value"],
        f"expected_{auto.metric}": offer["honest"]["mean"],
    }
    measured = [Metric(key, float(value)) for key, value in metrics.items()]
    log_actions.log_batch(run, metrics=measured, tags={"mlregistry.justTrain": offer["method"]}, by=by)
    kept = {name: value for name, value in offer.items() if name != "recipe"}
    return {**kept, "run": str(run.pk)}
