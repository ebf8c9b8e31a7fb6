"""The train page: which data, which estimators, which split and preparation; starts the training job."""

from dataclasses import fields
from typing import Any

from django.conf import settings
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from experiments import access
from experiments.actions import training as actions
from experiments.models import DatasetVersion, Problem
from experiments.queries.datasets import newest_versions
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.jobs import access as job_access
from mlregistry.jobs import wake
from mlregistry.jobs.engines import DEFAULT_CLASS
from mlregistry.jobs.models import Priority
from mlregistry.jobs.queries import estimates
from mlregistry.ml.estimators import CATALOGUE
from mlregistry.ml.recipes import CHOICES, RANGES, Preparation, Recipe, Split
from mlregistry.ml.recommendation.estimators import NEED_RATINGS
from mlregistry.ui.page import PageRequest, number, page, whole

from . import recipe_choice, steps

MOST_PARTS = 200
PRESELECTED = {
    "logistic_regression",
    "random_forest",
    "hist_gradient_boosting",
    "decision_tree",
    "k_nearest_neighbors",
    "ridge",
    "item_neighbours",
    "user_neighbours",
    "ease",
    "svd",
    "k_means",
    "gaussian_mixture",
    "hdbscan",
}
SPLIT_OF_USERS = (
    "Each user's latest rows are the test, by the problem's time column; by time cuts all rows at once."
)
ADJUSTING = ("calibration", "threshold")
TITLES = {
    "split.method": ("Split", "Train and test is enough to compare; add validation when you tune by hand."),
    "split.test_fraction": (
        "Share of test rows",
        "Held back and never trained on; the leaderboard is measured here.",
    ),
    "split.validation_fraction": ("Share of validation rows", "Only for train, validation and test."),
    "split.stratify": ("Keep the share of each class in every part", ""),
    "split.order": ("Order by the column", "Only for a split by time: the latest rows are the test."),
    "split.n_last": ("Rows per user in the test", "Only for “leave last”: each user's newest rows."),
    "split.group": (
        "Keep together rows with the same",
        "A column such as the patient: no group is in training and test at once, nor in two folds.",
    ),
    "split.gap": ("Gap before the test", "Only for a split by time: “50 rows”, “7 days”, “12 h”."),
    "calibration": (
        "Calibrate the probabilities",
        "So that 0.7 comes true in 7 of 10 rows; learnt on out-of-fold predictions, for six times the fits.",
    ),
    "threshold": (
        "Decision threshold",
        "“half” takes the likeliest class; “tuned” (two classes) what is best for the primary metric.",
    ),
    "preparation.drop_duplicates": ("Drop duplicate rows", ""),
    "preparation.drop_constant": ("Drop constant columns", ""),
    "preparation.drop_identifiers": ("Drop columns that look like identifiers", ""),
    "preparation.missing_numbers": ("Missing numbers become", ""),
    "preparation.missing_categories": (
        "Missing categories become",
        "“constant” makes missing a category of its own.",
    ),
    "preparation.missing_indicator": ("Add a column that marks missing numbers", ""),
    "preparation.encoding": ("Encode categories", "One column per category, or one number per category."),
    "preparation.max_categories": ("Most categories per column", "Rarer ones are put together."),
    "preparation.scaling": ("Scale numbers", "Linear models, SVM and neighbours need it; trees do not mind."),
    "preparation.datetimes": ("Times", "Use year, month, day …, or drop the column."),
}


@require_http_methods(["GET", "POST"])
@page(role=Role.EDITOR, form=True)
def train(request: PageRequest, problem_id: int) -> HttpResponse:
    problem = access.problem(request.actor, problem_id)
    if request.method == "POST":
        version = access.dataset_version_by_id(request.actor, whole(request.POST.get("version"), "version"))
        experiment, _, _ = actions.start_training(
            problem,
            version,
            recipes=_recipes(request, problem, version),
            experiment=None,
            priority=_priority(request.POST.get("priority", "")),
            queue=request.POST.get("queue") or DEFAULT_CLASS,
            by=request.actor,
        )
        return redirect("experiments:experiment", experiment.pk)
    wake.expect()
    return render(request, "experiments/train.html", _context(request, problem))


@require_GET
@page(role=Role.EDITOR)
def estimate(request: PageRequest, problem_id: int) -> HttpResponse:
    """What the training that the form describes will probably take."""
    problem = access.problem(request.actor, problem_id)
    version = access.dataset_version_by_id(request.actor, whole(request.GET.get("version"), "version"))
    baseline = actions.BASELINES.get(problem.kind)
    found = estimates.estimate(
        request.actor.team,
        "experiments.train",
        n_cells=version.n_rows * version.n_columns,
        parts=[*filter(None, [baseline]), *request.GET.getlist("estimator")[:MOST_PARTS]],
    )
    return render(request, "experiments/estimate.html", {"found": found, "prices": settings.PRICES})


def _priority(name: str) -> Priority:
    named = {one.label: one for one in Priority}
    if name and name not in named:
        raise Invalid(f"The priority is one of {', '.join(named)}.", field="priority")
    return named.get(name, Priority.NORMAL)


