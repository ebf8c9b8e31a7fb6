"""Both sides of a column in a few bins, for charts. Called by judging."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlregistry.lib.lazily import lazily
from mlregistry.ml.drift.report import Drawing
from mlregistry.ml.drift.shares import between
from mlregistry.ml.drift.sides import FEW_VALUES, Categories, Compared, Numbers

if TYPE_CHECKING:
    import numpy as np

    from mlregistry.ml.drift.sides import Floats
else:
    np = lazily("numpy")

BARS = 30
ENDS = (0.005, 0.995)
OTHERS = "others"
LONGEST_LABEL = 100


def drawn(compared: Compared) -> Drawing:
    """Numbers of many values in bars of equal width over the middle 99 % of both sides, else a bar per value."""
    if isinstance(compared, Categories):
        return _bars(compared)
    if compared.n_distinct_reference <= FEW_VALUES and compared.n_distinct <= BARS:
        return _bars(compared.categories())
    return _histogram(compared)


def _bars(categories: Categories) -> Drawing:
    """The most frequent values by their larger share, the others together."""
    reference = categories.reference / max(1, categories.n_reference)
    current = categories.current / max(1, categories.n_current)
    if len(categories.labels) <= BARS:
        order, rest = np.arange(len(categories.labels)), None
    else:
        ranked = np.argsort(-np.maximum(reference, current), kind="stable")
        order, rest = ranked[: BARS - 1], ranked[BARS - 1 :]
    labels = [categories.labels[place][:LONGEST_LABEL] for place in order.tolist()]
    sides = [[*side[order].tolist()] for side in (reference, current)]
    if rest is not None:
        labels.append(OTHERS)
        for side, shares in zip(sides, (reference, current), strict=True):
            side.append(float(shares[rest].sum()))
    return Drawing(tuple(sides[0]), tuple(sides[1]), labels=tuple(labels))


def _histogram(numbers: Numbers) -> Drawing:
    left, right = numbers.quantiles(np.array(ENDS))
    low, high = float(min(left[0], right[0])), float(max(left[1], right[1]))
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, BARS + 1)
    shares = between(numbers, _open(edges))
    return Drawing(_as_tuple(shares.reference), _as_tuple(shares.current), edges=_as_tuple(edges))


def _open(edges: Floats) -> Floats:
    found: Floats = np.concatenate([[-np.inf], edges[1:-1], [np.inf]])
    return found


def _as_tuple(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
