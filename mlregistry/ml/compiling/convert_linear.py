"""Converters of models that are weighted sums: linear, generalised linear, discriminants, Bayes, networks."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from mlregistry.ml.compiling.converting import (
    DECISION,
    PROBABILITIES,
    TRANSFORM,
    VALUES,
    Converter,
    chain,
    guarded,
    link,
    only,
)
from mlregistry.ml.compiling.forms import Array, Form, Unsupported


def affine(weights: Any, intercept: Any) -> Form:
    """`weights` are outputs × columns, as in `coef_`."""
    dense = weights.toarray() if hasattr(weights, "toarray") else weights
    matrix = np.atleast_2d(np.asarray(dense, dtype=np.float64)).T
    shift = np.broadcast_to(np.asarray(intercept, dtype=np.float64).ravel(), (matrix.shape[1],))
    return Form("affine", arrays={"weights": np.ascontiguousarray(matrix), "intercept": shift.copy()})


def regressor(estimator: Any, wish: str) -> Form:
    only(wish, VALUES)
    return guarded(affine(estimator.coef_, estimator.intercept_))


def logarithmic(estimator: Any, wish: str) -> Form:
    """Generalised linear models: exp of the sum, or the sum itself."""
    only(wish, VALUES)
    name = type(estimator._base_loss.link).__name__
    if name not in ("LogLink", "IdentityLink"):
        raise Unsupported(f"its link {name} has no compiled form")
    sums = guarded(affine(estimator.coef_, estimator.intercept_))
    return chain(sums, link("exp")) if name == "LogLink" else sums


def classifier(estimator: Any, wish: str, *, binary: str = "", several: str = "") -> Form:
    """Scores, or through the links of two and of several classes."""
    scores = guarded(affine(estimator.coef_, estimator.intercept_))
    if wish == DECISION:
        return scores
    only(wish, PROBABILITIES)
    name = binary if len(estimator.classes_) == 2 else several
    if not name:
        raise Unsupported("it gives no probabilities")
    return chain(scores, link(name))


def stochastic(estimator: Any, wish: str) -> Form:
    if estimator.loss == "log_loss":
        return classifier(estimator, wish, binary="two_sigmoid", several="each_sigmoid")
    if estimator.loss == "modified_huber":
        return classifier(estimator, wish, binary="huber", several="huber")
    return classifier(estimator, wish)


def logistic(estimator: Any, wish: str) -> Form:
    if getattr(estimator, "multi_class", "deprecated") == "ovr":
        return classifier(estimator, wish, binary="two_sigmoid", several="each_sigmoid")
    return classifier(estimator, wish, binary="two_sigmoid", several="softmax")


def linear_discriminant(estimator: Any, wish: str) -> Form:
    if wish == TRANSFORM:
        if estimator.solver == "lsqr":
            raise Unsupported("the solver lsqr has no transform")
        weights = estimator.scalings_[:, : estimator._max_components].T
        middle = estimator.xbar_ if estimator.solver == "svd" else np.zeros(weights.shape[1])
        moved = Form("shift_scale", arrays={"minus": np.asarray(middle, dtype=np.float64)})
        return guarded(chain(moved, affine(weights, 0.0)))
    return classifier(estimator, wish, binary="two_sigmoid", several="softmax")


def quadratic_discriminant(estimator: Any, wish: str) -> Form:
    """Per class the squared length of the whitened row, turned into a log-likelihood."""
    parts = []
    for middle, rotation, scaling in zip(
        estimator.means_, estimator.rotations_, estimator.scalings_, strict=True
    ):
        moved = Form("shift_scale", arrays={"minus": _floats(middle)})
        parts.append(chain(moved, affine((rotation * scaling**-0.5).T, 0.0), link("square_sum")))
    spread = np.array([np.sum(np.log(scaling)) for scaling in estimator.scalings_])
    n = len(parts)
    likelihood = Form(
        "shift_scale", arrays={"times": np.full(n, -0.5), "plus": -0.5 * spread + np.log(estimator.priors_)}
    )
    scores = guarded(chain(Form("side_by_side", parts=tuple(parts)), likelihood))
    only(wish, PROBABILITIES)
    return chain(scores, link("softmax"))


def gaussian_bayes(estimator: Any, wish: str) -> Form:
    only(wish, PROBABILITIES)
    start = np.log(estimator.class_prior_) - 0.5 * np.sum(np.log(2.0 * np.pi * estimator.var_), axis=1)
    arrays = {"means": estimator.theta_, "variances": estimator.var_, "start": start}
    return chain(guarded(Form("gaussian", arrays=arrays)), link("from_logs"))


def counted_bayes(estimator: Any, wish: str) -> Form:
    """Multinomial naive Bayes: the log-likelihood is a weighted sum."""
    only(wish, PROBABILITIES)
    return chain(guarded(affine(estimator.feature_log_prob_, estimator.class_log_prior_)), link("from_logs"))


def complement_bayes(estimator: Any, wish: str) -> Form:
    only(wish, PROBABILITIES)
    prior = estimator.class_log_prior_ if len(estimator.classes_) == 1 else 0.0
    return chain(guarded(affine(estimator.feature_log_prob_, prior)), link("from_logs"))


def bernoulli_bayes(estimator: Any, wish: str) -> Form:
    only(wish, PROBABILITIES)
    absent = np.log(1 - np.exp(estimator.feature_log_prob_))
    sums = affine(estimator.feature_log_prob_ - absent, estimator.class_log_prior_ + absent.sum(axis=1))
    binary = (
        Form("same")
        if estimator.binarize is None
        else Form("binarise", {"threshold": float(estimator.binarize)})
    )
    return chain(guarded(chain(binary, sums)), link("from_logs"))


def network(estimator: Any, wish: str) -> Form:
    """Layers of weighted sums; its output layer's link gives probabilities."""
    only(wish, PROBABILITIES if hasattr(estimator, "classes_") else VALUES)
    layers: list[Form] = []
    for weights, intercept in zip(estimator.coefs_, estimator.intercepts_, strict=True):
        layers += [affine(weights.T, intercept), ACTIVATIONS[estimator.activation]]
    last = {"identity": "", "logistic": "two_sigmoid", "softmax": "softmax"}[estimator.out_activation_]
    if wish == PROBABILITIES and last == "two_sigmoid" and estimator.n_outputs_ > 1:
        raise Unsupported("several labels at once have no compiled form")
    return guarded(chain(*layers[:-1], link(last) if last else Form("same")))


