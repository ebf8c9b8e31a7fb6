"""Checks of the answers themselves: finite, proper probabilities, varied, in range. Rows of the table of checks."""

from __future__ import annotations

from collections import Counter

import numpy as np

from mlregistry.ml.model_tests.check import CLASSIFICATION, DATA, REGRESSION, WARNS, Check
from mlregistry.ml.model_tests.result import AT_LEAST, Result, failed, held, passed, skipped
from mlregistry.ml.model_tests.subject import Subject

GROUP = "Answers"
SUM_TOLERANCE = 1e-6
LEAST_ROWS = 20
REACH = 0.5  # of the range in training, beyond which an answer is far outside
MOST_OUTSIDE = 0.01


def finite_answers(subject: Subject) -> Result:
    """No NaN and no infinity."""
    bad = np.flatnonzero(~np.isfinite(subject.answers.numbers).all(axis=1))
    return held(
        len(bad), 0, good=f"All {len(subject.answers):,} answers are finite.",
        bad="Real rows are answered with NaN or an infinity. Impute what is missing before the estimator.",
        evidence=[{"row": int(place) + 1} for place in bad],
    )  # fmt: skip


def probabilities_valid(subject: Subject) -> Result:
    """Each in [0, 1], and each row's sum 1."""
    numbers = subject.answers.numbers
    off = np.abs(numbers.sum(axis=1) - 1)
    outside = np.maximum(-numbers, numbers - 1).max(axis=1)
    worst = np.nan_to_num(np.maximum(off, outside), nan=np.inf)
    bad = np.flatnonzero(worst > SUM_TOLERANCE)
    return held(
        float(worst.max()), SUM_TOLERANCE, good="All lie in [0, 1] and sum to one.",
        bad="Probabilities leave [0, 1] or do not sum to one. Normalise them in the classifier.",
        evidence=[{"row": int(place) + 1, "sum": float(numbers[place].sum())} for place in bad],
    )  # fmt: skip


def label_fits_probability(subject: Subject) -> Result:
    """The answered class is the likeliest one, or of two the one on its side of the model's threshold."""
    model, found = subject.model, subject.answers
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    declared = list(subject.signature.classes)
    if found.numbers.shape[1] != len(declared):
        return failed("There are not as many probabilities as declared classes.")
    by_itself = np.asarray(model.predict(subject.signature.frame(subject.rows))).tolist()
    tied = np.sort(found.numbers, axis=1)
    close = tied[:, -1] - tied[:, -2] < 1e-9 if len(declared) > 1 else np.zeros(len(found), dtype=bool)
    likeliest = [declared[place] for place in found.numbers.argmax(axis=1)]
    own = getattr(last, "threshold_", None) is not None
    wrong = [
        {"row": place + 1, "predict": one, "answered": label, "likeliest": best}
        for place, (one, label, best) in enumerate(zip(by_itself, found.labels, likeliest, strict=True))
        if not close[place] and (str(one) != str(label) or (not own and str(label) != str(best)))
    ]
    return held(
        len(wrong), 0, evidence=wrong, good="The class answered is the one that the probabilities name.",
        bad="The model's own prediction is not the class with the highest probability. Its classes are in another"
        " order than its probabilities.",
    )  # fmt: skip


def not_constant(subject: Subject) -> Result:
    """Different rows get different answers."""
    found = subject.answers
    if len(found) < LEAST_ROWS:
        return skipped(f"{len(found)} rows are too few to tell; {LEAST_ROWS} are needed.")
    shown = [
        (label, *np.round(numbers, 12).tolist())
        for label, numbers in zip(found.labels, found.numbers, strict=True)
    ]
    counts = Counter(shown)
    return held(
        len(counts), 2, side=AT_LEAST, good=f"{len(found):,} rows get {len(counts):,} different answers.",
        bad="Every row gets the same answer: the model has learnt nothing from its inputs. Look at the features and"
        " the target.",
    )  # fmt: skip


def one_class_only(subject: Subject) -> Result:
    """More than one class is ever answered on the test rows."""
    predicted, truth = subject.tested.predicted, subject.tested.truth
    kinds, there = len(np.unique(predicted)), len(np.unique(truth))
    if there < 2:
        return skipped("The test rows are all of one class.")
    share = float(np.bincount(predicted.astype(int)).max() / len(predicted))
    return held(
        kinds, 2, side=AT_LEAST, good=f"{kinds} of {there} classes are answered, the commonest for {share:.0%}.",
        bad=f"Of {there} classes only one is ever answered. Weigh the classes, or set a threshold of its own.",
    )  # fmt: skip


def within_range(subject: Subject) -> Result:
    """Answers lie near what training has seen of the target."""
    known = subject.table.work.target[subject.table.parts.train].astype(float)
    low, high = float(known.min()), float(known.max())
    reach = REACH * (high - low)
    predicted = subject.tested.predicted
    outside = np.flatnonzero((predicted < low - reach) | (predicted > high + reach))
    share = len(outside) / max(1, len(predicted))
    return held(
        share, MOST_OUTSIDE, good=f"Answers lie near {low:.4g} to {high:.4g}, the range of the target in training.",
        bad=f"{share:.1%} of the answers lie far outside {low:.4g} to {high:.4g}, the range in training. Clip them, or"
        " look for inputs of another unit.",
        evidence=[{"test row": int(place) + 1, "answer": float(predicted[place])} for place in outside],
    )  # fmt: skip


def quantiles_ordered(subject: Subject) -> Result:
    """A higher quantile is never below a lower one."""
    found = subject.ask(subject.rows).get("quantiles")
    if not found:
        return skipped("The model predicts no quantiles.")
    numbers = np.array([list(row.values()) for row in found])
    crossed = np.flatnonzero((np.diff(numbers, axis=1) < -1e-9).any(axis=1))
    if len(crossed):
        return failed("Quantiles cross: a higher one lies below a lower one. Sort them in the estimator.",
                      len(crossed), 0, evidence=[{"row": int(place) + 1} for place in crossed])  # fmt: skip
    return passed("No quantiles cross.", 0, 0)


CHECKS = (
    Check("finite_answers", "No NaN comes out", GROUP, finite_answers, "answers to real rows are finite numbers"),
    Check("probabilities_valid", "Probabilities are valid", GROUP, probabilities_valid,
          "each in [0, 1], each row's sum 1 within 10⁻⁶", CLASSIFICATION),
    Check("label_fits_probability", "Class fits its probability", GROUP, label_fits_probability,
          "the class answered is the likeliest, or the one that the threshold names", CLASSIFICATION),
    Check("not_constant", "Answers differ", GROUP, not_constant, "not every row gets the same answer"),
    Check("one_class_only", "More than one class", GROUP, one_class_only,
          "more than one class is answered on the test rows", CLASSIFICATION, (DATA,), WARNS),
    Check("within_range", "Answers in range", GROUP, within_range,
          "at most 1 % lie further outside the target's range in training than half of it", REGRESSION, (DATA,), WARNS),
    Check("quantiles_ordered", "Quantiles do not cross", GROUP, quantiles_ordered,
          "a higher quantile is never below a lower one", REGRESSION),
)  # fmt: skip
