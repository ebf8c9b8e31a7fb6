"""Checks of where a model is weak: the worst group, segments that a small tree finds. Rows of the table of checks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.tree import DecisionTreeRegressor

from mlregistry.ml.metrics import MAXIMIZE
from mlregistry.ml.model_tests.check import DATA, SUPERVISED, WARNS, Check
from mlregistry.ml.model_tests.result import Result, held, passed, skipped
from mlregistry.ml.model_tests.subject import SEED, Subject
from mlregistry.ml.supervised import slicing

Array = npt.NDArray[Any]
GROUP = "Weak spots"
LEAST_ROWS = 100
LEAST_IN_SEGMENT = 30
SHARE_IN_SEGMENT = 0.02
DEEPEST = 3
SURE = 3.0  # standard errors


def worst_slice(subject: Subject) -> Result:
    """The problem's metric by categories and quarters of each column; only what an interval confirms counts."""
    overall = subject.value(subject.tested)
    found = slicing.slices(subject.table.work, subject.test_places, subject.tested)
    if not found or not math.isfinite(overall):
        return skipped("No group of 30 test rows is left to look at.")
    shown = [
        {"column": one["column"], "group": one["label"], "rows": one["n"], "value": one["value"],
         "at best": _best_end(subject, one)}
        for one in found[:8]
    ]  # fmt: skip
    worst = max(found, key=lambda one: subject.worse_by(_best_end(subject, one), overall))
    figure = max(0.0, subject.worse_by(_best_end(subject, worst), overall))
    place = f"{worst['column']} = {worst['label']}"
    return held(
        figure, subject.bound("slice"), evidence=shown,
        good=f"{subject.metric.title} is {overall:.4g} overall and {worst['value']:.4g} where {place},"
        " the worst group.",
        bad=f"Where {place}, {subject.metric.title} is {worst['value']:.4g} against {overall:.4g} overall. Bring more"
        " such rows, or features that tell them apart.",
    )  # fmt: skip


def _best_end(subject: Subject, one: dict[str, Any]) -> float:
    """What the slice's metric may be at best, by its interval."""
    ends = one["interval"]
    if ends is None:
        return float(one["value"])
    return float(max(ends) if subject.metric.direction == MAXIMIZE else min(ends))


def weak_segment(subject: Subject) -> Result:
    """A tree of depth 3 on the errors of half of the test rows; its worst leaf is measured on the other half."""
    data, places = subject.table, subject.test_places
    if len(places) < LEAST_ROWS:
        return skipped(f"{len(places)} test rows are too few; {LEAST_ROWS} are needed.")
    loss = _loss(subject)
    if float(loss.mean()) == 0.0:
        return passed("There is not one error on the test rows.", 0, subject.bounds["weak_segment"])
    names = [one.name for one in subject.signature.inputs if one.name in data.work.frame.columns]
    matrix = coded(data.work.frame[names].iloc[places])
    order = np.random.default_rng(SEED).permutation(len(places))
    first, second = order[: len(order) // 2], order[len(order) // 2 :]
    least = max(LEAST_IN_SEGMENT // 2, int(SHARE_IN_SEGMENT * len(first)))
    tree = DecisionTreeRegressor(max_depth=DEEPEST, min_samples_leaf=least, random_state=SEED).fit(
        matrix[first], loss[first]
    )
    leaf = tree.apply(matrix[first])[int(np.argmax(tree.predict(matrix[first])))]
    inside = tree.apply(matrix[second]) == leaf
    if inside.sum() < 10:
        return passed("No segment of errors is found again on other rows.", 1, subject.bounds["weak_segment"])
    mean, error = (
        float(loss[second].mean()),
        float(loss[second][inside].std(ddof=1)) / math.sqrt(inside.sum()),
    )
    weak = float(loss[second][inside].mean())
    times = weak / mean if mean > 0 else 1.0
    rule = _rule(tree, leaf, names)
    sure = weak - mean > SURE * max(error, 1e-12)
    evidence = [{"segment": rule, "rows": int(inside.sum()), "mean error": weak, "of all rows": mean}]
    word = "errors" if subject.kind == "classification" else "the mean error"
    if not sure:
        return passed("No segment stands out by more than chance.", min(times, subject.bounds["weak_segment"]),
                      subject.bounds["weak_segment"], evidence=evidence)  # fmt: skip
    return held(
        times, subject.bounds["weak_segment"], evidence=evidence,
        good=f"The weakest segment has {times:.1f} times {word} of all rows.",
        bad=f"Where {rule} there are {times:.1f} times {word} of all rows. Look at such rows; bring more of them.",
    )  # fmt: skip


def _loss(subject: Subject) -> Array:
    found = subject.tested
    if subject.kind == "classification":
        return np.asarray(found.predicted != found.truth, dtype=np.float64)
    return np.asarray(np.abs(found.truth.astype(np.float64) - found.predicted))


def coded(frame: pd.DataFrame) -> Array:
    """Columns as numbers for a small tree: categories by their places in order, gaps below everything."""
    columns = []
    for name in frame.columns:
        column = frame[name]
        if pd.api.types.is_datetime64_any_dtype(column):
            values = column.astype("int64").to_numpy(dtype=np.float64)
        elif pd.api.types.is_numeric_dtype(column):
            values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            values = pd.factorize(column.astype("string"), sort=True)[0].astype(np.float64)
        known = values[np.isfinite(values)]
        columns.append(np.where(np.isfinite(values), values, (known.min() - 1) if len(known) else 0.0))
    return np.asarray(np.clip(np.column_stack(columns), -1e38, 1e38))


def _rule(tree: Any, leaf: Any, names: list[str]) -> str:
    """The questions on the way to a leaf."""
    inner = tree.tree_
    parents: dict[int, tuple[int, str]] = {}
    for node in range(inner.node_count):
        if inner.children_left[node] >= 0:
            parents[int(inner.children_left[node])] = (node, "≤")
            parents[int(inner.children_right[node])] = (node, ">")
    words, node = [], int(leaf)
    while node in parents:
        node, sign = parents[node]
        words.append(f"{names[inner.feature[node]]} {sign} {inner.threshold[node]:.4g}")
    return " and ".join(reversed(words)) or "everywhere"


CHECKS = (
    Check("worst_slice", "Worst group", GROUP, worst_slice,
          "the metric by categories and quarters of every column", SUPERVISED, (DATA,), WARNS),
    Check("weak_segment", "Weakest segment", GROUP, weak_segment,
          "a small tree on the errors of half the test rows, its worst leaf measured on the other half",
          SUPERVISED, (DATA,), WARNS),
)  # fmt: skip
