"""Converters of estimators around estimators, and of what has no features at all."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlregistry.ml.adjusting import EDGE
from mlregistry.ml.compiling.convert_linear import affine
from mlregistry.ml.compiling.converting import (
    DECISION,
    PROBABILITIES,
    TRANSFORM,
    VALUES,
    Converter,
    chain,
    convert,
    guarded,
    link,
    only,
)
from mlregistry.ml.compiling.forms import Form, Unsupported


def balanced(estimator: Any, wish: str) -> Form:
    return convert(estimator.classifier_, wish)


def adjusted(estimator: Any, wish: str) -> Form:
    """Ours: calibrated probabilities; the threshold is told by the model as a whole."""
    only(wish, PROBABILITIES)
    inner = convert(estimator.classifier_, PROBABILITIES)
    if estimator.calibrators_ is None:
        return inner
    if len(estimator.classes_) > 2:
        raise Unsupported("calibration of several classes has no compiled form")
    second = Form("take", {"width": 2}, {"places": np.array([1], dtype=np.int32)})
    return chain(inner, second, convert(estimator.calibrators_[0], VALUES), link("two"))


def sigmoid(estimator: Any, wish: str) -> Form:
    return chain(
        Form("log_odds", {"edge": EDGE}),
        affine([[estimator.slope_]], [estimator.intercept_]),
        link("sigmoid"),
    )


def isotonic(estimator: Any, wish: str) -> Form:
    arrays = {
        "x": np.asarray(estimator.X_thresholds_, dtype=np.float64),
        "y": np.asarray(estimator.y_thresholds_, dtype=np.float64),
    }
    return guarded(Form("interpolate", {"outside": estimator.out_of_bounds}, arrays))


def calibrated(estimator: Any, wish: str) -> Form:
    """scikit-learn's calibration: one line or staircase per class on scores of each fitted copy, averaged."""
    only(wish, PROBABILITIES)
    parts = [_calibrated(one) for one in estimator.calibrated_classifiers_]
    if len(parts) == 1:
        return parts[0]
    return Form("mean", arrays={"weights": np.ones(len(parts))}, parts=tuple(parts))


def _calibrated(one: Any) -> Form:
    if one.method not in ("sigmoid", "isotonic"):
        raise Unsupported(f"calibration by {one.method} has no compiled form")
    n_classes = len(one.classes)
    if len(one.estimator.classes_) != n_classes:
        raise Unsupported("calibration of a part of the classes has no compiled form")
    lines = tuple(convert(line, VALUES) for line in one.calibrators)
    scores = scores_of(one.estimator)
    if n_classes == 2:
        return chain(scores, lines[0], link("two"), link("below_one"))
    return chain(scores, Form("pairs", parts=lines), link("shares"), link("below_one"))


def platt(estimator: Any, wish: str) -> Form:
    return chain(affine([[-estimator.a_]], [-estimator.b_]), link("sigmoid"))


def scores_of(estimator: Any) -> Form:
    """The decision function, or else the probabilities (of two classes the second's)."""
    if hasattr(estimator, "decision_function"):
        return convert(estimator, DECISION)
    found = convert(estimator, PROBABILITIES)
    return chain(found, _column(1, 2)) if len(estimator.classes_) == 2 else found


def _column(place: int, width: int) -> Form:
    return Form("take", {"width": width}, {"places": np.array([place], dtype=np.int32)})


def voting(estimator: Any, wish: str) -> Form:
    """The weighted mean of members."""
    is_classifier = hasattr(estimator, "classes_")
    only(wish, PROBABILITIES if is_classifier else VALUES)
    if is_classifier and estimator.voting != "soft":
        raise Unsupported("hard votes give no probabilities")
    parts = tuple(convert(member, wish) for member in estimator.estimators_)
    weights = estimator._weights_not_none
    given = np.ones(len(parts)) if weights is None else np.asarray(weights, dtype=np.float64)
    return Form("mean", arrays={"weights": given}, parts=parts)


def stacking(estimator: Any, wish: str) -> Form:
    """A last model on what the members say."""
    parts = []
    for member, method in zip(estimator.estimators_, estimator.stack_method_, strict=True):
        wished = {"predict_proba": PROBABILITIES, "decision_function": DECISION, "predict": VALUES}[method]
        if wished == VALUES and hasattr(member, "classes_"):
            raise Unsupported("members that only name a class have no compiled form")
        part = convert(member, wished)
        parts.append(chain(part, _column(1, 2)) if _is_second(estimator, wished) else part)
    joined = Form("side_by_side", parts=(*parts, *((Form("same"),) if estimator.passthrough else ())))
    return chain(joined, convert(estimator.final_estimator_, wish))


def _is_second(estimator: Any, wished: str) -> bool:
    return wished == PROBABILITIES and len(estimator.classes_) == 2


def transformed_target(estimator: Any, wish: str) -> Form:
    """The prediction turned back into the target's unit."""
    only(wish, VALUES)
    inner, back = convert(estimator.regressor_, VALUES), estimator.transformer_
    name = type(back).__name__
    if name == "StandardScaler":
        arrays = {"times": back.scale_, "plus": back.mean_}
    elif name == "MinMaxScaler" and not back.clip:
        arrays = {"minus": back.min_, "over": back.scale_}
    elif name == "FunctionTransformer" and back.inverse_func in (np.expm1, np.exp):
        return chain(inner, link(back.inverse_func.__name__))
    elif name == "FunctionTransformer" and back.inverse_func is None:
        return inner
    else:
        raise Unsupported(f"turning back {name} has no compiled form")
    kept = {key: np.asarray(value, dtype=np.float64) for key, value in arrays.items() if value is not None}
    return chain(inner, Form("shift_scale", arrays=kept))


