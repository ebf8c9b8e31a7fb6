"""Everything needed to train again, as JSON: split, folds, seed, preparation, estimator and its params.

`parse` is the only way in from outside; training and the run pages read the dataclass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, TypeVar

from mlregistry.errors import Invalid
from mlregistry.ml import gaps
from mlregistry.ml.boosting import packages
from mlregistry.ml.estimator_entry import check_params
from mlregistry.ml.estimators import CATALOGUE
from mlregistry.ml.selection.methods import PCA
from mlregistry.ml.steps import flat, parsing
from mlregistry.ml.steps.catalogue import RANKED
from mlregistry.ml.steps.parsing import Step

LONGEST_NAME = 200
MOST_FITS = 100
CHOICES: dict[str, tuple[str, ...]] = {
    "split.method": ("train_test", "train_validation_test", "by_time", "leave_last"),
    "calibration": ("none", "sigmoid", "isotonic"),
    "threshold": ("half", "tuned"),
    "preparation.missing_numbers": ("median", "mean", "most_frequent", "zero"),
    "preparation.missing_categories": ("constant", "most_frequent"),
    "preparation.encoding": ("one_hot", "ordinal"),
    "preparation.scaling": ("standard", "min_max", "robust", "none"),
    "preparation.datetimes": ("parts", "drop"),
}
NEED_TARGET: dict[str, tuple[str, ...]] = {
    "encode": ("target",),
    "select": tuple(name for name in RANKED if name != PCA),
}
TEXTS = {"split.gap": f"written {gaps.FORMS}"}
RANGES: dict[str, tuple[float, float]] = {
    "seed": (0, 2**32 - 1),
    "folds": (0, 20),
    "repeats": (1, 20),
    "split.test_fraction": (0.05, 0.5),
    "split.validation_fraction": (0.05, 0.5),
    "split.n_last": (1, 1000),
    "preparation.max_categories": (2, 1000),
}


@dataclass(frozen=True)
class Split:
    """Fractions are of all rows; stratified by class in a classification.

    by_time tests on the latest rows by the column `order` and trains on those before them, `gap` away. Rows with
    the same value in the column `group` are all on one side, in folds too.
    leave_last is for a recommendation and tests on each user's last `n_last` rows.
    """

    method: str = "train_test"
    test_fraction: float = 0.2
    validation_fraction: float = 0.2
    stratify: bool = True
    order: str = ""
    n_last: int = 1
    group: str = ""
    gap: str = ""


@dataclass(frozen=True)
class Preparation:
    """What happens to the columns before the estimator sees them, where no steps are given."""

    drop_duplicates: bool = True
    drop_constant: bool = True
    drop_identifiers: bool = True
    missing_numbers: str = "median"
    missing_categories: str = "constant"
    missing_indicator: bool = False
    encoding: str = "one_hot"
    max_categories: int = 30
    scaling: str = "standard"
    datetimes: str = "parts"


@dataclass(frozen=True)
class Recipe:
    """One way to train; folds 0 means no cross-validation, which `repeats` repeats with other folds.

    Given steps take the place of the preparation. `calibration` and a tuned `threshold` are a classifier's, learnt on
    out-of-fold predictions; half means the likeliest class.
    """

    estimator: str
    params: dict[str, Any] = field(default_factory=dict)
    seed: int = 42
    folds: int = 0
    repeats: int = 1
    split: Split = Split()
    preparation: Preparation = Preparation()
    steps: tuple[Step, ...] | None = None
    calibration: str = "none"
    threshold: str = "half"

    @property
    def adjusted(self) -> bool:
        """Whether the classifier's probabilities or its threshold are adjusted after the fit."""
        return self.calibration != "none" or self.threshold != "half"

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """The steps, or those that the preparation stands for."""
        return flat.expand(self.preparation) if self.steps is None else self.steps

    def to_json(self) -> dict[str, Any]:
        data = asdict(replace(self, steps=None))
        del data["steps"]
        if self.steps is None:
            return data
        del data["preparation"]
        return {**data, "steps": [step.to_json() for step in self.steps]}


Section = TypeVar("Section", Split, Preparation)


def parse(data: Mapping[str, Any], *, kind: str | None = None) -> Recipe:
    """The recipe in `data` over the defaults; Invalid names the field. `kind` has params checked for it."""
    _known_keys(data, Recipe, "")
    name = data.get("estimator")
    if not isinstance(name, str) or not name:
        raise Invalid("A recipe names its estimator.", field="estimator")
    params = data.get("params") or {}
    if not isinstance(params, Mapping):
        raise Invalid("The params are an object of names and values.", field="params")
    recipe = Recipe(
        estimator=name,
        params=dict(params),
        seed=_value(data, "seed", Recipe.seed, ""),
        folds=_value(data, "folds", Recipe.folds, ""),
        repeats=_value(data, "repeats", Recipe.repeats, ""),
        split=_section(data, "split", Split()),
        preparation=_section(data, "preparation", Preparation()),
        steps=_steps(data),
        calibration=_value(data, "calibration", Recipe.calibration, ""),
        threshold=_value(data, "threshold", Recipe.threshold, ""),
    )
    if recipe.folds == 1:
        raise Invalid("Cross-validation needs 2 folds or more (0 for none).", field="folds")
    if recipe.split.method == "train_validation_test" and _held_out(recipe.split) > 0.8:
        raise Invalid(
            "Test and validation together take more than 80 % of the rows.", field="split.test_fraction"
        )
    if recipe.adjusted and kind not in (None, "classification"):
        raise Invalid("Calibration and threshold are for a classification.", field="calibration")
    _check_repeats(recipe)
    _check_time(recipe)
    return check_estimator(recipe, kind)


