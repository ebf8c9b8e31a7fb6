"""Trees of random questions in the arrays of a form, for tests of the ways through them."""

from __future__ import annotations

import numpy as np

from mlregistry.ml.compiling.forms import Array

N_FEATURES = 5


def planted(
    n_leaves: list[int], *, chains: bool, kind: type = np.float32
) -> tuple[Array, Array, Array, Array, Array]:
    """Trees of so many leaves each, split at random (or always at the same end), siblings side by side."""
    rng = np.random.default_rng(3)
    feature: list[int] = []
    threshold: list[float] = []
    left: list[int] = []
    roots: list[int] = []

    def add() -> int:
        feature.append(0)
        threshold.append(np.inf)
        left.append(len(left))
        return len(left) - 1

    for wanted in n_leaves:
        leaves = [add()]
        roots.append(leaves[0])
        while len(leaves) < wanted:
            # Children lie behind their parents, so any leaf may be split next.
            node = leaves.pop(-1 if chains else int(rng.integers(len(leaves))))
            feature[node], threshold[node] = int(rng.integers(N_FEATURES)), float(rng.integers(-3, 4))
            left[node] = add()
            leaves += [left[node], add()]
    slot = rng.permutation(len(left))
    return np.array(feature), np.array(threshold, dtype=kind), np.array(left), slot, np.array(roots)
