"""The catalogue of estimators per kind of problem, one table row each, with where a search looks.

Recipes choose from it, pipelines make them; packages add rows by entry points (estimator_plugins).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily
from mlregistry.ml import estimator_factories as factories
from mlregistry.ml import estimator_plugins as plugins
from mlregistry.ml.boosting import estimators as boosters
from mlregistry.ml.boosting import packages
from mlregistry.ml.clustering.estimators import CLUSTERING
from mlregistry.ml.ensembling import members as ensembles
from mlregistry.ml.estimator_entry import Entry, Param, check_params, choice, entry, number, whole
from mlregistry.ml.estimator_params import (
    BALANCE,
    BOOSTING,
    FOREST,
    FOREST_REGRESSION,
    HISTOGRAM,
    NEIGHBOURS,
    NETWORK,
    QUANTILES,
    TREE,
)  # fmt: skip
from mlregistry.ml.recommendation.estimators import RECOMMENDATION

if TYPE_CHECKING:
    from sklearn import calibration, compose, ensemble, linear_model, neural_network, preprocessing
    from sklearn.base import BaseEstimator

    from mlregistry.ml import balancing, quantiles
else:
    balancing, quantiles = lazily("mlregistry.ml.balancing"), lazily("mlregistry.ml.quantiles")
    ensemble, linear_model = lazily("sklearn.ensemble"), lazily("sklearn.linear_model")
    calibration, compose = lazily("sklearn.calibration"), lazily("sklearn.compose")
    neural_network, preprocessing = lazily("sklearn.neural_network"), lazily("sklearn.preprocessing")


def make(kind: str, name: str, params: Mapping[str, Any], *, seed: int) -> BaseEstimator:
    """A fresh estimator with checked params; every source of chance in it starts from `seed`."""
    found = CATALOGUE.get(kind, {}).get(name)
    if found is None:
        raise packages.unknown(name, f"'{name}' is no estimator for {kind}.")
    return found.make(check_params(found, params), seed)


def _calibrated(classifier: Any) -> BaseEstimator:
    """Probabilities for a classifier that has none: Platt's sigmoid on out-of-fold decisions."""
    return calibration.CalibratedClassifierCV(classifier, method="sigmoid", cv=3, ensemble=False)


def _scaled_target(regressor: Any) -> BaseEstimator:
    """Fitted on the standardised target, so that penalties mean the same whatever the target's unit."""
    return compose.TransformedTargetRegressor(regressor, transformer=preprocessing.StandardScaler())


def _classifier_network(hidden_layer_size: int, n_layers: int, **params: Any) -> Any:
    return neural_network.MLPClassifier(hidden_layer_sizes=(hidden_layer_size,) * n_layers, **params)


def _regressor_network(hidden_layer_size: int, n_layers: int, **params: Any) -> Any:
    return neural_network.MLPRegressor(hidden_layer_sizes=(hidden_layer_size,) * n_layers, **params)


def _members(kind: str, *names: str) -> dict[str, Any]:
    """The params that tell an ensemble's members; by default the mean of these estimators."""

    def check(value: Any) -> None:
        ensembles.check_members(value, lambda name, params: _check_member(kind, name, params))

    usual = [{"estimator": name, "params": {}, "weight": 1 / len(names)} for name in names]
    return {"members": Param(usual, check=check), "bias": Param([], check=ensembles.check_bias)}


def _check_member(kind: str, name: str, params: Mapping[str, Any]) -> None:
    if name not in CATALOGUE[kind]:
        raise packages.unknown(name, f"'{name[:60]}' is no estimator for {kind}.")
    check_params(CATALOGUE[kind][name], params)


def _classifier_ensemble(**params: Any) -> Any:
    return ensembles.classifier(
        lambda name, own, seed: make("classification", name, own, seed=seed), **params
    )


def _regressor_ensemble(**params: Any) -> Any:
    return ensembles.regressor(lambda name, own, seed: make("regression", name, own, seed=seed), **params)


def _table(*entries: Entry) -> dict[str, Entry]:
    return {row.name: row for row in entries}


