"""What a study searches: estimators with the ranges of their own params, and options of the preparation or steps.

`parse` is the only way in from outside, `recipe_of` the way out to a recipe. Called by studies' actions and workers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.ml import recipes
from mlregistry.ml.boosting import packages
from mlregistry.ml.estimators import CATALOGUE
from mlregistry.ml.search import ranges
from mlregistry.ml.search_range import Range

ESTIMATOR = "estimator"
SECTIONS = ("estimators", "preparation", "steps", "parameters")
MOST_DIMENSIONS = 200
SLOW_ABOVE_ROWS = {
    "svm": 5_000, "k_nearest_neighbors": 50_000, "gradient_boosting": 20_000, "mlp": 100_000,
    "agglomerative": 5_000, "hdbscan": 20_000,
}  # fmt: skip
USUAL = {
    "classification": (
        "logistic_regression", "random_forest", "extra_trees", "hist_gradient_boosting", "k_nearest_neighbors",
    ),
    "regression": ("ridge", "elastic_net", "random_forest", "extra_trees", "hist_gradient_boosting"),
    "clustering": ("k_means", "gaussian_mixture", "agglomerative", "hdbscan"),
    "recommendation": ("item_neighbours", "user_neighbours", "ease", "svd"),
}  # fmt: skip


@dataclass(frozen=True)
class Space:
    """`estimators` by name: ranges and fixed values of their params; `common` ranges hold for all of them.

    Common names are preparation.<option> and steps.<place>.<option>, or any names in a space without
    estimators, whose trials are measured by somebody else's code.
    """

    estimators: dict[str, dict[str, Range]] = field(default_factory=dict)
    fixed: dict[str, dict[str, Any]] = field(default_factory=dict)
    common: dict[str, Range] = field(default_factory=dict)

    def dimensions(self, estimator: str | None) -> dict[str, Range]:
        """The ranges that count with this estimator, by full name; the estimator's own first."""
        own = self.estimators.get(estimator or "", {})
        return {f"{estimator}.{name}": found for name, found in own.items()} | self.common

    @property
    def all_dimensions(self) -> dict[str, Range]:
        """Every range by full name, the choice of the estimator first where there is one."""
        choice = {ESTIMATOR: Range(choices=tuple(self.estimators))} if len(self.estimators) > 1 else {}
        own = {
            f"{estimator}.{name}": found
            for estimator, params in self.estimators.items()
            for name, found in params.items()
        }
        return choice | own | self.common

    @property
    def cardinality(self) -> int:
        """How many points a grid has: estimators side by side, ranges multiplied."""
        shared = math.prod(ranges.n_levels(found) for found in self.common.values())
        if not self.estimators:
            return shared
        return shared * sum(
            math.prod(ranges.n_levels(found) for found in params.values())
            for params in self.estimators.values()
        )

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {}
        if self.estimators:
            data["estimators"] = {
                name: {**self.fixed.get(name, {}), **{key: one.to_json() for key, one in params.items()}}
                for name, params in self.estimators.items()
            }
        for name, found in self.common.items():
            section, _, key = name.partition(".") if self.estimators else ("parameters", "", name)
            data.setdefault(section, {})[key] = found.to_json()
        return data

    def admits(self, params: Mapping[str, Any]) -> bool:
        """Whether these are the params of one point of the space."""
        wanted = self.dimensions(_estimator(self, params))
        choice = [ESTIMATOR] if len(self.estimators) > 1 else []
        if set(params) != {*choice, *wanted} or (choice and params[ESTIMATOR] not in self.estimators):
            return False
        return all(ranges.holds(found, params[name]) for name, found in wanted.items())


def parse(data: Any, *, kind: str | None, recipe: Mapping[str, Any] | None = None) -> Space:
    """The space; Invalid names the field. Without `kind` it has `parameters` only.

    `recipe` is what each trial's recipe starts from (split, folds, steps …).
    """
    if not isinstance(data, Mapping):
        raise Invalid("A search space is an object.", field="space")
    allowed = SECTIONS[3:] if kind is None else SECTIONS[:3]
    for key in data:
        if key not in allowed:
            raise Invalid(
                f"A search space has no '{str(key)[:60]}' here; known: {', '.join(allowed)}.", field="space"
            )
    if kind is None:
        space = Space(common=dict(_ranges(_object(data, "parameters"), "space.parameters")))
    else:
        space = _of_recipes(data, kind)
    _check_size(space)
    if kind is not None:
        _check_recipes(space, kind, recipe or {})
    return space


def stored(data: Mapping[str, Any]) -> Space:
    """The space that `to_json` wrote; it was checked before."""
    estimators, fixed = {}, {}
    for name, given in data.get("estimators", {}).items():
        estimators[name] = {
            key: ranges.parse(one, key) for key, one in given.items() if isinstance(one, Mapping)
        }
        if plain := {key: one for key, one in given.items() if not isinstance(one, Mapping)}:
            fixed[name] = plain
    common = {
        (key if section == "parameters" else f"{section}.{key}"): ranges.parse(one, key)
        for section in SECTIONS[1:]
        for key, one in data.get(section, {}).items()
    }
    return Space(estimators, fixed, common)


def usual(kind: str, n_rows: int) -> list[str]:
    """The usual estimators of the kind that are not too slow for so many rows."""
    rows = CATALOGUE[kind]
    names = [name for name in USUAL.get(kind, rows) if n_rows <= SLOW_ABOVE_ROWS.get(name, n_rows)]
    return [name for name in names if name in rows]