ACTIVATIONS = {
    "identity": Form("same"), "logistic": link("sigmoid"), "tanh": link("tanh"), "relu": link("relu"),
}  # fmt: skip


def ridge_scores(estimator: Any, wish: str) -> Form:
    return classifier(estimator, wish)


def regularised(estimator: Any, wish: str) -> Form:
    """Partial least squares: the columns are centred first."""
    only(wish, VALUES)
    moved = Form("shift_scale", arrays={"minus": np.asarray(estimator._x_mean, dtype=np.float64)})
    return guarded(chain(moved, affine(estimator.coef_, estimator.intercept_)))


def projection(estimator: Any, wish: str) -> Form:
    """Principal components and kin: a weighted sum of the centred columns."""
    only(wish, TRANSFORM)
    given = estimator.components_
    weights = _floats(given.toarray() if hasattr(given, "toarray") else given)
    middle = getattr(estimator, "mean_", None)
    moved = weights @ middle if middle is not None else np.zeros(len(weights))
    projected = affine(weights, -moved)
    if not getattr(estimator, "whiten", False) or not hasattr(estimator, "explained_variance_"):
        return guarded(projected)
    scale = np.sqrt(estimator.explained_variance_)
    least = np.finfo(scale.dtype).eps
    return guarded(
        chain(projected, Form("shift_scale", arrays={"over": np.where(scale < least, least, scale)}))
    )


def factors(estimator: Any, wish: str) -> Form:
    """Factor analysis: the posterior mean of the factors."""
    only(wish, TRANSFORM)
    weighted = estimator.components_ / estimator.noise_variance_
    inverse = np.linalg.inv(np.eye(len(estimator.components_)) + weighted @ estimator.components_.T)
    moved = Form("shift_scale", arrays={"minus": estimator.mean_})
    return guarded(chain(moved, affine(inverse @ weighted, 0.0)))


def random_features(estimator: Any, wish: str) -> Form:
    """Random cosines that stand for a kernel (Rahimi and Recht 2007)."""
    only(wish, TRANSFORM)
    size = np.full(len(estimator.random_offset_), np.sqrt(2.0) / np.sqrt(estimator.n_components))
    sums = affine(estimator.random_weights_.T, estimator.random_offset_)
    return guarded(chain(sums, link("cos"), Form("shift_scale", arrays={"times": size})))


def own_components(estimator: Any, wish: str) -> Form:
    """Those of a selection by components: the columns are standardised first."""
    only(wish, TRANSFORM)
    arrays = {"minus": _floats(estimator.mean_), "over": _floats(estimator.scale_)}
    return guarded(chain(Form("shift_scale", arrays=arrays), affine(estimator.components_, 0.0)))


def _floats(values: Any) -> Array:
    return np.asarray(values, dtype=np.float64)


REGRESSORS = (
    "LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "LassoLars", "LassoLarsCV", "LassoLarsIC", "Lars",
    "LarsCV", "ElasticNet", "ElasticNetCV", "MultiTaskLasso", "MultiTaskLassoCV", "MultiTaskElasticNet",
    "MultiTaskElasticNetCV", "BayesianRidge", "ARDRegression", "HuberRegressor", "SGDRegressor", "TheilSenRegressor",
    "PassiveAggressiveRegressor", "OrthogonalMatchingPursuit", "OrthogonalMatchingPursuitCV", "QuantileRegressor",
    "LinearSVR",
)  # fmt: skip
TABLE: dict[str, Converter] = {
    **dict.fromkeys(REGRESSORS, regressor),
    **dict.fromkeys(("PoissonRegressor", "GammaRegressor", "TweedieRegressor"), logarithmic),
    **dict.fromkeys(("LogisticRegression", "LogisticRegressionCV"), logistic),
    **dict.fromkeys(("RidgeClassifier", "RidgeClassifierCV", "LinearSVC", "Perceptron"), ridge_scores),
    **dict.fromkeys(
        ("PCA", "IncrementalPCA", "TruncatedSVD", "FastICA", "GaussianRandomProjection"), projection
    ),
    **dict.fromkeys(("SparseRandomProjection",), projection),
    **dict.fromkeys(("PLSRegression", "PLSCanonical", "CCA"), regularised),
    **dict.fromkeys(("MLPClassifier", "MLPRegressor"), network),
    "PassiveAggressiveClassifier": partial(classifier),
    "SGDClassifier": stochastic,
    "LinearDiscriminantAnalysis": linear_discriminant,
    "QuadraticDiscriminantAnalysis": quadratic_discriminant,
    "GaussianNB": gaussian_bayes,
    "MultinomialNB": counted_bayes,
    "ComplementNB": complement_bayes,
    "BernoulliNB": bernoulli_bayes,
    "FactorAnalysis": factors,
    "RBFSampler": random_features,
    "Components": own_components,
}
