"""What a selection study tries, as JSON: methods, numbers of features, folds. Loads no scikit-learn.

`parse` is the only way in from outside; the action stores it, the job hands it to the study.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.ml.recipes import Recipe
from mlregistry.ml.recipes import parse as parse_recipe
from mlregistry.ml.selection.methods import METHODS, method

PLAIN = {"classification": "logistic_regression", "regression": "ridge"}
FOLDS = (3, 10)
MOST_SIZES = 12
MOST_FEATURES = 500
STEPS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384)


@dataclass(frozen=True)
class Plan:
    """`sizes` empty: a few between one feature and all; `own_choice` adds each method's own number."""

    methods: tuple[str, ...] = tuple(METHODS)
    sizes: tuple[int, ...] = ()
    own_choice: bool = True
    folds: int = 5

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "methods": list(self.methods), "sizes": list(self.sizes)}

    def sizes_of(self, n_features: int) -> list[int]:
        """The numbers of features to try, each smaller than all."""
        if self.sizes:
            return sorted({size for size in self.sizes if size < n_features})
        steps = [step for step in STEPS if step < n_features]
        return steps if len(steps) <= 8 else [1, 2, 4, 8, *steps[8::2]][:8]


def parse(data: Mapping[str, Any]) -> Plan:
    """The plan over the defaults, or Invalid that names the field."""
    known = {item.name for item in fields(Plan)}
    unknown = sorted(str(key) for key in set(data) - known)
    if unknown:
        raise Invalid(
            f"A selection has no field '{unknown[0][:100]}'; known: {', '.join(sorted(known))}.",
            field=unknown[0][:100],
        )
    return Plan(
        methods=_methods(data.get("methods")),
        sizes=_sizes(data.get("sizes")),
        own_choice=_switch(data.get("own_choice"), Plan.own_choice),
        folds=_folds(data.get("folds")),
    )


def recipe_of(kind: str, data: Mapping[str, Any]) -> Recipe:
    """The recipe that measures the sets: estimator (plain unless named), params, preparation and seed."""
    if kind not in PLAIN:
        raise Invalid(f"Selection is for {' and '.join(PLAIN)} problems.", field="problem")
    named = data.get("estimator") or PLAIN[kind]
    if named == "dummy":
        raise Invalid("The baseline looks at no feature; choose another estimator.", field="estimator")
    return parse_recipe({**data, "estimator": named}, kind=kind)


def _methods(value: Any) -> tuple[str, ...]:
    if value is None:
        return tuple(METHODS)
    if not isinstance(value, list | tuple) or not value:
        raise Invalid("Choose at least one selection method.", field="methods")
    return tuple(dict.fromkeys(method(str(name)[:100]).name for name in value))


def _sizes(value: Any) -> tuple[int, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise Invalid("'sizes' is a list of whole numbers.", field="sizes")
    for size in value:
        if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= MOST_FEATURES:
            raise Invalid(f"A number of features lies between 1 and {MOST_FEATURES}.", field="sizes")
    if len(set(value)) > MOST_SIZES:
        raise Invalid(f"At most {MOST_SIZES} numbers of features are tried in one study.", field="sizes")
    return tuple(sorted(set(value)))


def _switch(value: Any, default: bool) -> bool:
    if value is None:
        return default
    if not isinstance(value, bool):
        raise Invalid("'own_choice' is true or false.", field="own_choice")
    return value


def _folds(value: Any) -> int:
    low, high = FOLDS
    if value is None:
        return Plan.folds
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Invalid(f"The number of folds lies between {low} and {high}.", field="folds")
    return value
