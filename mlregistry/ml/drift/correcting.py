"""p-values of many columns, adjusted so that each can be held against the level for all. Called by judging."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from mlregistry.lib.lazily import lazily

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
else:
    np = lazily("numpy")


def _none(ordered: Floats) -> Floats:
    return ordered


def _bonferroni(ordered: Floats) -> Floats:
    return ordered * len(ordered)


def _holm(ordered: Floats) -> Floats:
    """Holm (1979): no false alarm at all, with the probability of the level."""
    found: Floats = np.maximum.accumulate(ordered * np.arange(len(ordered), 0, -1))
    return found


def _benjamini_hochberg(ordered: Floats) -> Floats:
    """Benjamini and Hochberg (1995): among the alarms, a share of the level is false."""
    n = len(ordered)
    scaled = ordered * n / np.arange(1, n + 1)
    found: Floats = np.minimum.accumulate(scaled[::-1])[::-1]
    return found


CORRECTIONS: Mapping[str, Callable[[Floats], Floats]] = MappingProxyType(
    {
        "benjamini_hochberg": _benjamini_hochberg,
        "holm": _holm,
        "bonferroni": _bonferroni,
        "none": _none,
    }
)


def adjusted(values: Sequence[float], correction: str) -> list[float]:
    """In the order given, each at most 1."""
    if not values:
        return []
    array = np.asarray(values, dtype=np.float64)
    order = np.argsort(array, kind="stable")
    found = np.empty(len(array))
    found[order] = np.minimum(CORRECTIONS[correction](array[order]), 1.0)
    return [float(value) for value in found]