def several_targets(estimator: Any, wish: str) -> Form:
    only(wish, VALUES)
    return Form("side_by_side", parts=tuple(convert(one, VALUES) for one in estimator.estimators_))


def one_against_rest(estimator: Any, wish: str) -> Form:
    """One classifier per class."""
    only(wish, PROBABILITIES)
    if estimator.multilabel_:
        raise Unsupported("several labels at once have no compiled form")
    parts = tuple(chain(convert(one, PROBABILITIES), _column(1, 2)) for one in estimator.estimators_)
    if len(parts) == 1:
        return chain(parts[0], link("two"))
    return chain(Form("side_by_side", parts=parts), link("shares_or_none"))


def searched(estimator: Any, wish: str) -> Form:
    return convert(estimator.best_estimator_, wish)


def inner_one(estimator: Any, wish: str) -> Form:
    return convert(estimator.estimator_, wish)


def frozen(estimator: Any, wish: str) -> Form:
    return convert(estimator.estimator, wish)


def quantile_models(estimator: Any, wish: str) -> Form:
    """Ours: rows × levels in order."""
    only(wish, VALUES)
    width = len(estimator.regressors_)
    parts = tuple(convert(one, VALUES) for one in estimator.regressors_)
    scaled = {"times": np.full(width, estimator.scale_), "plus": np.full(width, estimator.center_)}
    return chain(
        Form("side_by_side", parts=parts),
        Form("shift_scale", arrays={"plus": np.asarray(estimator.shifts_, dtype=np.float64)}),
        link("sorted"),
        Form("shift_scale", arrays=scaled),
    )


def dummy(estimator: Any, wish: str) -> Form:
    """The same for every row."""
    if hasattr(estimator, "classes_"):
        only(wish, PROBABILITIES)
        if estimator.strategy not in ("prior", "most_frequent", "constant") or estimator.n_outputs_ > 1:
            raise Unsupported("its answers are drawn by chance")
        row = estimator.predict_proba(np.zeros((1, 1)))[0]
    else:
        only(wish, VALUES)
        row = np.asarray(estimator.constant_, dtype=np.float64).ravel()
    return Form("constant", arrays={"row": np.asarray(row, dtype=np.float64)})


def pipeline(estimator: Any, wish: str) -> Form:
    """A pipeline of numbers inside another estimator."""
    steps = [step for _, step in estimator.steps if step is not None and step != "passthrough"]
    inner = [convert(step, TRANSFORM) for step in (steps if wish == TRANSFORM else steps[:-1])]
    return chain(*inner) if wish == TRANSFORM else chain(*inner, convert(steps[-1], wish))


def by_columns(estimator: Any, wish: str) -> Form:
    """A column transformer on a matrix of numbers."""
    only(wish, TRANSFORM)
    if estimator.transformer_weights:
        raise Unsupported("weights of a column transformer have no compiled form")
    parts = []
    for name, one, _ in estimator.transformers_:
        places = np.asarray(estimator._transformer_to_input_indices[name], dtype=np.int32)
        if len(places) and not (isinstance(one, str) and one == "drop"):
            taken = Form("take", {"width": int(estimator.n_features_in_)}, {"places": places})
            parts.append(taken if isinstance(one, str) else chain(taken, convert(one, TRANSFORM)))
    return Form("side_by_side", parts=tuple(parts))


def union(estimator: Any, wish: str) -> Form:
    only(wish, TRANSFORM)
    if estimator.transformer_weights:
        raise Unsupported("weights of a union have no compiled form")
    kept = [one for _, one in estimator.transformer_list if one != "drop"]
    parts = tuple(Form("same") if one == "passthrough" else convert(one, TRANSFORM) for one in kept)
    return Form("side_by_side", parts=parts)


TABLE: dict[str, Converter] = {
    "Balanced": balanced, "Adjusted": adjusted, "Sigmoid": sigmoid, "Quantiles": quantile_models,
    "IsotonicRegression": isotonic, "_SigmoidCalibration": platt, "CalibratedClassifierCV": calibrated,
    **dict.fromkeys(("VotingClassifier", "VotingRegressor"), voting),
    **dict.fromkeys(("StackingClassifier", "StackingRegressor"), stacking),
    "TransformedTargetRegressor": transformed_target, "MultiOutputRegressor": several_targets,
    "OneVsRestClassifier": one_against_rest,
    **dict.fromkeys(("GridSearchCV", "RandomizedSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV"), searched),
    **dict.fromkeys(("FixedThresholdClassifier", "TunedThresholdClassifierCV"), inner_one),
    **dict.fromkeys(("SelfTrainingClassifier", "RANSACRegressor"), inner_one),
    "FrozenEstimator": frozen,
    **dict.fromkeys(("DummyClassifier", "DummyRegressor"), dummy),
    "Pipeline": pipeline, "FeatureUnion": union, "ColumnTransformer": by_columns,
}  # fmt: skip
