"""What the API tells of a retraining policy and of an attempt. Called by api.retraining."""

from typing import Any

from models_app.models import ModelVersion
from serving.actions.retraining_declarations import declaration_of, plain
from serving.models import Retraining, RetrainingPolicy, RetrainingStep
from serving.queries import retraining as queries


def policy_json(policy: RetrainingPolicy) -> dict[str, Any]:
    return {
        "endpoint": policy.endpoint.name, **plain(declaration_of(policy)), "recipe_why": policy.recipe_why,
        "channels": [channel.pk for channel in policy.channels.all()],
        "dataset": policy.dataset_id, "experiment": policy.experiment_id,
        "declared_at": policy.declared_at, "look_at": policy.look_at if policy.enabled else None, "note": policy.note,
        "triggers": policy.readings, "looked_at": policy.looked_at,
    }  # fmt: skip


def retraining_json(row: Retraining) -> dict[str, Any]:
    data = row.dataset_version
    return {
        "id": row.pk, "endpoint": row.endpoint.name, "state": row.state, "trigger": row.trigger, "reason": row.reason,
        "step": row.steps.all()[len(row.steps.all()) - 1].name if row.steps.all() else None,
        "champion": _version(row.champion), "challenger": _version(row.challenger),
        "original_version": str(row.original_version) if row.original_version else None,
        "dataset_version": {"dataset": data.dataset_id, "name": data.dataset.name, "number": data.number}
        if data else None,
        "rows": row.data, "run": row.run.pk.hex if row.run else None, "study": row.study_id,
        "ab_test": row.test_id, "comparison": row.comparison or None, "outcome": row.outcome,
        "started_at": row.started_at, "ended_at": row.ended_at,
        "started_by": row.created_by.get_username() if row.created_by else None,
        "decided_by": row.decided_by.get_username() if row.decided_by else None,
    }  # fmt: skip


def with_steps(row: Retraining) -> dict[str, Any]:
    return {
        **retraining_json(row),
        "steps": [_step(step) for step in row.steps.all()],
        "policy": row.declared,
    }


def _step(step: RetrainingStep) -> dict[str, Any]:
    job = queries.job_of(step)
    return {
        "name": step.name, "state": step.state, "text": step.text, "started_at": step.started_at,
        "ended_at": step.ended_at, "job": str(job.pk) if job else None,
        "progress": job.progress if job is not None and job.is_live else None,
        "seconds_left": queries.seconds_left(step),
    }  # fmt: skip


def _version(version: ModelVersion | None) -> dict[str, Any] | None:
    return {"model": version.model.name, "version": version.number} if version is not None else None
