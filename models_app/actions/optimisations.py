"""Optimisations of versions: start, cancel, keep what the job found, make a version of a candidate. For all doors."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from experiments.actions.training import memory_mb
from experiments.models import Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, Invalid
from mlregistry.jobs.actions import jobs as job_actions
from mlregistry.jobs.queue import enqueue
from mlregistry.ml.optimising import wish as wishes
from mlregistry.ml.optimising.methods import BY_NAME, NAMES
from models_app.actions.alias_names import check_form
from models_app.actions.aliases import set_or_await
from models_app.actions.versions import register, update_version
from models_app.models import Found, ModelVersion, Optimisation, OptimisedCandidate
from models_app.queries import optimisations as queries

JOB = "models_app.optimise"
TIMEOUT_SECONDS = 7_200
MOST_KEPT = 20  # optimisations of a version
FROM_TAG, BY_TAG = "optimised_from", "optimised_by"


def request_optimisation(version: ModelVersion, *, wish: Mapping[str, Any], by: Actor) -> Optimisation:
    """Starts the job that tries the methods of the wish.

    Conflict for a version that cannot be optimised or whose optimisation is under way, Invalid naming a field of the
    wish, or saying why none of its methods applies.
    """
    by.require(Role.EDITOR)
    if why := queries.why_not(version):
        raise Conflict(why, field="version")
    asked = wishes.parse(wish, known=NAMES, n_classes=queries.n_classes(version))
    _check_any(version, asked)
    assert version.run is not None and version.run.dataset_version is not None  # noqa: S101, PT018  # why_not saw to it
    data, (spec, recipe) = version.run.dataset_version, queries.spec_and_recipe(version)
    with transaction.atomic():
        ModelVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
        if any(one.is_live for one in queries.optimisations_of(version)[:MOST_KEPT]):
            raise Conflict(
                f"{version} is being optimised already; wait for it, or cancel it.", field="version"
            )
        found = Optimisation.objects.create(
            version=version, wish=asked.to_json(), metric=spec.primary_metric, direction=spec.direction,
            created_by=by.user,
        )  # fmt: skip
        found.job = enqueue(
            JOB, args={"optimisation_id": found.pk}, team=by.team, title=f"Optimise {version}",
            memory_mb=memory_mb(data), timeout_seconds=TIMEOUT_SECONDS, n_cells=data.n_rows * data.n_columns,
            parts=[recipe.estimator, *asked.methods], by=by,
        )  # fmt: skip
        found.save(update_fields=["job"])
        record(by, "version.optimise", version, methods=list(asked.methods), job=str(found.job.pk))
        _forget_old(version)
    return found


def cancel_optimisation(found: Optimisation, *, by: Actor) -> Optimisation:
    """Conflict for one that has ended."""
    by.require(Role.EDITOR)
    if found.job is None or not found.is_live:
        raise Conflict(f"The optimisation has ended already: it is {found.state}.")
    found.job = job_actions.cancel(found.job, by=by)
    return found


def keep_report(
    found: Optimisation, rows: Sequence[OptimisedCandidate], *, facts: Mapping[str, Any], by: Actor
) -> Optimisation:
    """The candidates and the figures of the version itself; `facts` are fields of the optimisation."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        found.candidates.all().delete()
        OptimisedCandidate.objects.bulk_create(rows)
        for name, value in facts.items():
            setattr(found, name, value)
        found.finished_at = timezone.now()
        found.save(update_fields=[*facts, "finished_at"])
        n_made = sum(row.outcome == Found.MADE for row in rows)
        record(by, "version.optimised", found.version, candidates=n_made)
    return found


def take(candidate: OptimisedCandidate, *, alias: str = "", description: str = "", by: Actor) -> ModelVersion:
    """The candidate as the next version of the model, by its own run; the alias moves to it, or waits for its tests.

    Conflict for a candidate that is a version already, or that came to nothing.
    """
    by.require(Role.EDITOR)
    if alias:
        check_form(alias)
    with transaction.atomic():
        row = OptimisedCandidate.objects.select_for_update(of=("self",)).get(pk=candidate.pk)
        runs = Run.objects.select_related("experiment", "problem")
        run = runs.filter(pk=row.run_id).first() if row.run_id else None
        if row.version_id is not None:
            raise Conflict(f"“{row.title}” is version {row.version and row.version.number} already.")
        if row.outcome != Found.MADE or run is None:
            raise Conflict(f"“{row.title}” left no model: {row.reason or 'its run was deleted.'}")
        origin = row.optimisation.version
        text = description or f"Optimised from version {origin.number}. {row.changes}"
        made = register(run, origin.model.name, description=text, by=by)
        update_version(made, tags={FROM_TAG: str(origin.number), BY_TAG: row.method}, by=by)
        row.version = made
        row.save(update_fields=["version"])
        record(by, "version.take_optimised", made, origin=origin.number, method=row.method)
        if alias:
            set_or_await(made.model, alias, made, by=by)
    return made


def _check_any(version: ModelVersion, asked: wishes.Wish) -> None:
    setting = queries.setting_of(version, asked)
    reasons = {name: BY_NAME[name].why_not(setting) for name in asked.methods}
    if all(reasons.values()):
        details = [f"{BY_NAME[name].title}: {why}" for name, why in reasons.items()]
        raise Invalid(f"None of these methods applies. {details[0]}", field="methods", details=details)


def _forget_old(version: ModelVersion) -> None:
    """The newest twenty are kept; versions made of older ones stay, without their report."""
    old = list(queries.optimisations_of(version).values_list("pk", flat=True)[MOST_KEPT:])
    Optimisation.objects.filter(pk__in=old).delete()
