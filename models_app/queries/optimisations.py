"""Reads of optimisations: which methods apply, what was found, where the frontier lies. Called by doors and the job."""

from typing import Any

from django.db.models import QuerySet

from experiments.queries.provenance import spec_for
from mlregistry.errors import Invalid, MlregistryError
from mlregistry.ml.metrics import METRICS
from mlregistry.ml.optimising import frontier
from mlregistry.ml.optimising.methods import METHODS, NAMES, Setting, blends
from mlregistry.ml.optimising.wish import Wish
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recipes import Recipe, parse
from models_app.models import Found, ModelVersion, Optimisation, OptimisedCandidate
from models_app.queries.candidates import ranked_runs, ranking
from models_app.queries.costs import prediction_cost, unit
from models_app.queries.model_tests import openable

KINDS = ("classification", "regression")
MOST_RIVALS = 12
MB = 1_000_000


def why_not(version: ModelVersion) -> str:
    """Why the version cannot be optimised at all; empty when it can. Its problem as it is now is what counts."""
    run = version.run
    if version.signature is None or run is None or not run.recipe or not openable(version).exists():
        return "Only a model that was trained here can be optimised: its recipe, rows and files are needed."
    if run.dataset_version is None:
        return "The data that the version was trained on was deleted."
    spec = spec_for(run)
    if spec is None:
        return "The problem of the version's run was deleted."
    if spec.kind not in KINDS:
        return f"Optimisation is for {' and '.join(KINDS)}; this is a {spec.kind}."
    try:
        parse(run.recipe, kind=spec.kind)
    except MlregistryError as error:
        return f"Its recipe cannot be read any more: {error.message}"
    return ""


def spec_and_recipe(version: ModelVersion) -> tuple[ProblemSpec, Recipe]:
    """Of a version that can be optimised; Invalid for others."""
    why = why_not(version)
    run = version.run
    spec = spec_for(run) if run is not None and not why else None
    if run is None or spec is None:
        raise Invalid(why or "The version's run is gone.", field="version")
    return spec, parse(run.recipe or {}, kind=spec.kind)


def n_classes(version: ModelVersion) -> int:
    return len(version.served_signature.get("classes") or [])


def setting_of(version: ModelVersion, wish: Wish) -> Setting:
    spec, recipe = spec_and_recipe(version)
    return Setting(spec.kind, recipe, n_classes(version), len(rivals(version)), wish)


def rivals(version: ModelVersion) -> list[dict[str, Any]]:
    """Recipes of the leaderboard's best on the same data, split and preparation, each once."""
    spec, recipe = spec_and_recipe(version)
    assert version.run is not None  # noqa: S101  # spec_and_recipe saw to it
    found: list[Recipe] = []
    for run in ranked_runs(version.run.experiment):
        if run.dataset_version_id != version.run.dataset_version_id or not run.recipe:
            continue
        try:
            other = parse(run.recipe, kind=spec.kind)
        except MlregistryError:
            continue
        known = [(one.estimator, one.params) for one in found]
        if blends(recipe, other) and (other.estimator, other.params) not in known:
            found.append(other)
        if len(found) == MOST_RIVALS:
            break
    return [one.to_json() for one in found]


def is_ranked_by_test(version: ModelVersion) -> bool:
    """Whether the leaderboard of its experiment knows figures of test rows alone."""
    return version.run is not None and ranking(version.run.experiment).startswith("test_")


def methods_of(version: ModelVersion, wish: Wish | None = None) -> list[dict[str, Any]]:
    """Every method with why it does not apply; costs are taken as given unless a wish says otherwise."""
    costs = ((0.0, 1.0), (1.0, 0.0)) if n_classes(version) == 2 else ()
    setting = setting_of(version, wish or Wish(NAMES, costs=costs))
    return [
        {"name": one.name, "title": one.title, "group": one.group, "about": one.about, "why_not": one.why_not(setting)}
        for one in METHODS
    ]  # fmt: skip


def optimisations_of(version: ModelVersion) -> QuerySet[Optimisation]:
    rows = Optimisation.objects.select_related("job", "version__model", "created_by")
    return rows.filter(version=version).order_by("-pk")


def candidates_of(optimisation: Optimisation) -> QuerySet[OptimisedCandidate]:
    rows = OptimisedCandidate.objects.select_related("run", "version__model", "optimisation__version__model")
    return rows.filter(optimisation=optimisation).order_by("place")


def origin_of(version: ModelVersion) -> OptimisedCandidate | None:
    """What the version was made of, where an optimisation made it."""
    rows = OptimisedCandidate.objects.select_related("optimisation__version__model")
    return rows.filter(version=version).first()


def title_of_metric(version: ModelVersion) -> str:
    """Of the problem of a version that can be optimised."""
    spec, _ = spec_and_recipe(version)
    return METRICS[spec.kind][spec.primary_metric].title


def metric_title(optimisation: Optimisation) -> str:
    known = {name: one for table in METRICS.values() for name, one in table.items()}
    found = known.get(optimisation.metric)
    return found.title if found else optimisation.metric


def optimisation_json(found: Optimisation, *, candidates: bool = True) -> dict[str, Any]:
    job = found.job
    document = {
        "id": found.pk,
        "version": found.version.number,
        "state": found.state,
        "job": str(job.pk) if job else None,
        "progress": job.progress if job else None,
        "message": job.message if job else "",
        "seconds_left": job.eta_seconds if job else None,
        "error": job.error if job and found.state == "failed" else "",
        "wish": found.wish,
        "metric": found.metric,
        "direction": found.direction,
        "n_test": found.n_test,
        "before": found.before | {"prediction_cost": prediction_cost(found.before)},
        "notes": found.notes,
        "created_at": found.created_at,
        "finished_at": found.finished_at,
    }
    if candidates:
        document["candidates"] = [candidate_json(one) for one in candidates_of(found)]
    return document


def candidate_json(one: OptimisedCandidate) -> dict[str, Any]:
    names = (
        "place",
        "method",
        "title",
        "outcome",
        "reason",
        "changes",
        "is_recipe",
        "figures",
        "facts",
        "notes",
    )
    return {
        **{name: getattr(one, name) for name in names},
        "prediction_cost": prediction_cost(one.figures),
        "run": one.run_id.hex if one.run_id else None,
        "version": one.version.number if one.version else None,
    }


def points_of(found: Optimisation) -> list[dict[str, Any]]:
    """The version and its candidates as the plots take them."""
    named = [(f"v{found.version.number}, as it is", found.before)]
    named += [(one.title, one.figures) for one in candidates_of(found) if one.outcome == Found.MADE]
    return [
        {
            "name": name, "value": figures.get("value"), "first": place == 0,
            "one_ms": _times(figures.get("one_seconds"), 1_000), "size_mb": _times(figures.get("size"), 1 / MB),
            "memory_mb": figures.get("memory_mb"), "cost": (prediction_cost(figures) or {}).get("per_1000"),
        }
        for place, (name, figures) in enumerate(named)
    ]  # fmt: skip


def plots_of(found: Optimisation) -> dict[str, Any]:
    return frontier.plots(
        points_of(found), metric=metric_title(found), direction=found.direction, cost_unit=unit()
    )


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor
