"""Converters of what compares a row with rows or points of training: kernels, neighbours, centres."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlregistry.ml.compiling.convert_linear import affine
from mlregistry.ml.compiling.converting import (
    DECISION,
    LABELS,
    PROBABILITIES,
    VALUES,
    Converter,
    chain,
    guarded,
    only,
)
from mlregistry.ml.compiling.forms import Form, Unsupported


def support_vectors(estimator: Any, wish: str) -> Form:
    """Kernels with the support vectors, weighted."""
    is_classifier = hasattr(estimator, "classes_")
    only(wish, DECISION if is_classifier else VALUES)
    if callable(estimator.kernel) or estimator.kernel == "precomputed":
        raise Unsupported("a kernel of one's own has no compiled form")
    options = {
        "kernel": estimator.kernel, "gamma": float(estimator._gamma), "degree": float(estimator.degree),
        "shift": float(estimator.coef0),
    }  # fmt: skip
    vectors = np.asarray(estimator.support_vectors_, dtype=np.float64)
    kernels = Form("kernel", options, {"vectors": vectors})
    if not is_classifier or len(estimator.classes_) == 2:
        return guarded(chain(kernels, affine(estimator.dual_coef_, estimator.intercept_)))
    if estimator.decision_function_shape != "ovr":
        raise Unsupported("scores of pairs have no compiled form")
    pairs = affine(_pair_weights(estimator), estimator.intercept_)
    return guarded(chain(kernels, pairs, Form("one_against_one", {"n_classes": len(estimator.classes_)})))


def _pair_weights(estimator: Any) -> Any:
    """Pairs of classes × support vectors: a vector counts in the pairs of its own class only."""
    ends = np.concatenate([[0], np.cumsum(estimator.n_support_)])
    rows = []
    for i in range(len(estimator.classes_)):
        for j in range(i + 1, len(estimator.classes_)):
            row = np.zeros(int(ends[-1]))
            row[ends[i] : ends[i + 1]] = estimator.dual_coef_[j - 1, ends[i] : ends[i + 1]]
            row[ends[j] : ends[j + 1]] = estimator.dual_coef_[i, ends[j] : ends[j + 1]]
            rows.append(row)
    return np.array(rows)


def neighbours(estimator: Any, wish: str) -> Form:
    """The training rows themselves, with their targets or classes."""
    is_classifier = hasattr(estimator, "classes_")
    only(wish, PROBABILITIES if is_classifier else VALUES)
    power = {"euclidean": 2, "manhattan": 1}.get(estimator.effective_metric_)
    if power is None or estimator.weights not in ("uniform", "distance"):
        raise Unsupported("other distances or weights have no compiled form")
    if is_classifier and estimator.outputs_2d_:
        raise Unsupported("several targets at once have no compiled form")
    target = np.asarray(estimator._y)
    answers = np.eye(len(estimator.classes_))[target] if is_classifier else target.reshape(len(target), -1)
    arrays = {
        "points": np.asarray(estimator._fit_X, dtype=np.float64), "answers": answers.astype(np.float64),
    }  # fmt: skip
    options = {
        "k": int(estimator.n_neighbors),
        "power": power,
        "by_distance": estimator.weights == "distance",
    }
    return guarded(Form("nearest", options, arrays))


def kernel_ridge(estimator: Any, wish: str) -> Form:
    """Kernels with the training rows, weighted."""
    only(wish, VALUES)
    kind = {"polynomial": "poly", "poly": "poly", "linear": "linear", "rbf": "rbf", "sigmoid": "sigmoid"}.get(
        estimator.kernel if isinstance(estimator.kernel, str) else ""
    )
    if kind is None:
        raise Unsupported("this kernel has no compiled form")
    vectors = np.asarray(estimator.X_fit_, dtype=np.float64)
    gamma = 1.0 / vectors.shape[1] if estimator.gamma is None else float(estimator.gamma)
    options = {
        "kernel": kind,
        "gamma": gamma,
        "degree": float(estimator.degree),
        "shift": float(estimator.coef0),
    }
    weights = np.atleast_2d(np.asarray(estimator.dual_coef_, dtype=np.float64).T)
    return guarded(chain(Form("kernel", options, {"vectors": vectors}), affine(weights, 0.0)))


def means(estimator: Any, wish: str) -> Form:
    """The nearest centre's number."""
    only(wish, LABELS)
    model = getattr(estimator, "model_", estimator)
    return guarded(Form("centres", arrays={"points": np.asarray(model.cluster_centers_, dtype=np.float64)}))


TABLE: dict[str, Converter] = {
    **dict.fromkeys(("SVC", "NuSVC", "SVR", "NuSVR"), support_vectors),
    **dict.fromkeys(("KNeighborsClassifier", "KNeighborsRegressor"), neighbours),
    **dict.fromkeys(("Means", "KMeans", "MiniBatchKMeans", "BisectingKMeans"), means),
    "KernelRidge": kernel_ridge,
}
