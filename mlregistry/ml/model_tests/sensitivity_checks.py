"""Checks of what moves a model: noise, single features, newer data. Rows of the table of checks."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlregistry.ml.contracts import shifts
from mlregistry.ml.model_tests.answers import Told, told
from mlregistry.ml.model_tests.check import ALL, DATA, NEWEST, ON_ROWS, SUPERVISED, WARNS, Check
from mlregistry.ml.model_tests.result import Result, failed, held, passed, skipped
from mlregistry.ml.model_tests.subject import SEED, Subject

Array = npt.NDArray[Any]
GROUP = "Sensitivity"
NOISE = 0.01  # of each column's standard deviation
MOST_COLUMNS = 60
MOST_IMPORTANCE_ROWS = 500
LEAST_COLUMNS = 3
LEAST_ROWS = 20
BINS = 10
MOST_CATEGORIES = 50


def noise(subject: Subject) -> Result:
    """A hundredth of each float column's spread is added: which answers change?"""
    if subject.looks_back:
        return skipped("The model looks back at earlier rows.")
    columns = {
        one.name: _spread(subject, one.name) for one in subject.signature.inputs if one.type == "float"
    }
    columns = {name: spread for name, spread in columns.items() if spread > 0}
    if not columns or len(subject.rows) < LEAST_ROWS:
        return skipped("There is no float column with rows enough to shake.")
    chance = np.random.default_rng(SEED)
    rows = [
        {**row, **{name: row[name] + NOISE * spread * float(chance.standard_normal())
                   for name, spread in columns.items() if row[name] is not None}}
        for row in subject.rows
    ]  # fmt: skip
    share = _moved(
        subject.answers,
        told(subject.ask(rows)),
        bool(subject.signature.classes) or subject.kind == "clustering",
    )
    what = "of the spread of answers" if subject.kind == "regression" else "of the answers"
    return held(
        share, subject.bounds["noise"], good=f"A hundredth of noise moves {share:.2%} {what}.",
        bad=f"A hundredth of noise moves {share:.1%} {what}. The model is nervous: smooth it, or regularise more.",
    )  # fmt: skip


def _spread(subject: Subject, name: str) -> float:
    values = [row[name] for row in subject.rows if row[name] is not None]
    return float(np.std(values)) if values else 0.0


def _moved(before: Told, after: Told, labelled: bool) -> float:
    """The share of labels that change; of numbers, the root mean square change by their standard deviation."""
    if labelled:
        return float(np.mean([one != other for one, other in zip(before.labels, after.labels, strict=True)]))
    one, other = before.numbers[:, 0], after.numbers[:, 0]
    spread = float(np.std(one))
    return float(np.sqrt(np.mean((one - other) ** 2)) / spread) if spread > 0 else 0.0


