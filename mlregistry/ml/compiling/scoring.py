"""A compiled model ready to answer rows as the native one does. The prediction path and the parity gate call it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from mlregistry.errors import Invalid
from mlregistry.ml.compiling import cells, one_row, weighed_rows
from mlregistry.ml.compiling.building import build
from mlregistry.ml.compiling.forms import Array, Form, Refused, Run, need
from mlregistry.ml.plain_rows import PlainRows
from mlregistry.ml.signature import Signature

Answer = dict[str, Any]


class CompiledModel:
    """Raises Refused for rows that only the native model answers, Invalid for those that no model takes."""

    def __init__(self, form: Form, signature: Signature) -> None:
        need(form.op == "model" and len(form.parts) == 2, form)
        self.form = form
        self.signature = signature
        self._read = cells.reader(signature)
        built: dict[int, Run] = {}
        self._plan, self.head = build(form.parts[0], built), build(form.parts[1], built)
        self._tell = TELLERS[str(form.options["answers"])](form.options)
        self._pick = cells.picker(signature)
        self._score_one = self._for_one(built)

    def _for_one(self, built: Mapping[int, Run]) -> Callable[[cells.Cells], Answer] | None:
        """The same for a single row, without arrays as far as its operations allow; None where they do not."""
        names = cells.names_by_kind(self.signature)
        plan, head = (one_row.step_of(part, built) for part in self.form.parts)
        tell = ROW_TELLERS.get(str(self.form.options["answers"]))
        if plan is None or tell is None or names["times"]:
            return None
        first_text, say, take = len(names["numbers"]), tell(self.form.options), head or self._head_of_one
        if not names["texts"]:
            weighed = weighed_rows.step_of(self.form.parts)
            if weighed is not None:
                return lambda row: say(weighed(row))
            return lambda row: say(take(plan((one_row.floats(row), []))))
        return lambda row: say(take(plan((one_row.floats(row[:first_text]), list(row[first_text:])))))

    def _head_of_one(self, values: list[float]) -> list[float]:
        with np.errstate(all="ignore"):
            found: list[float] = self.head(np.array([values], dtype=np.float64))[0].tolist()
        return found

    def score(self, rows: Sequence[Mapping[str, Any]]) -> Answer:
        """What `packaging.predict` says of these rows."""
        try:
            n_rows = len(rows.cells) if type(rows) is PlainRows else len(rows)
            if n_rows == 1 and self._score_one is not None:
                picked = self._pick(rows)
                if picked is not None and (isinstance(rows, PlainRows) or not cells.has_odd(picked[0])):
                    return self._score_one(picked[0])
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


def _row_probabilities(options: Mapping[str, Any]) -> Callable[[list[float]], Answer]:
    classes = list(options["classes"])
    threshold = options.get("threshold") if len(classes) == 2 else None

    def tell(row: list[float]) -> Answer:
        if len(row) != len(classes) or not math.isfinite(sum(row)):
            raise Refused
        place = row.index(max(row)) if threshold is None else int(row[1] >= threshold)
        return {"predictions": [classes[place]], "classes": list(classes), "probabilities": [row]}

    return tell


def _row_value(options: Mapping[str, Any]) -> Callable[[list[float]], Answer]:
    def tell(row: list[float]) -> Answer:
        if len(row) != 1 or not math.isfinite(row[0]):
            raise Refused
        return {"predictions": row}

    return tell


ROW_TELLERS: dict[str, Callable[[Mapping[str, Any]], Callable[[list[float]], Answer]]] = {
    "probabilities": _row_probabilities, "values": _row_value,
}  # fmt: skip
TELLERS: dict[str, Callable[[Mapping[str, Any]], Callable[[Array], Answer]]] = {
    "probabilities": _probabilities, "values": _values, "quantiles": _quantiles, "clusters": _clusters,
}  # fmt: skip
