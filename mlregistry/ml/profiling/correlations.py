"""How strongly columns go together, on the sample: Pearson, Spearman, Cramér's V, correlation ratio.

Called by depths.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from mlregistry.ml.profiling import sorted_values
from mlregistry.ml.profiling.document import Column, Correlations, Matrix, Pair
from mlregistry.ml.profiling.limits import ProfileLimits
from mlregistry.ml.profiling.sample import MISSING, Codes, Floats, Sample

MOST_CATEGORIES = 50
MOST_COMPARISONS = 100_000_000
WEAKEST_LISTED = 0.3


def between(sample: Sample, columns: Sequence[Column], limits: ProfileLimits) -> Correlations:
    """The first columns up to the limit; wide tables on fewer rows, so that the work has a bound."""
    numeric = [
        column.name
        for column in columns
        if column.kind in ("numeric", "boolean") and column.name in sample.floats
    ]
    named = [
        column.name
        for column in columns
        if column.kind in ("categorical", "boolean") and column.n_distinct <= MOST_CATEGORIES
    ]
    left_out = sum(max(0, len(names) - limits.correlated_columns) for names in (numeric, named))
    numeric, named = numeric[: limits.correlated_columns], named[: limits.correlated_columns]
    n_pairs = max(1, len(numeric) ** 2 // 2)
    rows = sample.thinned(max(1000, MOST_COMPARISONS // n_pairs))
    linear = pearson([rows.floats[name] for name in numeric])
    ranked = spearman([rows.floats[name] for name in numeric])
    classes = {name: rows.classes(name) for name in named}
    associated = [[1.0 if a == b else cramers_v(classes[a], classes[b]) for b in named] for a in named]
    ratios = tuple(_ratios(rows, numeric, classes))
    matrices = (_matrix(numeric, linear), _matrix(numeric, ranked), _matrix(named, associated))
    return Correlations(
        n_rows=rows.n,
        pearson=matrices[0],
        spearman=matrices[1],
        cramers_v=matrices[2],
        ratio=tuple(sorted(ratios, key=_weaker))[: limits.strongest_pairs * 4],
        strongest=_strongest(matrices, ratios, limits.strongest_pairs),
        columns_left_out=left_out,
    )


def pearson(columns: Sequence[Floats]) -> list[list[float]]:
    """Each pair over the rows in which both are there; NaN where one does not vary."""
    if not columns:
        return []
    values = np.column_stack(columns)
    there = (~np.isnan(values)).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        far = np.nan_to_num(values - _means(values))
        scale = np.abs(far).max(axis=0, initial=0.0)
        centred = far / np.where(scale > 0, scale, 1.0)
        n = there.T @ there
        sums = centred.T @ there
        products = centred.T @ centred
        squares = (centred * centred).T @ there
        shared = products - sums * sums.T / n
        spread = squares - sums * sums / n
        found = shared / np.sqrt(spread * spread.T)
    found[(n < 2) | (spread <= 1e-14 * squares) | (spread.T <= 1e-14 * squares.T)] = np.nan
    rows: list[list[float]] = np.clip(found, -1, 1).tolist()
    return rows


def _means(values: Floats) -> Floats:
    there = ~np.isnan(values)
    means: Floats = np.where(there, values, 0).sum(axis=0) / np.maximum(1, there.sum(axis=0))
    return means


def spearman(columns: Sequence[Floats]) -> list[list[float]]:
    """Pearson of the ranks, taken anew for each pair whose gaps differ."""
    gaps = [np.isnan(values) for values in columns]
    whole = [place for place, gap in enumerate(gaps) if not gap.any()]
    found = [[math.nan] * len(columns) for _ in columns]
    at_once = pearson([ranks(columns[place]) for place in whole])
    for row, place in zip(at_once, whole, strict=True):
        for value, other in zip(row, whole, strict=True):
            found[place][other] = value
    for a, b in combinations(range(len(columns)), 2):
        if gaps[a].any() or gaps[b].any():
            there = ~(gaps[a] | gaps[b])
            pair = [ranks(columns[a][there]), ranks(columns[b][there])]
            found[a][b] = found[b][a] = pearson(pair)[0][1] if there.sum() > 1 else math.nan
    for place in range(len(columns)):
        found[place][place] = 1.0
    return found


def ranks(values: Floats) -> Floats:
    """From 1 on; equal values share the mean of theirs. No NaN among them."""
    order = np.argsort(values)
    runs = sorted_values.runs(values[order])
    found = np.empty(len(values))
    found[order] = np.repeat(runs.starts + (runs.counts + 1) / 2, runs.counts)
    return found


def cramers_v(left: Codes, right: Codes) -> float:
    """Without a correction for bias; NaN where one of them does not vary (Cramér 1946)."""
    table = crossed(left, right)
    n, smaller = table.sum(), min(table.shape) - 1
    if not n or smaller < 1:
        return math.nan
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / n
    chi_square = ((table - expected) ** 2 / expected).sum()
    return float(min(1.0, math.sqrt(chi_square / (n * smaller))))


def crossed(left: Codes, right: Codes) -> Floats:
    """How often each pair of codes comes; rows and columns of zeros are left out, missing too."""
    there = (left != MISSING) & (right != MISSING)
    left, right = left[there], right[there]
    width = int(right.max(initial=0)) + 1
    table = np.bincount(left * width + right, minlength=(int(left.max(initial=0)) + 1) * width).reshape(
        -1, width
    )
    filled: Floats = table[table.any(axis=1)][:, table.any(axis=0)].astype(np.float64)
    return filled


def correlation_ratio(codes: Codes, values: Floats) -> float:
    """η: the root of the variance between the groups over all variance (Fisher 1925)."""
    there = (codes != MISSING) & ~np.isnan(values)
    groups, numbers = codes[there], values[there]
    if len(numbers) < 2:
        return math.nan
    far = numbers - numbers.mean()
    total = float((far * far).sum())
    counts, sums = np.bincount(groups), np.bincount(groups, weights=far)
    filled = counts > 0
    between_groups = float((sums[filled] ** 2 / counts[filled]).sum())
    return math.sqrt(min(1.0, between_groups / total)) if total > 0 else math.nan


def _ratios(sample: Sample, numeric: Sequence[str], classes: dict[str, Codes]) -> Iterator[Pair]:
    for left, codes in classes.items():
        for right in numeric:
            value = correlation_ratio(codes, sample.floats[right]) if left != right else math.nan
            if not math.isnan(value):
                yield Pair(left, right, value, "correlation_ratio")


def _matrix(columns: Sequence[str], values: Sequence[Sequence[float]]) -> Matrix:
    rows = tuple(tuple(None if math.isnan(value) else value for value in row) for row in values)
    return Matrix(tuple(columns), rows)


def _weaker(pair: Pair) -> tuple[float, str, str]:
    return -abs(pair.value), pair.left, pair.right


def _strongest(matrices: Sequence[Matrix], ratios: Sequence[Pair], n: int) -> tuple[Pair, ...]:
    """A pair of numbers once, by the stronger of its two measures."""
    best: dict[tuple[str, str], Pair] = {}
    for matrix, measure in zip(matrices, ("pearson", "spearman", "cramers_v"), strict=True):
        for a, b in combinations(range(len(matrix.columns)), 2):
            value = matrix.values[a][b]
            if value is None or abs(value) < WEAKEST_LISTED:
                continue
            pair = Pair(matrix.columns[a], matrix.columns[b], value, measure)
            known = best.get((pair.left, pair.right))
            if known is None or abs(known.value) < abs(value):
                best[pair.left, pair.right] = pair
    listed = [*best.values(), *(pair for pair in ratios if pair.value >= WEAKEST_LISTED)]
    return tuple(sorted(listed, key=_weaker)[:n])
