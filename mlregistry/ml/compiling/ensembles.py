"""Operations of ensembles that are no plain sums: votes of AdaBoost, weighted medians, depths of isolation, choices."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlregistry.ml.compiling.forms import Array, Form, Run, need


def votes(form: Form, parts: list[Run]) -> Run:
    """AdaBoost's decision (SAMME; Zhu and others 2009) from the class number that each member chose."""
    weights, n_classes = form.floats("weights", ndim=1), int(form.options["n_classes"])
    need(n_classes >= 2 and len(parts) == 1, form)
    classes = np.arange(n_classes)
    gains, losses = weights[:, None, None], -1 / (n_classes - 1) * weights[:, None, None]

    def run(values: Array) -> Array:
        chosen = parts[0](values).T[:, :, None]
        found: Array = np.add.reduce(np.where(chosen == classes, gains, losses), axis=0) / weights.sum()
        if n_classes > 2:
            return found
        return (found[:, 1] - found[:, 0])[:, None]

    return run


def over(form: Form, parts: list[Run]) -> Run:
    """Divided by a number."""
    by = float(form.options["by"])
    need(by != 0, form)
    return lambda values: values / by


def weighted_median(form: Form, parts: list[Run]) -> Run:
    weights = form.floats("weights", ndim=1)

    def run(values: Array) -> Array:
        order = np.argsort(values, axis=1)
        summed = np.cumsum(weights[order], axis=1)
        middle = (summed >= 0.5 * summed[:, -1:]).argmax(axis=1)
        rows = np.arange(len(values))
        found: Array = values[rows, order[rows, middle]][:, None]
        return found

    return run


def isolation(form: Form, parts: list[Run]) -> Run:
    """The anomaly score of Liu, Ting and Zhou (2008), turned so that larger is more usual."""
    denominator, offset = float(form.options["denominator"]), float(form.options["offset"])

    def run(depths: Array) -> Array:
        total = np.add.accumulate(depths, axis=1)[:, -1:]
        share = total / denominator if denominator else np.ones_like(total)
        found: Array = -(2.0**-share) - offset
        return found

    return run


def one_against_one(form: Form, parts: list[Run]) -> Run:
    """Scores of classes from those of each pair of them, as the support vectors of several classes tell."""
    n_classes = int(form.options["n_classes"])
    pairs = [(i, j) for i in range(n_classes) for j in range(i + 1, n_classes)]

    def run(values: Array) -> Array:
        need(values.shape[1] == len(pairs), form)
        votes, confidence = np.zeros((len(values), n_classes)), np.zeros((len(values), n_classes))
        for place, (i, j) in enumerate(pairs):
            second = values[:, place] < 0
            confidence[:, i] += values[:, place]
            confidence[:, j] -= values[:, place]
            votes[:, i] += ~second
            votes[:, j] += second
        found: Array = votes + confidence / (3 * (np.abs(confidence) + 1))
        return found

    return run


OPS: dict[str, Any] = {
    "votes": votes, "over": over, "weighted_median": weighted_median, "isolation": isolation,
    "one_against_one": one_against_one,
}  # fmt: skip
