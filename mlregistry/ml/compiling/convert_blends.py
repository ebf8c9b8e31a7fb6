"""Converters of our ensembles, whose members are compiled each by its own converter."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlregistry.ml.compiling.converting import PROBABILITIES, VALUES, Converter, chain, convert, link, only
from mlregistry.ml.compiling.forms import Form
from mlregistry.ml.ensembling import mixing
from mlregistry.ml.ensembling.mixing import Mix


def classes_mixed(estimator: Any, wish: str) -> Form:
    """The mean of the members' probabilities, or their weighted product, sharpened and moved where it asks."""
    only(wish, PROBABILITIES)
    mix: Mix = estimator.mix
    members = tuple(convert(member, PROBABILITIES) for member in estimator.members_)
    weights = {"weights": np.asarray(mix.weights, dtype=np.float64)}
    logs = Form("clipped_log", {"edge": mixing.EDGE})
    if mix.combine == mixing.LOG:
        pooled = Form("weighted_sum", arrays=weights, parts=tuple(chain(one, logs) for one in members))
    else:
        mean = Form("mean", arrays=weights, parts=members)
        if not mix.bias and mix.sharpness == 1.0:
            return mean
        pooled = chain(mean, logs)
    moved = {"times": np.array([mix.sharpness]), "plus": np.asarray(mix.bias or (0.0,), dtype=np.float64)}
    return chain(pooled, Form("shift_scale", arrays=moved), link("softmax"))


def numbers_mixed(estimator: Any, wish: str) -> Form:
    """The weighted sum of the members' predictions, and a number besides."""
    only(wish, VALUES)
    mix: Mix = estimator.mix
    weights = {"weights": np.asarray(mix.weights, dtype=np.float64)}
    summed = Form("weighted_sum", arrays=weights, parts=tuple(_number(one) for one in estimator.members_))
    plus = {"plus": np.array([mix.bias[0] if mix.bias else 0.0])}
    return chain(summed, Form("shift_scale", arrays=plus))


def _number(member: Any) -> Form:
    """One number per row; of quantiles the middle one."""
    form = convert(member, VALUES)
    if not hasattr(member, "predict_quantiles"):
        return form
    width = len(member.levels_)
    return chain(form, Form("take", {"width": width}, {"places": np.array([width // 2], dtype=np.int32)}))


TABLE: dict[str, Converter] = {"ClassifierBlend": classes_mixed, "RegressorBlend": numbers_mixed}