CLASSIFICATION = _table(
    entry(
        "dummy",
        "Baseline",
        "sklearn.dummy.DummyClassifier",
        "Predicts the shares of the classes, whatever the features.",
        seeded=True,
        strategy=choice("prior", "most_frequent", "stratified", "uniform"),
    ),
    entry(
        "logistic_regression",
        "Logistic regression",
        "sklearn.linear_model.LogisticRegression",
        "A weighted sum of the features; quick, and its weights can be read.",
        seeded=True,
        C=number(1.0, 1e-6, 1e6).over(1e-4, 1e3, log=True),
        max_iter=whole(1000, 1, 100_000),
        class_weight=BALANCE,
    ),
    entry(
        "decision_tree",
        "Decision tree",
        "sklearn.tree.DecisionTreeClassifier",
        "One tree of yes-or-no questions; easy to explain, rarely the best.",
        seeded=True,
        **{**TREE, "max_depth": Param(6, 1, 100, nullable=True, whole=True).over(2, 16)},
        class_weight=BALANCE,
    ),
    entry(
        "random_forest",
        "Random forest",
        "sklearn.ensemble.RandomForestClassifier",
        "Many trees on random samples, averaged; robust with little tuning.",
        seeded=True,
        **FOREST,
        class_weight=BALANCE,
    ),
    entry(
        "extra_trees",
        "Extra trees",
        "sklearn.ensemble.ExtraTreesClassifier",
        "A forest with random cuts; quicker and smoother than a random forest.",
        seeded=True,
        **FOREST,
        class_weight=BALANCE,
    ),
    entry(
        "hist_gradient_boosting",
        "Histogram gradient boosting",
        "sklearn.ensemble.HistGradientBoostingClassifier",
        "Trees that correct each other, on binned features; strong on larger tables.",
        seeded=True,
        fixed={"early_stopping": False},
        **{
            **HISTOGRAM,
            "learning_rate": number(0.05, 0.001, 1.0).over(0.01, 0.3, log=True),
            "max_leaf_nodes": whole(15, 2, 1000).over(4, 128, log=True),
        },
        class_weight=BALANCE,
    ),
    entry(
        "gradient_boosting",
        "Gradient boosting",
        factories.weighted("sklearn.ensemble.GradientBoostingClassifier"),
        "Shallow trees that correct each other; strong on small tables, slow on large ones.",
        seeded=True,
        **BOOSTING,
        class_weight=BALANCE,
    ),
    entry(
        "ada_boost",
        "AdaBoost",
        factories.weighted("sklearn.ensemble.AdaBoostClassifier"),
        "Stumps, each looking harder at what the ones before got wrong.",
        seeded=True,
        n_estimators=whole(100, 1, 2000).over(25, 400, log=True),
        learning_rate=number(0.5, 0.001, 10.0).over(0.01, 2.0, log=True),
        class_weight=BALANCE,
    ),
    entry(
        "svm",
        "Support vector machine",
        "sklearn.svm.SVC",
        "The widest margin between the classes, curved by a kernel.",
        seeded=True,
        wrap=_calibrated,
        C=number(1.0, 1e-4, 1e4).over(0.01, 1e3, log=True),
        kernel=choice("rbf", "linear", "poly").among("rbf", "linear"),
        class_weight=BALANCE,
    ),
    entry(
        "k_nearest_neighbors",
        "Nearest neighbours",
        "sklearn.neighbors.KNeighborsClassifier",
        "Asks the most similar training rows.",
        **NEIGHBOURS,
    ),
    entry(
        "gaussian_naive_bayes",
        "Gaussian naive Bayes",
        factories.weighted("sklearn.naive_bayes.GaussianNB"),
        "Treats features as independent bell curves; needs little data.",
        var_smoothing=number(1e-9, 0.0, 1.0).over(1e-12, 0.1, log=True),
        class_weight=BALANCE,
    ),
    entry(
        "linear_discriminant",
        "Linear discriminant analysis",
        "sklearn.discriminant_analysis.LinearDiscriminantAnalysis",
        "Straight borders between classes of equal spread.",
        solver=choice("svd", "lsqr"),
    ),
    entry(
        "mlp",
        "Neural network",
        factories.weighted(_classifier_network),
        "Layers of neurons; wants scaled features and enough rows.",
        seeded=True,
        **NETWORK,
        class_weight=BALANCE,
    ),
    entry(
        ensembles.NAME,
        "Ensemble",
        _classifier_ensemble,
        "Several models whose probabilities are mixed; often the best, always the slowest to answer.",
        seeded=True,
        combine=choice("mean", "log"),
        sharpness=number(1.0, 0.01, 100.0),
        **_members("classification", "logistic_regression", "random_forest", "hist_gradient_boosting"),
    ),
    *boosters.installed(boosters.CLASSIFIERS),
)

