"""Operations on distances: nearest training rows, kernels of support vectors, nearest centres, Gaussian classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlregistry.ml.compiling.forms import Array, Form, Run, need

MOST_DISTANCES = 4_000_000  # rows × training rows at once


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
        dots = values @ columns
        if kind == "rbf":
            apart = np.einsum("ij,ij->i", values, values)[:, None] + lengths - 2 * dots
            return np.exp(-gamma * apart)
        if kind == "linear":
            return dots
        dots = gamma * dots + shift
        made: Array = np.tanh(dots) if kind == "sigmoid" else dots**degree
        return made

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


OPS: dict[str, Any] = {"gaussian": gaussian, "kernel": kernel, "centres": centres}
