"""Checks for what a model could not know when it is asked: leaks. Rows of the table of checks."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import cross_val_predict
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from mlregistry.ml import metrics
from mlregistry.ml.metrics import METRICS, Outcome
from mlregistry.ml.model_tests.check import DATA, SUPERVISED, Check
from mlregistry.ml.model_tests.result import Result, failed, held, passed, skipped
from mlregistry.ml.model_tests.slice_checks import coded
from mlregistry.ml.model_tests.subject import SEED, Subject

Array = npt.NDArray[Any]
GROUP = "Leakage"
MOST_ROWS = 4_000
MOST_FEATURES = 200
SAME_SHARE = 0.999
CONTINUOUS_SHARE = 0.5
LEAST_ROWS = 30


def single_feature(subject: Subject) -> Result:
    """A small tree per input, cross-validated on training rows: AUC of classes, R² of numbers."""
    names, frame, target = _training(subject)
    if len(target) < LEAST_ROWS:
        return skipped(f"{len(target)} training rows are too few.")
    found = {name: _told_by(subject, coded(frame[[name]]), target) for name in names[:MOST_FEATURES]}
    best = max(found, key=lambda name: found[name])
    word = "AUC" if subject.kind == "classification" else "R²"
    ranked = sorted(found, key=lambda name: -found[name])[:5]
    return held(
        found[best], subject.bounds["single_feature"],
        evidence=[{"feature": name, word: found[name]} for name in ranked],
        good=f"“{best}” alone reaches {word} {found[best]:.3f}; no single feature gives the target away.",
        bad=f"“{best}” alone reaches {word} {found[best]:.4f}: it gives the target away, and will hardly be known when"
        " predictions are asked for. Take it out of the problem's features and train again.",
    )  # fmt: skip


def _training(subject: Subject) -> tuple[list[str], pd.DataFrame, Array]:
    work, places = subject.table.work, subject.table.parts.train
    if len(places) > MOST_ROWS:
        places = np.sort(np.random.default_rng(SEED).choice(places, MOST_ROWS, replace=False))
    names = [one.name for one in subject.signature.inputs if one.name in work.frame.columns]
    return names, work.frame[names].iloc[places], work.target[places]


def _told_by(subject: Subject, column: Array, target: Array) -> float:
    options = {"max_depth": 4, "min_samples_leaf": 3, "random_state": SEED}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if subject.kind != "classification":
            said = cross_val_predict(DecisionTreeRegressor(**options), column, target.astype(float), cv=3)
            return float(METRICS["regression"]["r2"].function(Outcome(target.astype(float), said)))
        classes = subject.table.work.classes
        truth = metrics.class_numbers(target, classes)
        if np.bincount(truth).min(initial=3, where=np.bincount(truth) > 0) < 3:
            return 0.0
        places = np.unique(truth)
        said = np.zeros((len(truth), len(classes)))
        said[:, places] = cross_val_predict(
            DecisionTreeClassifier(**options), column, truth, cv=3, method="predict_proba"
        )
    return float(
        METRICS["classification"]["roc_auc"].function(Outcome(truth, said.argmax(axis=1), said, len(classes)))
    )


def target_among_features(subject: Subject) -> Result:
    """No input is the target under its own or another name."""
    work = subject.table.work
    names = [one.name for one in subject.signature.inputs]
    if work.spec.target in names:
        return failed(
            f"The target “{work.spec.target}” itself is an input. Take it out of the features.", 1, 0
        )
    target = work.frame[work.spec.target]
    copies = [
        {"input": name, "share equal to the target": share}
        for name in names
        if name in work.frame.columns and (share := _same(work.frame[name], target)) >= SAME_SHARE
    ]
    if copies:
        return failed(f"“{copies[0]['input']}” is the target under another name. Take it out of the features.",
                      len(copies), 0, evidence=copies)  # fmt: skip
    return passed(f"None of {len(names)} inputs is the target.", 0, 0)


def _same(column: pd.Series[Any], target: pd.Series[Any]) -> float:
    """The share of rows in which both say the same, as text or by one-to-one names of few values."""
    equal = float((column.astype("string") == target.astype("string")).fillna(False).mean())
    if equal >= SAME_SHARE or target.nunique() > 50 or column.nunique() != target.nunique():
        return equal
    pairs = pd.crosstab(column.astype("string"), target.astype("string"))
    return max(
        equal, float(pairs.max(axis=1).sum() / len(column)) if (pairs > 0).sum(axis=1).max() == 1 else equal
    )


def rows_in_training(subject: Subject) -> Result:
    """Digests of inputs and target together, where rows are told apart by a number of many values."""
    work, parts = subject.table.work, subject.table.parts
    names = [one.name for one in subject.signature.inputs if one.name in work.frame.columns]
    frame = work.frame[[*names, work.spec.target]]
    n = len(frame)
    many = [name for name in names if frame[name].nunique() > CONTINUOUS_SHARE * n]
    if not many:
        return skipped("Rows of few different values are alike by chance, so equal ones prove nothing.")
    digests = pd.util.hash_pandas_object(
        frame.astype(dict.fromkeys(frame.columns, "string")), index=False
    ).to_numpy()
    again = np.isin(digests[parts.test], digests[parts.train])
    share = float(again.mean()) if len(again) else 0.0
    return held(
        share, subject.bounds["overlap"], good=f"{share:.2%} of the test rows are training rows too.",
        bad=f"{share:.1%} of the test rows are training rows too, so the test figures flatter. Remove duplicates before"
        " the split, or split by group.",
        evidence=[{"row of the table": int(work.numbers[place]) + 1} for place in parts.test[again]],
    )  # fmt: skip


CHECKS = (
    Check("single_feature", "No feature tells the target alone", GROUP, single_feature,
          "a small tree per input, cross-validated on training rows", SUPERVISED, (DATA,)),
    Check("target_among_features", "Target is no feature", GROUP, target_among_features,
          "no input is the target, by name or by value", SUPERVISED, (DATA,)),
    Check("test_rows_in_training", "Test rows are not in training", GROUP, rows_in_training,
          "digests of test rows against training rows", SUPERVISED, (DATA,)),
)  # fmt: skip