REGRESSION = _table(
    entry(
        "dummy",
        "Baseline",
        "sklearn.dummy.DummyRegressor",
        "Predicts the mean or median of the target, whatever the features.",
        strategy=choice("mean", "median"),
    ),
    entry(
        "linear_regression",
        "Linear regression",
        "sklearn.linear_model.LinearRegression",
        "A weighted sum of the features by least squares.",
    ),
    entry(
        "ridge",
        "Ridge",
        "sklearn.linear_model.Ridge",
        "Linear regression with small weights preferred.",
        seeded=True,
        alpha=number(1.0, 0.0, 1e6).over(1e-3, 1e4, log=True),
    ),
    entry(
        "lasso",
        "Lasso",
        "sklearn.linear_model.Lasso",
        "Linear regression that sets useless weights to zero.",
        seeded=True,
        wrap=_scaled_target,
        alpha=number(0.001, 1e-6, 1e3).over(1e-5, 1.0, log=True),
        max_iter=whole(5000, 1, 100_000),
    ),
    entry(
        "elastic_net",
        "Elastic net",
        "sklearn.linear_model.ElasticNet",
        "Between ridge and lasso.",
        seeded=True,
        wrap=_scaled_target,
        alpha=number(0.001, 1e-6, 1e3).over(1e-5, 1.0, log=True),
        l1_ratio=number(0.5, 0.0, 1.0).over(0.0, 1.0),
        max_iter=whole(5000, 1, 100_000),
    ),
    entry(
        "bayesian_ridge",
        "Bayesian ridge",
        "sklearn.linear_model.BayesianRidge",
        "Ridge that finds its own penalty.",
        max_iter=whole(300, 1, 100_000),
    ),
    entry(
        "huber",
        "Huber regression",
        "sklearn.linear_model.HuberRegressor",
        "Linear regression that outliers pull less.",
        wrap=_scaled_target,
        epsilon=number(1.35, 1.0, 100.0).over(1.01, 5.0, log=True),
        alpha=number(0.0001, 0.0, 1e6).over(1e-6, 1.0, log=True),
        max_iter=whole(1000, 1, 100_000),
    ),
    entry(
        "decision_tree",
        "Decision tree",
        "sklearn.tree.DecisionTreeRegressor",
        "One tree of yes-or-no questions; easy to explain, rarely the best.",
        seeded=True,
        **{**TREE, "max_depth": Param(8, 1, 100, nullable=True, whole=True).over(2, 16)},
    ),
    entry(
        "random_forest",
        "Random forest",
        "sklearn.ensemble.RandomForestRegressor",
        "Many trees on random samples, averaged; robust with little tuning.",
        seeded=True,
        **FOREST_REGRESSION,
    ),
    entry(
        "extra_trees",
        "Extra trees",
        "sklearn.ensemble.ExtraTreesRegressor",
        "A forest with random cuts; quicker and smoother than a random forest.",
        seeded=True,
        **FOREST_REGRESSION,
    ),
    entry(
        "hist_gradient_boosting",
        "Histogram gradient boosting",
        "sklearn.ensemble.HistGradientBoostingRegressor",
        "Trees that correct each other, on binned features; strong on larger tables.",
        seeded=True,
        fixed={"early_stopping": False},
        **HISTOGRAM,
    ),
    entry(
        "quantile_boosting",
        "Quantile boosting",
        factories.quantile_boosting,
        "Boosted trees for the median and the range that a share of the values lies in.",
        seeded=True,
        **{**HISTOGRAM, "max_iter": whole(100, 1, 5000)},
        **QUANTILES,
    ),
    entry(
        "linear_quantiles",
        "Quantile regression",
        factories.linear_quantiles,
        "Weighted sums for the median and a range around it; slow above 10,000 rows.",
        seeded=True,
        alpha=number(0.001, 0.0, 1e3),
        **QUANTILES,
    ),
    entry(
        "gradient_boosting",
        "Gradient boosting",
        "sklearn.ensemble.GradientBoostingRegressor",
        "Shallow trees that correct each other; strong on small tables, slow on large ones.",
        seeded=True,
        **BOOSTING,
    ),
    entry(
        "svm",
        "Support vector machine",
        "sklearn.svm.SVR",
        "A tube around the data, curved by a kernel; slow above 20,000 rows.",
        wrap=_scaled_target,
        C=number(1.0, 1e-4, 1e4).over(0.01, 1e3, log=True),
        epsilon=number(0.1, 0.0, 100.0).over(0.001, 1.0, log=True),
        kernel=choice("rbf", "linear", "poly").among("rbf", "linear"),
    ),
    entry(
        "k_nearest_neighbors",
        "Nearest neighbours",
        "sklearn.neighbors.KNeighborsRegressor",
        "The mean of the most similar training rows.",
        **{**NEIGHBOURS, "n_neighbors": whole(10, 1, 500).over(1, 100, log=True)},
    ),
    entry(
        "mlp",
        "Neural network",
        _regressor_network,
        "Layers of neurons; wants scaled features and enough rows.",
        seeded=True,
        wrap=_scaled_target,
        **NETWORK,
    ),
    entry(
        ensembles.NAME,
        "Ensemble",
        _regressor_ensemble,
        "Several models whose predictions are averaged; often the best, always the slowest to answer.",
        seeded=True,
        **_members("regression", "ridge", "random_forest", "hist_gradient_boosting"),
    ),
    *boosters.installed(boosters.REGRESSORS),
)

CATALOGUE: dict[str, dict[str, Entry]] = {
    "classification": CLASSIFICATION,
    "regression": REGRESSION,
    "clustering": CLUSTERING,
    "recommendation": RECOMMENDATION,
}
plugins.add_to(CATALOGUE)
