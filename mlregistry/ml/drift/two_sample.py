"""Drift that no single column shows: can a classifier tell the window's rows from the baseline's? Called by jobs.

Lopez-Paz and Oquab, "Revisiting classifier two-sample tests" (2017): trained on some folds, asked about the others.
Where nothing drifts it guesses, and its AUC is 1/2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    from scipy import stats
    from sklearn import ensemble
    from sklearn import model_selection as selection

    from mlregistry.ml.drift.sides import Floats

    Labels = npt.NDArray[np.int64]
else:
    np, pd, stats = lazily("numpy"), lazily("pandas"), lazily("scipy.stats")
    ensemble, selection = lazily("sklearn.ensemble"), lazily("sklearn.model_selection")

MOST_ROWS = 4_000  # of each side
LEAST_ROWS = 50
MOST_COLUMNS = 500
N_FOLDS = 5
N_CATEGORIES = 30
LEAST_AUC = 0.55
Z95 = 1.959963984540054


@dataclass(frozen=True)
class Teller:
    """A column, and how much of the AUC goes when its values are shuffled."""

    name: str
    drop: float


@dataclass(frozen=True)
class TwoSample:
    """The AUC with its 95 % interval by DeLong's variance; `p_value` is one-sided, by Mann and Whitney's."""

    auc: float
    low: float
    high: float
    p_value: float
    drifted: bool
    n_reference: int
    n_current: int
    columns: tuple[Teller, ...]  # those that tell most first


def two_sample(
    reference: Mapping[str, Any] | Any,
    current: Mapping[str, Any] | Any,
    *,
    alpha: float = 0.05,
    least_auc: float = LEAST_AUC,
    seed: int = 0,
) -> TwoSample:
    """On the columns that both sides have, times left out; at most 4,000 rows of each side. Equal seeds, equal answers.

    Invalid for under 50 rows on a side, and where the sides share no column that can be told apart.
    """
    rng = np.random.default_rng(seed)
    sides = [_sampled(pd.DataFrame(side), rng) for side in (reference, current)]
    sizes = [len(side) for side in sides]
    if min(sizes) < LEAST_ROWS:
        raise Invalid(f"Each side needs at least {LEAST_ROWS} rows; there are {min(sizes)}.", field="rows")
    names = [name for name in sides[0] if name in sides[1].columns][:MOST_COLUMNS]
    matrix, kept = _matrix(pd.concat([side[names] for side in sides], ignore_index=True))
    labels = np.repeat(np.arange(2), sizes)
    with threadpool_limits(1, user_api="openmp"):  # threads cost more than they bring on so few rows
        folds = _folds(matrix, labels, rng, seed)
    return _judged(folds, kept, sizes, (alpha, least_auc))


@dataclass(frozen=True)
class _Fold:
    """What came out on the rows that a fold's classifier has not seen."""

    auc: float
    variance: float
    quiet_variance: float
    drops: Floats


def _sampled(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    if len(frame) <= MOST_ROWS:
        return frame
    return frame.iloc[np.sort(rng.choice(len(frame), MOST_ROWS, replace=False))]


def _matrix(frame: pd.DataFrame) -> tuple[Floats, list[str]]:
    """Numbers as they are, categories as the rank of their frequency; columns that never vary tell nothing."""
    columns, names = [], []
    for name in frame:
        values = _numbers(frame[name])
        if values is not None and len(np.unique(values[~np.isnan(values)])) + np.isnan(values).any() > 1:
            columns.append(values)
            names.append(str(name))
    if not columns:
        raise Invalid("The sides share no column that varies.", field="columns")
    return np.column_stack(columns), names


def _numbers(series: pd.Series[Any]) -> Floats | None:
    if series.dtype.kind in "iufb":
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
        found: Floats = np.where(np.isfinite(values), values, np.nan)
        return found
    if series.dtype.kind in "mM":
        return None
    texts = series.where(series.isna(), series.astype(str))
    ranks = {value: float(place) for place, value in enumerate(texts.value_counts().index[:N_CATEGORIES])}
    coded = texts.map(lambda value: ranks.get(value, float(N_CATEGORIES)))
    return np.where(series.isna(), np.nan, coded.to_numpy(dtype=np.float64))


def _folds(matrix: Floats, labels: Labels, rng: np.random.Generator, seed: int) -> list[_Fold]:
    splits = selection.StratifiedKFold(N_FOLDS, shuffle=True, random_state=seed)
    found = []
    for train, test in splits.split(matrix, labels):
        model = ensemble.HistGradientBoostingClassifier(
            max_iter=40, max_leaf_nodes=12, learning_rate=0.15, early_stopping=False, random_state=seed
        )
        model.fit(matrix[train], labels[train])
        found.append(_fold(model, matrix[test], labels[test], rng))
    return found


def _fold(
    model: ensemble.HistGradientBoostingClassifier, rows: Floats, labels: Labels, rng: np.random.Generator
) -> _Fold:
    auc, variance = delong(model.decision_function(rows), labels)
    drops = np.zeros(rows.shape[1])
    shuffled = rows.copy()
    for place in range(rows.shape[1]):
        shuffled[:, place] = rng.permutation(rows[:, place])
        drops[place] = auc - delong(model.decision_function(shuffled), labels)[0]
        shuffled[:, place] = rows[:, place]
    n, m = int((labels == 0).sum()), int((labels == 1).sum())
    return _Fold(auc, variance, (n + m + 1) / (12 * n * m), drops)


def delong(scores: Floats, labels: Labels) -> tuple[float, float]:
    """The AUC of the labels 1 and its variance (DeLong, DeLong and Clarke-Pearson 1988), by ranks."""
    ones, zeros = scores[labels == 1], scores[labels == 0]
    n, m = len(ones), len(zeros)
    ranks = stats.rankdata(np.concatenate([ones, zeros]))
    above = (ranks[:n] - stats.rankdata(ones)) / m
    below = 1 - (ranks[n:] - stats.rankdata(zeros)) / n
    return float(above.mean()), float(above.var(ddof=1) / n + below.var(ddof=1) / m)


def _judged(
    folds: Sequence[_Fold], names: Sequence[str], sizes: Sequence[int], rule: tuple[float, float]
) -> TwoSample:
    auc = sum(fold.auc for fold in folds) / len(folds)
    spread = Z95 * math.sqrt(sum(fold.variance for fold in folds)) / len(folds)
    quiet = math.sqrt(sum(fold.quiet_variance for fold in folds)) / len(folds)
    p_value = math.erfc((auc - 0.5) / quiet / math.sqrt(2)) / 2
    drops = np.mean([fold.drops for fold in folds], axis=0)
    tellers = [Teller(name, float(drop)) for name, drop in zip(names, drops, strict=True)]
    alpha, least_auc = rule
    return TwoSample(
        auc=auc,
        low=max(0.0, auc - spread),
        high=min(1.0, auc + spread),
        p_value=p_value,
        drifted=p_value <= alpha and auc >= least_auc,
        n_reference=sizes[0],
        n_current=sizes[1],
        columns=tuple(sorted(tellers, key=lambda teller: -teller.drop)),
    )
