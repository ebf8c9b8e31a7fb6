"""The train page: which data, which estimators, which split and preparation; starts the training job."""

from dataclasses import fields
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from experiments import access
from experiments.actions import training as actions
from experiments.models import DatasetVersion, Problem
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.ml.estimators import CATALOGUE
from mlregistry.ml.recipes import CHOICES, RANGES, Preparation, Recipe, Split
from mlregistry.ui.page import PageRequest, number, page, whole

from . import recipe_choice

PRESELECTED = {
    "logistic_regression",
    "random_forest",
    "hist_gradient_boosting",
    "decision_tree",
    "k_nearest_neighbors",
    "ridge",
}
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
            problem, version, recipes=_recipes(request, problem, version), experiment=None, by=request.actor
        )
        return redirect("experiments:experiment", experiment.pk)
    return render(request, "experiments/train.html", _context(request, problem))


def _context(request: PageRequest, problem: Problem) -> dict[str, Any]:
    form = request.POST if request.form_error else QueryDict()
    entries = [entry for entry in CATALOGUE.get(problem.kind, {}).values() if entry.name != "dummy"]
    ticked = set(form.getlist("estimator")) if form else PRESELECTED
    return {
        "problem": problem,
        "versions": _versions(request, problem),
        "chosen": form.get("version") or request.GET.get("version", ""),
        "estimators": [(entry, entry.name in ticked) for entry in entries],
        "split": _options("split", Split(), form),
        "preparation": _options("preparation", Preparation(), form),
        "ways": recipe_choice.ways(request, problem, "By the options below"),
        "way": form.get("recipe") or request.GET.get("recipe", ""),
        "folds": form.get("folds", Recipe.folds),
        "repeats": form.get("repeats", Recipe.repeats),
        "seed": form.get("seed", Recipe.seed),
        "adjusting": _adjusting(problem, form),
    }


def _versions(request: PageRequest, problem: Problem) -> list[Any]:
    """The newest versions of the team's datasets, the problem's own first."""
    found = []
    for dataset in access.datasets(request.actor).prefetch_related("versions").order_by("name"):
        for version in sorted(dataset.versions.all(), key=lambda row: -row.number)[:5]:
            version.dataset = dataset
            found.append(version)
    return sorted(found, key=lambda row: row.dataset.problem_id != problem.pk)


def _options(section: str, default: Any, form: QueryDict) -> list[dict[str, Any]]:
    """One entry per option of the recipe: its title, its kind of input, its value."""
    options = []
    for item in fields(default):
        path, value = f"{section}.{item.name}", getattr(default, item.name)
        title, text = TITLES.get(path, (item.name.replace("_", " ").capitalize(), ""))
        sent = (path in form if isinstance(value, bool) else form.get(path, value)) if form else value
        choices = [(word, word.replace("_", " ")) for word in CHOICES.get(path, ())]
        low, high = RANGES.get(path, (None, None))
        options.append(
            {
                "path": path,
                "title": title,
                "help": text,
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
    common = {
        "seed": whole(form.get("seed"), "seed", default=Recipe.seed),
        "folds": whole(form.get("folds"), "folds", default=Recipe.folds),
        "repeats": whole(form.get("repeats"), "repeats", default=Recipe.repeats),
        "split": _section("split", Split(), form),
        **{path: form[path] for path in ADJUSTING if path in form},
        **_prepared(request, problem, version),
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
