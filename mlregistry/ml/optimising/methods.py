"""The table of methods: what each does, and in one sentence why it does not apply to a model. Read by every door.

By recipe and signature alone: nothing is opened for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec

from mlregistry.ml.ensembling import members
from mlregistry.ml.estimators import CATALOGUE
from mlregistry.ml.optimising.wish import Wish
from mlregistry.ml.recipes import Recipe

PRUNED = ("decision_tree", "random_forest", "extra_trees", "gradient_boosting")
FORESTS = ("random_forest", "extra_trees")
ITERATIONS = {
    "hist_gradient_boosting": "max_iter", "gradient_boosting": "n_estimators", "ada_boost": "n_estimators",
    "lightgbm": "n_estimators", "xgboost": "n_estimators",
}  # fmt: skip
TREES = (*PRUNED, *ITERATIONS, "quantile_boosting")
SMALL = {
    "classification": ("logistic_regression", "decision_tree", "hist_gradient_boosting"),
    "regression": ("ridge", "decision_tree", "hist_gradient_boosting"),
}
STUDENTS = {
    "classification": ("decision_tree", "logistic_regression"), "regression": ("decision_tree", "ridge"),
}  # fmt: skip
QUANTILES = ("quantile_boosting", "linear_quantiles")
NETWORK = "mlp"
LARGE_NETWORK = "Only the matrices of a neural network become smaller by 8 bits"


@dataclass(frozen=True)
class Setting:
    """The model as far as the doors know it. `n_rivals` are other models of its leaderboard on the same data."""

    kind: str
    recipe: Recipe
    n_classes: int
    n_rivals: int
    wish: Wish

    @property
    def title(self) -> str:
        found = CATALOGUE[self.kind].get(self.recipe.estimator)
        return (found.title if found else self.recipe.estimator).lower()

    @property
    def looks_back(self) -> bool:
        return any(step.entry.needs_order for step in self.recipe.all_steps)


@dataclass(frozen=True)
class Method:
    """`why_not` is empty where the method applies."""

    name: str
    title: str
    group: str
    about: str
    why_not: Callable[[Setting], str]


def _prune(setting: Setting) -> str:
    if setting.recipe.estimator in PRUNED:
        return ""
    return f"Cost-complexity pruning is for scikit-learn's trees and forests, and a {setting.title} is none."


def _thin(setting: Setting) -> str:
    recipe = setting.recipe
    if recipe.estimator not in FORESTS:
        return f"Only a forest has trees that vote alike and can be left out, and a {setting.title} is none."
    if recipe.estimator == "extra_trees" and recipe.split.method != "train_validation_test":
        return "Its trees have seen every training row; train it with a validation part to choose among them."
    return ""


def _cut(setting: Setting) -> str:
    if setting.recipe.estimator not in ITERATIONS:
        return f"Only boosting goes in iterations that can be cut short, and a {setting.title} does not."
    return ""


def _replace(setting: Setting) -> str:
    if setting.recipe.estimator in QUANTILES:
        return "It predicts quantiles, which no smaller family of the catalogue does."
    return ""


def _distil(setting: Setting) -> str:
    if setting.recipe.estimator in STUDENTS[setting.kind]:
        return f"A {setting.title} is as small as the models that are taught."
    if setting.recipe.estimator in QUANTILES:
        return "It predicts quantiles, which a pupil of one tree cannot be taught."
    if setting.looks_back:
        return "Its steps look back at earlier rows, so no rows can be made up to teach from."
    return ""


def _quantise(setting: Setting) -> str:
    if setting.recipe.estimator in TREES:
        return "Trees cannot be quantised: ONNX Runtime has no 8-bit operator for them; prune or thin them instead."
    if setting.recipe.estimator != NETWORK:
        return f"{LARGE_NETWORK}, and a {setting.title} has none."
    missing = [name for name in ("skl2onnx", "onnx", "onnxruntime") if find_spec(name) is None]
    if missing:
        return f'The server lacks {" and ".join(missing)}: pip install "mlregistry[onnx]".'
    return ""


def _compress(setting: Setting) -> str:
    return ""


def _threshold(setting: Setting) -> str:
    if setting.kind != "classification":
        return "A regression decides nothing, so it has no threshold."
    if setting.n_classes != 2:
        return f"A threshold parts two classes; the target has {setting.n_classes}."
    if not setting.wish.costs:
        return "Say what right and wrong decisions cost: the threshold is chosen for these costs."
    return ""


def _mix(setting: Setting) -> str:
    if setting.recipe.estimator in QUANTILES:
        return "It predicts quantiles, and ensembles mix numbers and probabilities."
    if setting.n_rivals < 2:
        return "Its experiment has fewer than two models on the same data, split and features; train others beside it."
    return ""


METHODS: tuple[Method, ...] = (
    Method("prune", "Prune", "Smaller",
           "cuts branches by cost-complexity (ccp_alpha) as far as the tolerance allows, and fits again", _prune),
    Method("thin", "Thin the forest", "Smaller",
           "keeps the few trees whose votes together do what all of them do", _thin),
    Method("cut", "Cut the boosting", "Smaller",
           "stops at the iteration from which on held-out rows gain nothing", _cut),
    Method("replace", "Smaller families", "Smaller",
           "trains smaller families of the catalogue on the same rows", _replace),
    Method("distil", "Distil", "Smaller",
           "teaches one tree or one weighted sum what the model answers", _distil),
    Method("quantise", "Quantise", "Smaller",
           "keeps a network's weights in 8 bits, as an ONNX graph", _quantise),
    Method("compress", "Compress the file", "Smaller",
           "writes the same model by the compression that takes least room", _compress),
    Method("threshold", "Threshold for costs", "Cheaper decisions",
           "decides from the probability on at which decisions cost least", _threshold),
    Method("vote", "Voting", "Ensembles of the leaderboard",
           "the mean of the best models of each family", _mix),
    Method("weigh", "Weighted voting", "Ensembles of the leaderboard",
           "the mean with weights by forward selection", _mix),
    Method("stack", "Stacking", "Ensembles of the leaderboard",
           "a linear or logistic model on what the members say", _mix),
)  # fmt: skip
NAMES = tuple(method.name for method in METHODS)
BY_NAME = {method.name: method for method in METHODS}


def blends(recipe: Recipe, other: Recipe) -> bool:
    """Whether both part and prepare the rows alike, so that one ensemble can hold the other's model."""
    plain = replace(other, estimator=recipe.estimator, params=recipe.params, folds=recipe.folds)
    alike = replace(plain, repeats=recipe.repeats) == recipe
    return alike and other.estimator not in (members.NAME, "dummy", *QUANTILES)
