"""A compiled model ready to answer rows as the native one does. The prediction path and the parity gate call it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from mlregistry.errors import Invalid
from mlregistry.ml.compiling import cells
from mlregistry.ml.compiling.building import build
from mlregistry.ml.compiling.forms import Array, Form, Refused, need
from mlregistry.ml.signature import Signature

Answer = dict[str, Any]


class CompiledModel:
    """Raises Refused for rows that only the native model answers, Invalid for those that no model takes."""

    def __init__(self, form: Form, signature: Signature) -> None:
        need(form.op == "model" and len(form.parts) == 2, form)
        self.form = form
        self.signature = signature
        self._read = cells.reader(signature)
        self._plan, self.head = build(form.parts[0]), build(form.parts[1])
        self._tell = TELLERS[str(form.options["answers"])](form.options)

    def score(self, rows: Sequence[Mapping[str, Any]]) -> Answer:
        """What `packaging.predict` says of these rows."""
        try:
            with np.errstate(all="ignore"):
                return self._tell(self.head(self._plan(self._read(rows))))
        except (Refused, Invalid):
            raise
        except Exception as error:  # whatever the arrays do with odd input, the native model decides
            raise Refused from error

    def features(self, rows: Sequence[Mapping[str, Any]]) -> Array:
        """The matrix that the estimator would take."""
        found: Array = self._plan(self._read(rows))
        return found


def _finite(found: Array) -> Array:
    if not math.isfinite(np.add.reduce(found, axis=None)):
        raise Refused
    return found


def _probabilities(options: Mapping[str, Any]) -> Callable[[Array], Answer]:
    classes = list(options["classes"])
    threshold = options.get("threshold") if len(classes) == 2 else None

    def tell(found: Array) -> Answer:
        if found.shape[1] != len(classes):
            raise Refused
        if len(found) == 1 and threshold is None:  # for one row the calls of NumPy are what costs
            row = found[0].tolist()
            if not math.isfinite(sum(row)):
                raise Refused
            chosen = [classes[row.index(max(row))]]
            return {"predictions": chosen, "classes": list(classes), "probabilities": [row]}
        places = _finite(found).argmax(axis=1) if threshold is None else found[:, 1] >= threshold
        chosen = [classes[place] for place in places.tolist()]
        return {"predictions": chosen, "classes": list(classes), "probabilities": found.tolist()}

    return tell


def _values(options: Mapping[str, Any]) -> Callable[[Array], Answer]:
    def tell(found: Array) -> Answer:
        if found.shape[1] != 1:
            raise Refused
        return {"predictions": _finite(found)[:, 0].tolist()}

    return tell


def _quantiles(options: Mapping[str, Any]) -> Callable[[Array], Answer]:
    names = [str(name) for name in options["levels"]]

    def tell(found: Array) -> Answer:
        if found.shape[1] != len(names):
            raise Refused
        medians = _finite(found)[:, len(names) // 2].tolist()
        return {
            "predictions": medians,
            "quantiles": [dict(zip(names, row, strict=True)) for row in found.tolist()],
        }

    return tell


def _clusters(options: Mapping[str, Any]) -> Callable[[Array], Answer]:
    return lambda found: {"predictions": [int(value) for value in _finite(found)[:, 0].tolist()]}


TELLERS: dict[str, Callable[[Mapping[str, Any]], Callable[[Array], Answer]]] = {
    "probabilities": _probabilities, "values": _values, "quantiles": _quantiles, "clusters": _clusters,
}  # fmt: skip