def default(kind: str, n_rows: int) -> Space:
    """The usual estimators for so many rows, over their own ranges."""
    chosen = {name: searched(kind, name) for name in usual(kind, n_rows)}
    return Space({name: found for name, found in chosen.items() if found})


def searched(kind: str, estimator: str) -> dict[str, Range]:
    """The estimator's own ranges from the catalogue."""
    allowed = CATALOGUE[kind][estimator].allowed
    return {name: rule.search for name, rule in allowed.items() if rule.search is not None}


def recipe_of(space: Space, base: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe, as JSON, that `params` of one trial stand for, over `base`."""
    estimator = _estimator(space, params) or ""
    own = {
        name.removeprefix(f"{estimator}."): value
        for name, value in params.items()
        if name.startswith(f"{estimator}.")
    }
    recipe = {**deepcopy(dict(base)), "estimator": estimator}
    recipe["params"] = {**space.fixed.get(estimator, {}), **own}
    for name in space.common:
        section, _, rest = name.partition(".")
        if section == "preparation":
            recipe["preparation"] = {**(recipe.get("preparation") or {}), rest: params[name]}
        else:
            place, _, option = rest.partition(".")
            recipe["steps"][int(place) - 1][option] = params[name]
    return recipe


def _estimator(space: Space, params: Mapping[str, Any]) -> str | None:
    if ESTIMATOR in params:
        return str(params[ESTIMATOR])
    return next(iter(space.estimators), None)


def _of_recipes(data: Mapping[str, Any], kind: str) -> Space:
    estimators: dict[str, dict[str, Range]] = {}
    fixed: dict[str, dict[str, Any]] = {}
    for name, given in _object(data, "estimators").items():
        path = f"space.estimators.{str(name)[:60]}"
        if name not in CATALOGUE.get(kind, {}):
            known = ", ".join(CATALOGUE.get(kind, {}))
            words = f"'{str(name)[:60]}' is no estimator for {kind}; known: {known}."
            raise packages.unknown(str(name), words, field=path)
        if given is None:
            estimators[name] = searched(kind, name)
            continue
        if not isinstance(given, Mapping):
            raise Invalid(f"'{path}' is an object of params, or null for its usual ranges.", field=path)
        allowed = CATALOGUE[kind][name].allowed
        estimators[name] = {
            key: ranges.parse(value, f"{path}.{key}", whole=allowed[key].whole if key in allowed else None)
            for key, value in given.items()
            if isinstance(value, Mapping)
        }
        if plain := {key: value for key, value in given.items() if not isinstance(value, Mapping)}:
            fixed[name] = plain
    common = {
        f"{section}.{name}": found
        for section in ("preparation", "steps")
        for name, found in _ranges(_object(data, section), f"space.{section}")
    }
    if not estimators:
        raise Invalid("The search space is empty: name at least one estimator.", field="space.estimators")
    if common and kind == "recommendation":
        raise Invalid(
            "A recommendation has no columns to prepare; search the params of its estimators.", field="space"
        )
    return Space(estimators, fixed, common)


def _object(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise Invalid(f"'space.{name}' is an object.", field=f"space.{name}")
    return found


def _ranges(given: Mapping[str, Any], path: str) -> Iterator[tuple[str, Range]]:
    for name, value in given.items():
        where = f"{path}.{str(name)[:100]}"
        if not isinstance(value, Mapping):
            raise Invalid(f"'{where}' is a range: {{low, high}} or {{choices}}.", field=where)
        yield name, ranges.parse(value, where)


def _check_size(space: Space) -> None:
    dimensions = space.all_dimensions
    if not dimensions or space.cardinality < 2:
        raise Invalid("The search space is empty: nothing in it has more than one value.", field="space")
    if len(dimensions) > MOST_DIMENSIONS:
        raise Invalid(f"A search space has at most {MOST_DIMENSIONS} ranges.", field="space")
    for name in dimensions:
        if not name or len(name) > ranges.LONGEST_TEXT or "\x00" in name:
            raise Invalid("The name of a parameter has 1 to 200 characters.", field="space")


def _check_recipes(space: Space, kind: str, base: Mapping[str, Any]) -> None:
    """Both ends and each choice of every range must make a recipe that holds."""
    for estimator in space.estimators:
        wanted = space.dimensions(estimator)
        choice = {ESTIMATOR: estimator} if len(space.estimators) > 1 else {}
        first = choice | {name: _ends(found)[0] for name, found in wanted.items()}
        _check_recipe(space, kind, base, first, f"space.estimators.{estimator}")
        for name, found in wanted.items():
            section = "" if name in space.common else "estimators."
            for value in _ends(found)[1:]:
                _check_recipe(space, kind, base, first | {name: value}, f"space.{section}{name}")


def _check_recipe(
    space: Space, kind: str, base: Mapping[str, Any], params: Mapping[str, Any], path: str
) -> None:
    try:
        recipes.parse(recipe_of(space, base, params), kind=kind)
    except Invalid as error:
        raise Invalid(f"{path}: {error.message}", field=_place(space, error, path)) from error
    except (IndexError, KeyError, ValueError, TypeError) as error:
        raise Invalid(
            "Options of steps are named <place>.<option>, such as 2.method, and the recipe has that step.",
            field="space.steps",
        ) from error


def _place(space: Space, error: Invalid, path: str) -> str:
    """Where in the space the fault lies: at a common range that the recipe's error names, else at `path`."""
    named = error.field or ""
    return f"space.{named}" if named in space.common else path


def _ends(found: Range) -> tuple[Any, ...]:
    if found.choices:
        return found.choices
    return (int(found.low), int(found.high)) if found.whole else (float(found.low), float(found.high))
