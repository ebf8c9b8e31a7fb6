"""The job models_app.register: registers the best run of a finished experiment."""

from typing import Any

from experiments.models import Experiment
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.errors import NotFound
from mlregistry.jobs.context import JobContext
from models_app.actions.versions import register_best


def register(
    context: JobContext,
    *,
    experiment_id: int,
    model_name: str,
    alias: str | None = None,
    user_id: int | None = None,
) -> dict[str, Any]:
    """`user_id` is who set the job off; the actions are theirs in the audit trail."""
    experiment = Experiment.objects.select_related("team", "problem").filter(pk=experiment_id).first()
    if experiment is None:
        raise NotFound(f"There is no experiment {experiment_id} any more.")
    by = Actor.system(experiment.team, user=User.objects.filter(pk=user_id or 0).first())
    context.report(0.1, f"Looking for the best run of {experiment.name}")
    version = register_best(experiment, model_name, alias=alias, by=by)
    context.report(1.0, f"Registered {version}")
    return {"model": version.model.name, "version": version.number}
