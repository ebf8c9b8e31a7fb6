"""What a model says of itself: class, steps, columns, classes, categories, the libraries it was written with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.ml.signature import plain

MOST_STEPS = 50


def checked_model(found: Any) -> Any:
    """Invalid for what is no model that predicts."""
    if isinstance(found, type) or not callable(getattr(found, "predict", None)):
        kind = found.__name__ if isinstance(found, type) else type(found).__name__
        raise Invalid(f"The file does not hold a model that predicts: it holds “{kind[:100]}”.", field="file")
    return found


def name_of(model: Any) -> str:
    return f"{type(model).__module__}.{type(model).__qualname__}"[:300]


def steps_of(model: Any) -> list[str]:
    """The classes of a pipeline's steps in order, or of the model alone."""
    steps = getattr(model, "steps", None)
    found = [step for _, step in steps] if isinstance(steps, list) else [model]
    return [step if isinstance(step, str) else type(step).__name__ for step in found[:MOST_STEPS]]


def last_of(model: Any) -> Any:
    steps = getattr(model, "steps", None)
    return steps[-1][1] if isinstance(steps, list) and steps else model


def feature_names(model: Any) -> list[str]:
    """Those it was fitted on, in order; empty for one that was fitted on a matrix."""
    names = getattr(model, "feature_names_in_", None)
    return [] if names is None else [str(name) for name in names]


def n_features(model: Any) -> int | None:
    found = getattr(model, "n_features_in_", None)
    return None if found is None else int(found)


def classes_of(model: Any) -> list[Any]:
    """In the order of the probabilities; empty for a model that gives numbers. Invalid for labels alone."""
    found = getattr(model, "classes_", None)
    if found is None:
        return []
    if getattr(found, "ndim", 1) != 1 or isinstance(found, list):
        raise Invalid(
            "The model answers several targets at once; models of one target are served.", field="file"
        )
    if not hasattr(model, "predict_proba"):
        raise Invalid(
            "The classifier gives no probabilities (predict_proba); wrap it in CalibratedClassifierCV.",
            field="file",
        )
    return [plain(value) for value in found]


def is_clusterer(model: Any) -> bool:
    return getattr(last_of(model), "_estimator_type", "") == "clusterer" or hasattr(
        last_of(model), "cluster_centers_"
    )


def categories(model: Any) -> dict[str, Sequence[Any]]:
    """Known categories by input column, from the encoders of a pipeline."""
    found: dict[str, Sequence[Any]] = {}
    names = feature_names(model)
    first = model.steps[0][1] if isinstance(getattr(model, "steps", None), list) and model.steps else model
    for _, step, columns in getattr(first, "transformers_", ()):
        encoder = last_of(step)
        known = getattr(encoder, "categories_", None)
        chosen = _named(columns, names)
        if known is not None and len(known) == len(chosen):
            found.update({name: list(map(plain, one)) for name, one in zip(chosen, known, strict=True)})
    texts = {
        name: values for name, values in found.items() if any(isinstance(value, str) for value in values)
    }
    return texts


def _named(columns: Any, names: list[str]) -> list[str]:
    if not isinstance(columns, list | tuple):
        return []
    return [
        one if isinstance(one, str) else names[one]
        for one in columns
        if isinstance(one, str) or one < len(names)
    ]
