"""From a fitted estimator or transformer of numbers to its form, by the name of its class.

`tracing` calls it for every step, the conversion table for every class of scikit-learn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mlregistry.ml.compiling.forms import Form, Unsupported

PROBABILITIES, DECISION, VALUES, TRANSFORM = "probabilities", "decision", "values", "transform"
LABELS = "labels"
Converter = Callable[[Any, str], Form]
CONVERTERS: dict[str, Converter] = {}
OWN = ("sklearn.", "mlregistry.", "lightgbm.")


def convert(estimator: Any, wish: str) -> Form:
    """The form of `predict_proba`, `decision_function` (columns), `predict` of a regressor, or `transform`.

    Unsupported says why there is none.
    """
    found = type(estimator)
    converter = CONVERTERS.get(found.__name__)
    if converter is None or not found.__module__.startswith(OWN):
        raise Unsupported(f"{found.__name__} has no compiled form")
    return converter(estimator, wish)


def register(table: Mapping[str, Converter]) -> None:
    CONVERTERS.update(table)


def chain(*forms: Form) -> Form:
    """One after another; chains within are opened."""
    flat = [part for form in forms for part in (form.parts if form.op == "chain" else (form,))]
    kept = [form for form in flat if form.op != "same"] or [Form("same")]
    return kept[0] if len(kept) == 1 else Form("chain", parts=tuple(kept))


def guarded(form: Form, *, allows: str = "finite") -> Form:
    """Behind the check of its input that scikit-learn makes: finite, or bounded (NaN passes)."""
    return chain(Form("guard", {"allows": allows}), form)


def link(name: str) -> Form:
    return Form("link", {"link": name})


def rescaled(estimator: Any) -> Form:
    """From a target of unit size back to its own."""
    return Form(
        "shift_scale",
        arrays={"times": np.array([float(estimator.scale_)]), "plus": np.array([float(estimator.center_)])},
    )


def only(wish: str, *wanted: str) -> None:
    if wish not in wanted:
        raise Unsupported(f"it gives no {wish}")
