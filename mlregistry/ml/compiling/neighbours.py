"""Operations on distances: nearest training rows, kernels of support vectors, nearest centres, Gaussian classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlregistry.ml.compiling.forms import Array, Form, Refused, Run, need

MOST_DISTANCES = 4_000_000  # rows × training rows at once
SAME = 1e-12  # of two distances that differ by less it is not told which is the nearer


def gaussian(form: Form, parts: list[Run]) -> Run:
    """The joint log-likelihood of each class under independent bell curves."""
    means, variances = form.floats("means", ndim=2), form.floats("variances", ndim=2)
    start = form.floats("start", ndim=1)
    need(means.shape == variances.shape and len(start) == len(means), form)

    def run(values: Array) -> Array:
        far = [
            np.sum(((values - mean) ** 2) / variance, axis=1)
            for mean, variance in zip(means, variances, strict=True)
        ]
        found: Array = start - 0.5 * np.stack(far, axis=1)
        return found

    return run


def kernel(form: Form, parts: list[Run]) -> Run:
    """The kernel between each row and each support vector."""
    vectors = form.floats("vectors", ndim=2)
    kind, gamma = str(form.options["kernel"]), float(form.options["gamma"])
    degree, shift = float(form.options["degree"]), float(form.options["shift"])
    columns = np.asfortranarray(vectors.T)
    lengths = np.einsum("ij,ij->i", vectors, vectors)

    def run(values: Array) -> Array:
        made: Array = values @ columns
        if kind == "rbf":
            made = np.einsum("ij,ij->i", values, values)[:, None] + lengths - 2 * made
            return np.asarray(np.exp(-gamma * made))
        if kind == "linear":
            return made
        made = gamma * made + shift
        return np.asarray(np.tanh(made) if kind == "sigmoid" else made**degree)

    return run


def _squared(values: Array, others: Array) -> Array:
    """Squared distances by differences, which lose no digits as the product formula does."""
    size = max(1, MOST_DISTANCES // max(1, others.size))
    parts = []
    for start in range(0, len(values), size):
        apart = values[start : start + size, None, :] - others
        parts.append(np.einsum("ijk,ijk->ij", apart, apart))
    return np.concatenate(parts) if len(parts) != 1 else parts[0]


def centres(form: Form, parts: list[Run]) -> Run:
    """The number of the nearest centre."""
    points = form.floats("points", ndim=2)
    return lambda values: _squared(values, points).argmin(axis=1).astype(np.float64)[:, None]


def nearest(form: Form, parts: list[Run]) -> Run:
    """The weighted mean of `answers` (rows × outputs) over the nearest training rows.

    Refused where the last of them is as far as the next one: which of the two counts is not told by the distances.
    """
    points, answers = form.floats("points", ndim=2), form.floats("answers", ndim=2)
    k, power, by_distance = (
        int(form.options["k"]),
        int(form.options["power"]),
        bool(form.options["by_distance"]),
    )
    need(len(points) == len(answers) and 1 <= k <= len(points) and power in (1, 2), form)

    def some(values: Array) -> Array:
        distances = _distances(values, points, power)
        if k < len(points):
            order = np.argpartition(distances, (k - 1, k), axis=1)
            ends = np.take_along_axis(distances, order[:, k - 1 : k + 1], axis=1)
            if not (ends[:, 1] - ends[:, 0] > SAME * (1.0 + ends[:, 1])).all():
                raise Refused
            places = order[:, :k]
        else:
            places = np.broadcast_to(np.arange(k), (len(values), k))
        near = np.take_along_axis(distances, places, axis=1)
        weights = _nearness(near) if by_distance else np.ones_like(near)
        total = (answers[places] * weights[:, :, None]).sum(axis=1)
        found: Array = total / weights.sum(axis=1, keepdims=True)
        return found

    size = max(1, MOST_DISTANCES // points.size)
    return lambda values: np.concatenate([some(values[i : i + size]) for i in range(0, len(values), size)])


def _distances(values: Array, points: Array, power: int) -> Array:
    if power == 2:
        return np.sqrt(_squared(values, points))
    found: Array = np.abs(values[:, None, :] - points).sum(axis=2)
    return found


def _nearness(distances: Array) -> Array:
    """One over the distance; rows at no distance count alone."""
    with np.errstate(divide="ignore"):
        weights = 1.0 / distances
    here = np.isinf(weights)
    return np.where(here.any(axis=1, keepdims=True), here.astype(np.float64), weights)


OPS: dict[str, Any] = {"nearest": nearest, "gaussian": gaussian, "kernel": kernel, "centres": centres}