def _context(request: PageRequest, problem: Problem) -> dict[str, Any]:
    form = request.POST if request.form_error else _form_of_job(request)
    baseline = actions.BASELINES.get(problem.kind)
    entries = [entry for entry in CATALOGUE.get(problem.kind, {}).values() if entry.name != baseline]
    if not problem.target:
        entries = [entry for entry in entries if entry.name not in NEED_RATINGS]
    split = [
        option for option in _options("split", Split(), form, problem.kind) if _fits(option["path"], problem)
    ]
    ticked = set(form.getlist("estimator")) if form else PRESELECTED
    return {
        "problem": problem,
        "versions": newest_versions(access.datasets(request.actor), problem),
        "chosen": form.get("version") or request.GET.get("version", ""),
        "estimators": [(entry, entry.name in ticked) for entry in entries],
        "split": split,
        "has_columns": problem.kind != "recommendation",
        "has_folds": problem.kind in ("classification", "regression"),
        "needed": steps.needed_columns(problem),
        "preparation": _options("preparation", Preparation(), form),
        "ways": recipe_choice.ways(request, problem, "By the options below"),
        "way": form.get("recipe") or request.GET.get("recipe", ""),
        "priority": form.get("priority", Priority.NORMAL.label),
        "priorities": [(label, label) for label in Priority.labels],
        "queue": form.get("queue", DEFAULT_CLASS),
        "classes": [
            (name, f"{name}: up to {offer.memory_mb:,} MB") for name, offer in settings.JOB_CLASSES.items()
        ],
        "folds": form.get("folds", Recipe.folds),
        "repeats": form.get("repeats", Recipe.repeats),
        "seed": form.get("seed", Recipe.seed),
        "adjusting": _adjusting(problem, form),
    }


def _form_of_job(request: PageRequest) -> QueryDict:
    """The form as it would have been sent for an earlier job, which `?job=` names; empty without one."""
    form = QueryDict(mutable=True)
    if not request.GET.get("job"):
        return form
    job = job_access.job(request.actor, request.GET["job"])
    order = {run_id: place for place, run_id in enumerate(job.args.get("run_ids", []))}
    rows = [run for run in job.runs.all() if run.recipe and not run.is_baseline]
    runs = sorted(rows, key=lambda run: order.get(str(run.pk), 0))
    if not runs:
        return form
    form.setlist("estimator", [run.estimator for run in runs])
    form["version"] = str(runs[0].dataset_version_id or "")
    form["priority"], form["queue"] = job.get_priority_display(), job.queue
    recipe = runs[0].recipe or {}
    form["folds"], form["seed"] = str(recipe.get("folds", Recipe.folds)), str(recipe.get("seed", Recipe.seed))
    form["recipe"] = recipe_choice.SUGGESTED if recipe.get("steps") else ""
    for section in ("split", "preparation"):
        for name, value in recipe.get(section, {}).items():
            if value is not False:  # a switch that is off is not sent
                form[f"{section}.{name}"] = str(value)
    return form


def _fits(path: str, problem: Problem) -> bool:
    """Whether an option of the split means something for the problem's kind."""
    only = {"split.n_last": ("recommendation",), "split.stratify": ("classification",)}
    return problem.kind in only.get(path, (problem.kind,))


def _options(section: str, default: Any, form: QueryDict, kind: str = "") -> list[dict[str, Any]]:
    """One entry per option of the recipe: its title, its kind of input, its value."""
    options = []
    for item in fields(default):
        path, value = f"{section}.{item.name}", getattr(default, item.name)
        title, text = TITLES.get(path, (item.name.replace("_", " ").capitalize(), ""))
        sent = (path in form if isinstance(value, bool) else form.get(path, value)) if form else value
        words = [word for word in CHOICES.get(path, ()) if word != "leave_last" or kind == "recommendation"]
        choices = [(word, word.replace("_", " ")) for word in words]
        low, high = RANGES.get(path, (None, None))
        options.append(
            {
                "path": path,
                "title": title,
                "help": SPLIT_OF_USERS if path == "split.method" and kind == "recommendation" else text,
                "value": sent,
                "choices": choices,
                "low": low,
                "high": high,
                "step": 1 if isinstance(value, int) else 0.05,
                "switch": isinstance(value, bool),
                "text": isinstance(value, str) and not choices,
            }
        )
    return options


def _adjusting(problem: Problem, form: QueryDict) -> list[dict[str, Any]]:
    """What may be adjusted after the fit, of classifiers alone."""
    if problem.kind != "classification":
        return []
    return [
        {
            "path": path,
            "title": TITLES[path][0],
            "help": TITLES[path][1],
            "value": form.get(path, getattr(Recipe, path)),
            "choices": [(word, word) for word in CHOICES[path]],
        }
        for path in ADJUSTING
    ]


def _prepared(request: PageRequest, problem: Problem, version: DatasetVersion) -> dict[str, Any]:
    """The part of a recipe that says what happens to the columns."""
    steps = recipe_choice.steps(request, problem, version)
    if steps is None:
        return {"preparation": _section("preparation", Preparation(), request.POST)}
    return {"steps": steps}


def _recipes(request: PageRequest, problem: Problem, version: DatasetVersion) -> list[dict[str, Any]]:
    form = request.POST
    names = form.getlist("estimator")
    if not names:
        raise Invalid("Choose at least one estimator.", field="estimator")
    recommends = problem.kind == "recommendation"
    common = {
        "seed": whole(form.get("seed"), "seed", default=Recipe.seed),
        "folds": whole(form.get("folds"), "folds", default=Recipe.folds),
        "repeats": whole(form.get("repeats"), "repeats", default=Recipe.repeats),
        "split": _section("split", Split(), form),
        **{path: form[path] for path in ADJUSTING if path in form},
        **({} if recommends else _prepared(request, problem, version)),
    }
    return [{"estimator": name, **common} for name in names]


def _section(section: str, default: Any, form: QueryDict) -> dict[str, Any]:
    return {
        item.name: _sent(f"{section}.{item.name}", getattr(default, item.name), form)
        for item in fields(default)
    }


def _sent(path: str, default: Any, form: QueryDict) -> Any:
    if isinstance(default, bool):
        return path in form
    if isinstance(default, str):
        return form.get(path, default)
    return (
        whole(form.get(path), path, default=default)
        if isinstance(default, int)
        else number(form.get(path), path, default=default)
    )