def _steps(data: Mapping[str, Any]) -> tuple[Step, ...] | None:
    if data.get("steps") is None:
        return None
    if data.get("preparation") is not None:
        raise Invalid("Give either steps or a preparation, not both.", field="steps")
    return parsing.parse(data["steps"])


def _check_repeats(recipe: Recipe) -> None:
    if recipe.repeats > 1 and not recipe.folds:
        raise Invalid("Repeats are of a cross-validation; give folds too.", field="repeats")
    if recipe.repeats > 1 and recipe.split.method == "by_time":
        raise Invalid("Time has one order, so folds by time cannot be repeated.", field="repeats")
    if recipe.repeats * recipe.folds > MOST_FITS:
        raise Invalid(f"Folds times repeats are more than {MOST_FITS} fits.", field="repeats")


def _check_time(recipe: Recipe) -> None:
    by_time = recipe.split.method == "by_time"
    gaps.parse(recipe.split.gap)
    if recipe.split.gap.strip() and not by_time:
        raise Invalid("A gap is for a split by time; set split.method to by_time.", field="split.gap")
    if recipe.split.group and by_time:
        raise Invalid("A split is either by time or by group; leave one out.", field="split.group")
    if by_time and not recipe.split.order:
        raise Invalid("A split by time names the column that tells the order.", field="split.order")
    for place, step in enumerate(recipe.steps or ()):
        if step.entry.needs_order and not by_time:
            raise Invalid(
                f"Step {place + 1} ({step.entry.title}) looks at earlier rows, so the split must be by time:"
                " set split.method to by_time and split.order to the column.",
                field="split.method",
            )


def check_estimator(recipe: Recipe, kind: str | None) -> Recipe:
    """The recipe with checked params (defaults filled in when `kind` is given); Invalid names the field."""
    kinds = [kind] if kind else list(CATALOGUE)
    entries = [CATALOGUE[k][recipe.estimator] for k in kinds if recipe.estimator in CATALOGUE.get(k, {})]
    if not entries:
        known = sorted({name for k in kinds for name in CATALOGUE.get(k, {})})
        purpose = f" for {kind}" if kind else ""
        raise packages.unknown(
            recipe.estimator, f"'{recipe.estimator}' is no estimator{purpose}; known: {', '.join(known)}."
        )
    if kind:
        _check_kind(recipe, kind)
        return replace(recipe, params=check_params(entries[0], recipe.params))
    problem: Invalid | None = None
    for entry in entries:
        try:
            check_params(entry, recipe.params)
            return recipe
        except Invalid as error:
            problem = error
    raise problem or Invalid("The params do not fit the estimator.", field="params")


def _check_kind(recipe: Recipe, kind: str) -> None:
    """What only some kinds of problem have."""
    if kind == "recommendation":
        if recipe.folds:
            message = (
                "A recommendation is measured on what came last; there is no cross-validation (folds 0)."
            )
            raise Invalid(message, field="folds")
        if recipe.steps:
            raise Invalid("A recommendation has no columns to prepare, so no steps.", field="steps")
    if kind == "clustering":
        if recipe.folds:
            message = "A clustering is measured by its stability over resampling instead of folds (folds 0)."
            raise Invalid(message, field="folds")
        _without_target(recipe.steps or ())
    if kind != "recommendation" and recipe.split.method == "leave_last":
        raise Invalid("leave_last is a split by user, for a recommendation only.", field="split.method")


def _without_target(steps: Sequence[Step]) -> None:
    """Steps that learn from a target have no place in a clustering."""
    for place, step in enumerate(steps):
        needs = step.options.get("method") in NEED_TARGET.get(step.kind, ())
        if needs:
            raise Invalid(
                f"Step {place + 1} ({step.entry.title}) by {step.options['method']} learns from the target, and a"
                " clustering has none; choose another method.",
                field=f"steps.{place}.method",
            )


def _held_out(split: Split) -> float:
    return split.test_fraction + split.validation_fraction


def _section(data: Mapping[str, Any], name: str, default: Section) -> Section:
    given = data.get(name)
    if given is None:
        return default
    if not isinstance(given, Mapping):
        raise Invalid(f"'{name}' is an object.", field=name)
    _known_keys(given, type(default), name + ".")
    changes = {key: _value(given, key, getattr(default, key), name + ".") for key in given}
    return replace(default, **changes)


def _value(data: Mapping[str, Any], key: str, default: Any, prefix: str) -> Any:
    if key not in data or data[key] is None:
        return default
    path, value = prefix + key, data[key]
    if path in CHOICES:
        if value not in CHOICES[path]:
            raise Invalid(f"'{path}' is one of: {', '.join(CHOICES[path])}.", field=path)
        return value
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise Invalid(f"'{path}' is true or false.", field=path)
        return value
    if isinstance(default, str):
        if not isinstance(value, str) or len(value) > LONGEST_NAME:
            raise Invalid(f"'{path}' is {TEXTS.get(path, 'the name of a column')}.", field=path)
        return value
    whole = isinstance(default, int)
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise Invalid(f"'{path}' is a {'whole ' if whole else ''}number.", field=path)
    low, high = RANGES[path]
    if not low <= value <= high:
        raise Invalid(f"'{path}' lies between {low:g} and {high:g}.", field=path)
    return value if whole else float(value)


def _known_keys(
    data: Mapping[str, Any], schema: type[Recipe] | type[Split] | type[Preparation], prefix: str
) -> None:
    known = {item.name for item in fields(schema)}
    for key in data:
        if key not in known:
            raise Invalid(
                f"A recipe has no field '{prefix}{key}'; known: {', '.join(sorted(known))}.",
                field=prefix + key,
            )
