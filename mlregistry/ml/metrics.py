"""The metrics of each kind of problem, one table row each.

Called by training; problems choose from the names.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily
from mlregistry.ml.clustering import metrics as clustering
from mlregistry.ml.metric_entry import MAXIMIZE as MAXIMIZE
from mlregistry.ml.metric_entry import MINIMIZE as MINIMIZE
from mlregistry.ml.metric_entry import Metric as Metric
from mlregistry.ml.metric_entry import table as _table
from mlregistry.ml.recommendation import metrics as recommendation

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from sklearn import metrics as sk

    from mlregistry.ml import confusion, losses

    Array = npt.NDArray[Any]
else:
    np, sk = lazily("numpy"), lazily("sklearn.metrics")
    confusion, losses = lazily("mlregistry.ml.confusion"), lazily("mlregistry.ml.losses")


@dataclass(frozen=True)
class Outcome:
    """True and predicted values of the same rows; for classification as class numbers, with probabilities.

    `quantiles` (rows × levels) come from regressors that predict some; `predicted` is then the median.
    """

    truth: Array
    predicted: Array
    probabilities: Array | None = None
    n_classes: int = 0
    quantiles: Array | None = None
    levels: tuple[float, ...] = ()

    @property
    def binary(self) -> bool:
        return self.n_classes == 2

    def part(self, number: int, n_parts: int) -> Outcome:
        """The rows of one of `n_parts` equally long parts."""
        length = len(self.truth) // n_parts
        return self.at(slice(number * length, (number + 1) * length))

    def at(self, rows: Any) -> Outcome:
        """Some of the rows: a slice, positions or a mask."""
        return replace(
            self,
            truth=self.truth[rows],
            predicted=self.predicted[rows],
            probabilities=None if self.probabilities is None else self.probabilities[rows],
            quantiles=None if self.quantiles is None else self.quantiles[rows],
        )


def measure(kind: str, outcome: Any) -> dict[str, float]:
    """Every metric of the kind that is defined on these rows."""
    values = {name: float(metric.function(outcome)) for name, metric in METRICS[kind].items()}
    return {name: value for name, value in values.items() if math.isfinite(value)}


def metric(kind: str, name: str) -> Metric:
    """The metric, or Invalid that lists the known ones."""
    found = METRICS.get(kind, {}).get(name)
    if found is None:
        known = ", ".join(METRICS.get(kind, {}))
        raise Invalid(f"'{name}' is no metric for {kind}; choose one of: {known}.", field="primary_metric")
    return found


def class_numbers(values: Array, classes: Sequence[Any]) -> Array:
    """The position of each value in `classes`."""
    places = {value: place for place, value in enumerate(classes)}
    return np.array([places[value] for value in values.tolist()], dtype=np.int64)


def _average(outcome: Outcome) -> dict[str, Any]:
    if outcome.binary:
        return {"average": "binary", "pos_label": 1, "zero_division": 0}
    return {"average": "macro", "zero_division": 0}


def _score(outcome: Outcome, function: Callable[[Array, Array], float]) -> float:
    """A ranking score: of the second class, or the mean over the classes with both members and others."""
    if outcome.probabilities is None:
        return math.nan
    if outcome.binary:
        return _ranked(outcome.truth == 1, outcome.probabilities[:, 1], function)
    scores = [
        _ranked(outcome.truth == i, outcome.probabilities[:, i], function) for i in range(outcome.n_classes)
    ]
    known = [score for score in scores if math.isfinite(score)]
    return float(np.mean(known)) if known else math.nan


def _ranked(truth: Array, scores: Array, function: Callable[[Array, Array], float]) -> float:
    return float(function(truth, scores)) if truth.any() and not truth.all() else math.nan


def _calibration_error(outcome: Outcome) -> float:
    if outcome.probabilities is None:
        return math.nan
    return losses.calibration_error(outcome.truth, outcome.probabilities)


def _mcc(outcome: Outcome) -> float:
    return float(
        confusion.mcc(confusion.matrix(outcome.truth, outcome.predicted, outcome.n_classes)[None])[0]
    )


def _brier(outcome: Outcome) -> float:
    if outcome.probabilities is None:
        return math.nan
    return float(losses.squared_probability(outcome.truth, outcome.probabilities).mean())


def _pinball(outcome: Outcome) -> float:
    """Of a regressor without quantiles, half its mean absolute error: its value taken for every quantile."""
    if outcome.quantiles is None:
        return float(sk.mean_absolute_error(outcome.truth, outcome.predicted)) / 2
    return float(losses.pinball(outcome.truth, outcome.quantiles, outcome.levels).mean())


def _log_loss(outcome: Outcome) -> float:
    if outcome.probabilities is None:
        return math.nan
    return float(sk.log_loss(outcome.truth, outcome.probabilities, labels=list(range(outcome.n_classes))))


def _balanced_accuracy(outcome: Outcome) -> float:
    recalls = [(outcome.predicted[outcome.truth == i] == i).mean() for i in np.unique(outcome.truth)]
    return float(np.mean(recalls))


def _r2(outcome: Outcome) -> float:
    return float(sk.r2_score(outcome.truth, outcome.predicted)) if len(outcome.truth) > 1 else math.nan


CLASSIFICATION = _table(
    Metric("roc_auc", "ROC-AUC", MAXIMIZE, lambda o: _score(o, sk.roc_auc_score)),
    Metric("pr_auc", "PR-AUC", MAXIMIZE, lambda o: _score(o, sk.average_precision_score)),
    Metric("accuracy", "Accuracy", MAXIMIZE, lambda o: float(sk.accuracy_score(o.truth, o.predicted))),
    Metric("balanced_accuracy", "Balanced accuracy", MAXIMIZE, _balanced_accuracy),
    Metric("f1", "F1", MAXIMIZE, lambda o: float(sk.f1_score(o.truth, o.predicted, **_average(o)))),
    Metric(
        "precision",
        "Precision",
        MAXIMIZE,
        lambda o: float(sk.precision_score(o.truth, o.predicted, **_average(o))),
    ),
    Metric(
        "recall",
        "Recall",
        MAXIMIZE,
        lambda o: float(sk.recall_score(o.truth, o.predicted, **_average(o))),
    ),
    Metric("log_loss", "Log loss", MINIMIZE, _log_loss),
    Metric(
        "mcc",
        "Matthews correlation",
        MAXIMIZE,
        _mcc,
    ),
    Metric("brier", "Brier score", MINIMIZE, _brier),
    Metric("calibration_error", "Expected calibration error", MINIMIZE, _calibration_error),
)
REGRESSION = _table(
    Metric("rmse", "RMSE", MINIMIZE, lambda o: float(sk.root_mean_squared_error(o.truth, o.predicted))),
    Metric(
        "mae",
        "Mean absolute error",
        MINIMIZE,
        lambda o: float(sk.mean_absolute_error(o.truth, o.predicted)),
    ),
    Metric(
        "median_absolute_error",
        "Median absolute error",
        MINIMIZE,
        lambda o: float(sk.median_absolute_error(o.truth, o.predicted)),
    ),
    Metric("r2", "R²", MAXIMIZE, _r2),
    Metric(
        "mape",
        "Mean absolute percentage error",
        MINIMIZE,
        lambda o: losses.mape(o.truth, o.predicted),
    ),
    Metric("pinball", "Pinball loss", MINIMIZE, _pinball),
)
METRICS: dict[str, dict[str, Metric]] = {
    "classification": CLASSIFICATION,
    "regression": REGRESSION,
    "clustering": clustering.TABLE,
    "recommendation": recommendation.TABLE,
}
