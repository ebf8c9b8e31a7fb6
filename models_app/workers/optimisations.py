"""The job models_app.optimise: tries the methods on a version, measures all side by side, keeps a run per candidate."""

import math
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from experiments.actions import provenance
from experiments.actions import runs as run_actions
from experiments.models import Lifecycle, Run
from experiments.workers import training
from mlregistry.accounts.actor import Actor
from mlregistry.errors import Invalid, NotFound
from mlregistry.jobs.context import JobCancelled, JobContext
from mlregistry.jobs.models import Job
from mlregistry.jobs.patience import patiently
from mlregistry.lib import tag_names
from mlregistry.ml import packaging
from mlregistry.ml.optimising import running
from mlregistry.ml.optimising.running import MADE, Line
from mlregistry.ml.optimising.subject import Subject
from mlregistry.ml.optimising.wish import Wish
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recipes import Recipe
from mlregistry.ml.supervised import table
from models_app.actions.optimisations import keep_report
from models_app.models import ModelVersion, Optimisation, OptimisedCandidate
from models_app.queries import optimisations as queries
from models_app.queries.model_tests import openable
from models_app.workers.model_test_subjects import copied

MOST_TEXT = 500
SEEN = (
    "The leaderboard knows test figures alone, so the choice of its members has seen the test rows: the figures of"
    " ensembles here are a little too good. Train with folds or a validation part."
)


def optimise(context: JobContext, *, optimisation_id: int) -> dict[str, Any]:
    """How many candidates were made, of how many methods."""
    found = _optimisation(optimisation_id)
    version = found.version
    by = Actor.system(version.model.team, user=found.created_by)
    _drop_runs(context, by)
    context.report(0.0, "Reading model and rows")
    context.phase("read")
    spec, recipe = queries.spec_and_recipe(version)
    assert version.run is not None  # noqa: S101  # spec_and_recipe saw to it
    data = training.data_of(version.run)
    wish = wish_of(found)
    work = table.prepare(spec, recipe, data.frame, _silent)
    subject = Subject(work, table.part(work), _pipeline(version), wish, tuple(queries.rivals(version)))
    with tempfile.TemporaryDirectory(prefix="optimising-") as folder:
        done = running.run(
            subject,
            queries.setting_of(version, wish),
            data.frame,
            Path(folder),
            context.report,
            context.phase,
        )
        context.phase("store")
        try:
            rows = [
                _kept(context, found, place, line, spec, recipe, data.digest, by)
                for place, line in enumerate(done.lines)
            ]
        except JobCancelled:
            _drop_runs(context, by)
            raise
    facts = {
        "before": _finite(done.before),
        "n_test": len(subject.parts.test),
        "notes": _notes(version, wish),
    }
    with transaction.atomic():
        _hold(context)
        keep_report(found, rows, facts=facts, by=by)
    n_made = sum(line.outcome == MADE for line in done.lines)
    context.report(1.0, f"{n_made} candidates")
    return {"n_candidates": n_made, "n_methods": len(wish.methods)}


def wish_of(found: Optimisation) -> Wish:
    costs = tuple(tuple(float(one) for one in row) for row in found.wish["costs"])
    return Wish(tuple(found.wish["methods"]), found.wish["tolerance"], costs, found.wish["n_members"])


def _optimisation(optimisation_id: int) -> Optimisation:
    rows = Optimisation.objects.select_related(
        "version__model__team", "version__run__dataset_version__dataset", "version__run__experiment__problem",
        "version__run__problem", "created_by",
    )  # fmt: skip
    found = rows.filter(pk=optimisation_id).first()
    if found is None:
        raise NotFound("The version or its optimisation was deleted.")
    return found


def _pipeline(version: ModelVersion) -> Any:
    """What the server wrote itself; joblib before skops, for it is read faster."""
    file = openable(version).first()
    if file is None:
        raise Invalid("The version has no file that was trained here.")
    known = packaging.ModelFile(file.format, packaging.NAMES[file.format], file.file.size, file.file.sha256)
    with copied(file.file, known.name) as folder:
        return packaging.load(folder, known)


def _kept(
    context: JobContext, found: Optimisation, place: int, line: Line, spec: ProblemSpec, recipe: Recipe,
    digest: str, by: Actor,
) -> OptimisedCandidate:  # fmt: skip
    """The line as a row, with a run of its own where there is a model."""
    row = OptimisedCandidate(
        optimisation=found, place=place, method=line.method, title=line.title[:200], outcome=line.outcome,
        reason=line.reason[:MOST_TEXT], figures=_finite(line.figures),
    )  # fmt: skip
    made = line.made
    if line.outcome != MADE or made is None:
        context.log(f"{line.title}: {line.reason}")
        return row
    row.changes, row.is_recipe, row.chart = made.changes, made.recipe is not None, _finite(made.chart)
    row.facts, row.notes = _finite(dict(made.facts)), list(made.notes)
    context.log(f"{line.title}: {made.changes}")
    row.run = patiently(partial(_run, context, found, line, spec, recipe, digest, by))
    return row


def _run(
    context: JobContext,
    found: Optimisation,
    line: Line,
    spec: ProblemSpec,
    recipe: Recipe,
    digest: str,
    by: Actor,
) -> Run:
    """A finished run as training leaves it; provenance only where its recipe alone leads to it again."""
    origin, made, result = found.version.run, line.made, line.result
    assert origin is not None and made is not None and result is not None  # noqa: S101, PT018  # _kept saw to it
    own = made.recipe or recipe
    run = run_actions.create_run(
        origin.experiment,
        name=f"{line.title}, of {found.version}"[:500],
        recipe=own.to_json(),
        dataset_version=origin.dataset_version,
        parent=origin,
        tags={"optimised_from": str(found.version), "optimised_by": line.method, tag_names.NOTE: _note(line)},
        by=by,
    )
    Run.objects.filter(pk=run.pk).update(problem=origin.problem, job_id=context.job_id)
    run.refresh_from_db()
    training.log_params(run, own, by)

    def keep_origin() -> None:
        if made.recipe is not None:
            facts = provenance.facts_of(run, result, table_digest=digest)
            provenance.keep_provenance(run, facts, spec=spec, by=by)

    training.keep(context, run, result, {}, keep_origin, by, compress=made.compress)
    return run


def _note(line: Line) -> str:
    """What the run's page says of it."""
    assert line.made is not None  # noqa: S101  # such lines alone have runs
    again = "" if line.made.recipe else " Training its recipe again gives the model as it was before this."
    return f"{line.made.changes}{again}"


def _notes(version: ModelVersion, wish: Wish) -> list[str]:
    notes = []
    if {"vote", "weigh", "stack"} & set(wish.methods) and queries.is_ranked_by_test(version):
        notes.append(SEEN)
    if settings.PRICES.cpu_hour == 0:
        notes.append("The operator has set no price of processor time, so costs are told in CPU-seconds.")
    return notes


def _finite(value: Any) -> Any:
    """As JSON holds it: what is not a number is null."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _drop_runs(context: JobContext, by: Actor) -> None:
    """What an attempt left behind that did not come to its report."""
    for run in Run.objects.filter(job_id=context.job_id, lifecycle=Lifecycle.ACTIVE).select_related(
        "experiment"
    ):
        run_actions.delete_run(run, by=by)


def _hold(context: JobContext) -> None:
    if not Job.objects.select_for_update().filter(pk=context.job_id, attempt=context.attempt).exists():
        raise JobCancelled  # another attempt has the job


def _silent(fraction: float, message: str) -> None:
    """Preparing the table is a small part of the job."""
