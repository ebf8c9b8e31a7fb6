"""ALS of `implicit`, tuned on a validation part and fitted again with it; runs in an environment of its own.

`python implicit_als.py FOLDER`: reads pairs.npz, writes lists.npz with a list of ten for each user of the test.
"""

import itertools
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from scipy import sparse

GRID = {
    "factors": (16, 32, 64, 128),
    "regularization": (0.1, 3.0, 10.0, 30.0, 100.0),
    "alpha": (0.3, 1.0, 3.0, 10.0, 40.0),
}
ITERATIONS = 15
K = 10


def main() -> None:
    folder = Path(sys.argv[1])
    data = np.load(folder / "pairs.npz")
    shape = (int(data["n_users"]), int(data["n_items"]))
    train = _matrix(data["train"], shape)
    validation = _matrix(data["validation"], shape)
    start, found = time.perf_counter(), []
    for values in itertools.product(*GRID.values()):
        params = dict(zip(GRID, values, strict=True))
        users, lists = _lists(train, params, validation)
        found.append((_ndcg(users, lists, validation), params))
    score, best = max(found, key=lambda pair: pair[0])
    whole = _matrix(np.vstack([data["train"], data["validation"]]), shape)
    users, lists = _lists(whole, best, _matrix(data["test"], shape))
    np.savez(folder / "lists.npz", users=users, lists=lists)
    seconds = time.perf_counter() - start
    told = {"params": best, "validation": score, "n_fits": len(found), "seconds": seconds}
    (folder / "told.json").write_text(json.dumps(told))


def _matrix(pairs: np.ndarray, shape: tuple[int, int]) -> sparse.csr_matrix:
    ones = np.ones(len(pairs), dtype=np.float32)
    found = sparse.csr_matrix((ones, (pairs[:, 0], pairs[:, 1])), shape=shape)
    found.data[:] = 1.0
    return found


def _lists(
    matrix: sparse.csr_matrix, params: dict[str, Any], wanted: sparse.csr_matrix
) -> tuple[np.ndarray, np.ndarray]:
    model = AlternatingLeastSquares(**params, iterations=ITERATIONS, random_state=1, num_threads=1)
    model.fit(matrix, show_progress=False)
    users = np.flatnonzero(np.diff(wanted.indptr))
    lists, _ = model.recommend(users, matrix[users], N=K, filter_already_liked_items=True)
    return users, lists


def _ndcg(users: np.ndarray, lists: np.ndarray, wanted: sparse.csr_matrix) -> float:
    discounts = 1 / np.log2(np.arange(2, K + 2))
    best = np.cumsum(discounts)
    scores = []
    for user, row in zip(users, lists, strict=True):
        own = wanted.indices[wanted.indptr[user] : wanted.indptr[user + 1]]
        scores.append((np.isin(row, own) * discounts).sum() / best[min(len(own), K) - 1])
    return float(np.mean(scores))


if __name__ == "__main__":
    main()
