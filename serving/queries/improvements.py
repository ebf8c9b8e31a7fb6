"""What an improvement study stands on: the recipe behind an endpoint, its data, the facts known of its columns.

Called by actions, pages and the API. Nothing here trains a model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from experiments.models import Curve, DatasetVersion, Evaluation, Run
from experiments.queries import datasets, profiles
from experiments.queries.provenance import spec_for
from mlregistry.errors import Conflict, Invalid, MlregistryError
from mlregistry.lib.lazily import lazily
from mlregistry.ml.drift.baselines import INPUT
from mlregistry.ml.drift.methods import AT_MOST, METHODS
from mlregistry.ml.drift.report import ColumnDrift, DriftReport
from mlregistry.ml.improving.facts import KINDS, OTHER, ColumnFact, Facts, Moved, weak_slices
from mlregistry.ml.metrics import metric
from mlregistry.ml.problems import ProblemSpec
from models_app.models import ModelVersion
from serving.models import Endpoint, Improvement
from serving.queries import drift

if TYPE_CHECKING:
    from mlregistry.ml import recipes
    from mlregistry.ml.improving import proposing
else:
    recipes, proposing = lazily("mlregistry.ml.recipes"), lazily("mlregistry.ml.improving.proposing")

WINDOW = timedelta(days=7)
SUPERVISED = ("classification", "regression")
SHAPELESS = (
    "tree",
    "forest",
    "boosting",
    "xgb",
    "lgbm",
    "light",
    "catboost",
)  # these cut numbers, however they lie


@dataclass(frozen=True)
class Grounds:
    """What is to be improved, by what is known; `notes` say which facts are missing."""

    version: ModelVersion
    run: Run
    spec: ProblemSpec
    recipe: "recipes.Recipe"
    facts: Facts
    proposals: "tuple[proposing.Proposal, ...]"
    notes: tuple[str, ...]


def grounds(endpoint: Endpoint, version: ModelVersion, *, now: datetime) -> Grounds:
    """Conflict where the version was not trained here by a recipe; Invalid for kinds that have no cross-validation."""
    run = trained_run(version)
    spec = spec_for(run)
    if spec is None:
        raise Conflict(f"The problem of {version} is gone.", field="version")
    if spec.kind not in SUPERVISED:
        raise Invalid(
            f"Features are improved for {' and '.join(SUPERVISED)}, not for {spec.kind}.", field="endpoint"
        )
    recipe = recipes.parse(run.recipe or {}, kind=spec.kind)
    facts, notes = _facts(endpoint, version, run, spec, recipe.estimator, now)
    return Grounds(version, run, spec, recipe, facts, proposing.propose(facts, recipe, spec.kind), notes)


def trained_run(version: ModelVersion) -> Run:
    """The run of its training, with recipe and data; Conflict where there is none."""
    runs = Run.objects.select_related("problem", "dataset_version__dataset")
    run = runs.filter(pk=version.run_id).first() if version.run_id else None
    if run is None or not run.recipe:
        raise Conflict(
            f"{version} was not trained here by a recipe, so there is none to change.", field="version"
        )
    if run.dataset_version is None:
        raise Conflict(f"The dataset version that {version} was trained on was deleted.", field="version")
    return run


def offered_data(run: Run) -> list[DatasetVersion]:
    """What may be searched on: the version of the training, and the newest of its dataset."""
    if run.dataset_version is None:
        return []
    rows = DatasetVersion.objects.filter(dataset=run.dataset_version.dataset).select_related("dataset")
    return list(dict.fromkeys([run.dataset_version, *rows.order_by("-number")[:5]]))


def adopted(endpoint: Endpoint) -> Improvement | None:
    """The study whose recipe the next retraining takes."""
    rows = Improvement.objects.filter(endpoint=endpoint, adopted_recipe__isnull=False)
    return rows.select_related("version__model", "adopted_by").first()


def adopted_recipe(endpoint: Endpoint) -> dict[str, Any] | None:
    """The recipe of the next retraining, where one was adopted; else it takes that of the version it replaces."""
    found = adopted(endpoint)
    return found.adopted_recipe if found else None


def newest(endpoint: Endpoint, *, limit: int = 20) -> QuerySet[Improvement]:
    rows = Improvement.objects.filter(endpoint=endpoint).select_related("version__model", "job", "created_by")
    return rows.defer("proposals", "recipe").order_by("-pk")[:limit]


def _facts(
    endpoint: Endpoint, version: ModelVersion, run: Run, spec: ProblemSpec, estimator: str, now: datetime
) -> tuple[Facts, tuple[str, ...]]:
    importance, skewness = _importance(run), _skewness(run)
    moved, why_not = _drift(endpoint, version, now)
    distinct = _distinct(run)
    columns = tuple(
        ColumnFact(
            name=field["name"],
            kind=KINDS.get(field["type"], OTHER),
            importance=importance.get(field["name"], (None, 0.0))[0],
            deviation=importance.get(field["name"], (None, 0.0))[1],
            skewness=skewness.get(field["name"]),
            n_distinct=distinct.get(field["name"]),
            **_changes(moved.get(field["name"])),
        )
        for field in version.served_signature.get("inputs", [])
    )
    overall = (
        run.latest_metrics.filter(key=f"test_{spec.primary_metric}").values_list("value", flat=True).first()
    )
    evaluation = Evaluation.objects.filter(run=run).only("document").first()
    slices = weak_slices(evaluation.slices if evaluation else [], overall, spec.direction)
    notes = (
        *([why_not] if why_not else []),
        *([] if importance else ["The run kept no importance of its features."]),
        *(
            []
            if skewness
            else ["The dataset version has no profile yet, so the shape of numbers is not known."]
        ),
    )
    scales = not any(word in estimator for word in SHAPELESS)
    title = metric(spec.kind, spec.primary_metric).title
    return Facts(title, overall, columns, slices, scales), notes


def _importance(run: Run) -> dict[str, tuple[float, float]]:
    row = Curve.objects.filter(run=run, name="importance").first()
    data: Mapping[str, Any] = row.data if row else {}
    found = zip(data.get("labels", []), data.get("values", []), data.get("deviations", []), strict=False)
    return {name: (value, deviation or 0.0) for name, value, deviation in found if value is not None}


def _skewness(run: Run) -> dict[str, float]:
    """From a profile, where one is ready."""
    row = profiles.chosen(run.dataset_version) if run.dataset_version else None
    if row is None or row.state != "ready":
        return {}
    found = {}
    for column in profiles.document(row).columns:
        if column.numbers is not None and column.numbers.skewness is not None:
            found[column.name] = column.numbers.skewness
    return found


def _distinct(run: Run) -> dict[str, int]:
    if run.dataset_version is None:
        return {}
    return {column.name: column.n_distinct for column in datasets.table_info(run.dataset_version).columns}


def _drift(endpoint: Endpoint, version: ModelVersion, now: datetime) -> tuple[dict[str, ColumnDrift], str]:
    """Of the last seven days, by input; why there is nothing to tell."""
    try:
        report: DriftReport = drift.report(endpoint, version, drift.window(now - WINDOW, now, now=now))
    except MlregistryError as error:
        return {}, f"Drift is not known: {error.message}"
    if not report.n_current:
        return {}, "No predictions were logged in the last seven days, so drift is not known."
    inputs = (column for column in report.columns if column.name.startswith(INPUT))
    return {column.name.removeprefix(INPUT): column for column in inputs}, ""


def _changes(column: ColumnDrift | None) -> dict[str, Any]:
    if column is None:
        return {}
    moved = None
    if column.drifted and column.method and column.threshold is not None:
        p = column.adjusted if column.adjusted is not None else column.p_value
        by_p = column.direction == AT_MOST and p is not None
        title = METHODS[column.method].title + (", p" if by_p else "")
        moved = Moved(title, float((p if by_p else column.statistic) or 0.0), column.threshold)
    unseen = column.unseen
    return {
        "moved": moved,
        "unseen": (unseen.reference, unseen.current) if unseen is not None and unseen.drifted else None,
    }