def importance(subject: Subject) -> Result:
    """Each input shuffled among test rows: how much of all the metric's fall is one input's?"""
    data, places = (
        subject.table,
        subject.test_places[:: max(1, len(subject.test_places) // MOST_IMPORTANCE_ROWS)],
    )
    names = [one.name for one in subject.signature.inputs if one.name in data.work.frame.columns]
    if subject.looks_back or len(names) < LEAST_COLUMNS or len(places) < LEAST_ROWS:
        return skipped(
            f"It takes {LEAST_COLUMNS} inputs and {LEAST_ROWS} test rows, and no look at earlier rows."
        )
    falls = _falls(subject, names[:MOST_COLUMNS], places)
    total = sum(falls.values())
    if total <= 0:
        return skipped("No input moves the metric, so there is nothing to share out.")
    ranked = sorted(falls, key=lambda name: -falls[name])
    share = falls[ranked[0]] / total
    return held(
        share, subject.bounds["importance"],
        evidence=[{"feature": name, "share": falls[name] / total} for name in ranked[:8]],
        good=f"“{ranked[0]}” carries {share:.0%} of the importance, the most of {len(falls)} inputs.",
        bad=f"“{ranked[0]}” carries {share:.0%} of the importance: where it fails, all fails. See that it is sound, and"
        " watch it in serving.",
    )  # fmt: skip


def _falls(subject: Subject, names: list[str], places: Array) -> dict[str, float]:
    work = subject.table.work
    frame = work.frame.iloc[places].reset_index(drop=True)
    order = np.random.default_rng(SEED).permutation(len(frame))
    whole = subject.value(subject.outcome_of(frame, places))
    found = {}
    for name in names:
        shuffled = frame.assign(**{name: frame[name].to_numpy()[order]}).astype({name: frame[name].dtype})
        value = subject.value(subject.outcome_of(shuffled, places))
        found[name] = max(0.0, subject.gain(whole, value)) if np.isfinite(value) else 0.0
    return found


def drift(subject: Subject) -> Result:
    """Population stability index of every input, training rows against the newest version of the data."""
    if subject.frame is None or subject.newest is None:
        return skipped("There is no newer version of the data.")
    found = {}
    for one in subject.signature.inputs:
        if one.name not in subject.newest.columns:
            return failed(
                f"The newest data have no column “{one.name}”. Train on them anew, or mend their source."
            )
        shift = _shift(subject.frame[one.name], subject.newest[one.name])
        if shift is not None and shift.is_real:
            found[one.name] = shift.value
    if not found:
        return passed("The newest data lie where the training data lay.", 0, subject.bounds["drift"])
    ranked = sorted(found, key=lambda name: -found[name])
    return held(
        found[ranked[0]], subject.bounds["drift"], evidence=[{"feature": name, "PSI": found[name]} for name in ranked],
        good=f"“{ranked[0]}” has moved most, and not far.",
        bad=f"“{ranked[0]}” has moved since training. Train on the newest version of the data.",
    )  # fmt: skip


def _shift(before: pd.Series[Any], after: pd.Series[Any]) -> shifts.Shift | None:
    if not len(before) or not len(after):
        return None
    if (
        pd.api.types.is_numeric_dtype(before)
        and pd.api.types.is_numeric_dtype(after)
        and before.nunique() > MOST_CATEGORIES
    ):
        left, right = (one.to_numpy(dtype=np.float64, na_value=np.nan) for one in (before, after))
        edges = np.unique(np.nanquantile(left, np.linspace(0, 1, BINS + 1)[1:-1]))
        counts = [
            _counts(np.searchsorted(edges, one[~np.isnan(one)], "right"), np.isnan(one), len(edges))
            for one in (left, right)
        ]
    else:
        if before.nunique() > 10 * MOST_CATEGORIES:
            return None
        left_text, right_text = before.astype("string").fillna("␀"), after.astype("string").fillna("␀")
        known = list(left_text.value_counts().index[:MOST_CATEGORIES])
        counts = [_by_category(one, known) for one in (left_text, right_text)]
    return shifts.of_counts(counts[0], counts[1], "psi") if sum(counts[0]) and sum(counts[1]) else None


def _counts(places: Array, gaps: Array, n_edges: int) -> list[float]:
    return [*np.bincount(places, minlength=n_edges + 1).astype(float).tolist(), float(gaps.sum())]


def _by_category(column: pd.Series[Any], known: list[str]) -> list[float]:
    counts = column.value_counts()
    found = [float(counts.get(name, 0)) for name in known]
    return [*found, float(len(column)) - sum(found)]


CHECKS = (
    Check("noise", "A little noise moves little", GROUP, noise,
          "a hundredth of each float column's spread is added", ON_ROWS, severity=WARNS),
    Check("importance", "No feature carries all", GROUP, importance,
          "each input shuffled among test rows; the share of the most important one", SUPERVISED, (DATA,), WARNS),
    Check("drift", "Newest data are like training", GROUP, drift,
          "population stability index of every input, and whether it is still there", ALL, (NEWEST,), WARNS),
)  # fmt: skip
