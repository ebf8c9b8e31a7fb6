"""Forms made of forms: one after another, side by side, averaged, and the links from scores to probabilities."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
from scipy.special import expit

from mlregistry.ml.compiling.forms import GUARDS, Array, Form, Run, need

TINY = 1e-5


def chain(form: Form, parts: list[Run]) -> Run:
    """Each part works on what the one before gave."""
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 2:
        first, second = parts
        return lambda values: second(first(values))
    return lambda values: reduce(lambda value, part: part(value), parts, values)


def guard(form: Form, parts: list[Run]) -> Run:
    """The values as they are; Refused for those that the native estimator refuses."""
    check = GUARDS[form.options["allows"]]

    def run(values: Array) -> Array:
        check(values)
        return values

    return run


def same(form: Form, parts: list[Run]) -> Run:
    return lambda values: values


def side_by_side(form: Form, parts: list[Run]) -> Run:
    """What the parts make of the same values, as columns."""
    return lambda values: np.concatenate([part(values) for part in parts], axis=1)


def mean(form: Form, parts: list[Run]) -> Run:
    """The weighted mean of the parts, added up in their order."""
    weights = form.floats("weights", ndim=1)
    need(len(weights) == len(parts) > 0, form)
    total = float(weights.sum())

    def run(values: Array) -> Array:
        found = [part(values) * weight for part, weight in zip(parts, weights.tolist(), strict=True)]
        added: Array = reduce(np.add, found) / total
        return added

    return run


def weighted_sum(form: Form, parts: list[Run]) -> Run:
    """The parts times their weights, added up in their order."""
    weights = form.floats("weights", ndim=1)
    need(len(weights) == len(parts) > 0, form)
    weighed = list(zip(parts, weights.tolist(), strict=True))

    def run(values: Array) -> Array:
        added: Array = reduce(np.add, [weight * part(values) for part, weight in weighed])
        return added

    return run


def constant(form: Form, parts: list[Run]) -> Run:
    """The same row whatever the values are."""
    row = form.floats("row", ndim=1)
    return lambda values: np.repeat(row[None, :], len(values), axis=0)


def affine(form: Form, parts: list[Run]) -> Run:
    """values × weights + intercept; weights are columns × outputs."""
    weights, intercept = form.floats("weights", ndim=2), form.floats("intercept", ndim=1)
    need(weights.shape[1] == len(intercept), form)
    columns = np.asfortranarray(weights)
    return lambda values: values @ columns + intercept


def link(form: Form, parts: list[Run]) -> Run:
    function: Run = LINKS[form.options["link"]]
    return function


def _two(second: Array) -> Array:
    return np.concatenate([1 - second, second], axis=1)


def _softmax(scores: Array) -> Array:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: Array = raised / raised.sum(axis=1, keepdims=True)
    return found


def _from_logs(scores: Array) -> Array:
    """Joint log-likelihoods, normalised."""
    most = scores.max(axis=1, keepdims=True)
    total = np.log(np.exp(scores - most).sum(axis=1, keepdims=True)) + most
    found: Array = np.exp(scores - total)
    return found


def _shares(values: Array) -> Array:
    """Each row divided by its sum; even shares where all are 0."""
    total = values.sum(axis=1, keepdims=True)
    even = np.full_like(values, 1 / values.shape[1])
    found: Array = np.divide(values, total, out=even, where=total != 0)
    return found


def _even_shares(values: Array) -> Array:
    """As `_shares`, where nothing is 0 but a whole row, as one-vs-rest probabilities are."""
    return _shares(np.where(values.sum(axis=1, keepdims=True) == 0, 1.0, values))


def _below_one(values: Array) -> Array:
    return np.where((values > 1.0) & (values <= 1.0 + TINY), 1.0, values)


def _huber_shares(scores: Array) -> Array:
    """The probabilities of the modified Huber loss (Zhang 2004)."""
    bounded = (np.clip(scores, -1, 1) + 1) / 2
    return _two(bounded) if scores.shape[1] == 1 else _even_shares(bounded)


def _mirrored(scores: Array) -> Array:
    return np.concatenate([-scores, scores], axis=1)


def _relu(values: Array) -> Array:
    return np.maximum(values, 0)


LINKS: dict[str, Callable[[Array], Array]] = {
    "sigmoid": expit,
    "two": _two,
    "two_sigmoid": lambda scores: _two(expit(scores)),
    "each_sigmoid": lambda scores: _even_shares(expit(scores)),
    "softmax": _softmax,
    "from_logs": _from_logs,
    "shares": _shares,
    "even_shares": _even_shares,
    "below_one": _below_one,
    "huber": _huber_shares,
    "mirrored": _mirrored,
    "exp": np.exp,
    "tanh": np.tanh,
    "relu": _relu,
    "two_steep_sigmoid": lambda scores: _two(expit(2 * scores)),
    "cos": np.cos,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "sqrt": np.sqrt,
    "log": np.log,
    "abs": np.abs,
    "square_sum": lambda values: (values**2).sum(axis=1, keepdims=True),
    "shares_or_none": lambda values: (
        values / np.where(values.sum(axis=1, keepdims=True) == 0, 1.0, values.sum(axis=1, keepdims=True))
    ),
    "sorted": lambda values: np.sort(values, axis=1),
}


def pairs(form: Form, parts: list[Run]) -> Run:
    """Part i on column i alone, side by side."""

    def run(values: Array) -> Array:
        return np.concatenate([part(values[:, i : i + 1]) for i, part in enumerate(parts)], axis=1)

    return run


OPS: dict[str, Any] = {
    "chain": chain, "guard": guard, "same": same, "side_by_side": side_by_side, "mean": mean,
    "weighted_sum": weighted_sum, "constant": constant,
    "affine": affine, "link": link, "pairs": pairs,
}  # fmt: skip
