"""How alike the sets are that a method keeps in different folds. Called by the study."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

Kept = frozenset[str]


def jaccard(sets: Sequence[Kept]) -> float:
    """The mean over all pairs of shared features among those that either keeps; 1 for equal sets."""
    pairs = [len(a & b) / len(a | b) if a | b else 1.0 for a, b in combinations(sets, 2)]
    return sum(pairs) / len(pairs) if pairs else 1.0


def kuncheva(sets: Sequence[Kept], n_features: int) -> float | None:
    """The same less what chance would give, −1 to 1 (Kuncheva 2007); None unless all sets have one size below all."""
    sizes = {len(one) for one in sets}
    if len(sets) < 2 or len(sizes) != 1 or not 0 < (size := sizes.pop()) < n_features:
        return None
    pairs = [
        (len(a & b) * n_features - size**2) / (size * (n_features - size)) for a, b in combinations(sets, 2)
    ]
    return sum(pairs) / len(pairs)
