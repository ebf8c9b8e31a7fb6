"""`python -m benchmarks.recommendation`: the recommenders on MovieLens small beside tuned ALS of `implicit`.

Each user's last fifth of ratings is the test, the fifth before it the validation. Every recommender has a grid that is
decided on the validation alone, is fitted again with it, and meets the test once; so has `implicit`, in .venv/peers.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.side_by_side import peers
from mlregistry.ml import metrics, recipes
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recommendation import evaluating, interactions, training
from mlregistry.ml.recommendation.interactions import Interactions, Parts
from mlregistry.ml.recommendation.metrics import LONGEST, Ranking

SPEC = ProblemSpec(
    "recommendation", (), "", "ndcg_at_10", "maximize", None, ("userId", "movieId"), "timestamp"
)
SHOWN = ("ndcg_at_10", "recall_at_10", "precision_at_10", "map_at_10", "coverage_at_10", "novelty_at_10")
GRIDS: dict[str, dict[str, tuple[Any, ...]]] = {
    "popularity": {},
    "item_neighbours": {"n_neighbours": (50, 100, 200, 400, 800), "shrinkage": (0.0, 10.0, 50.0)},
    "user_neighbours": {"n_neighbours": (20, 50, 100, 200), "shrinkage": (0.0, 10.0, 50.0)},
    "ease": {
        "regularization": (50.0, 100.0, 150.0, 200.0, 250.0, 300.0, 400.0, 500.0, 700.0, 1000.0, 2000.0)
    },
    "svd": {"factors": (4, 8, 16, 32, 64)},
    "nmf": {"factors": (8, 16, 32)},
}
PARSED_SPLIT = {"method": "train_validation_test", "test_fraction": 0.2, "validation_fraction": 0.2}


def main() -> None:
    options = _options()
    source = Path(options.data) / "movielens_small_ratings.csv"
    if not source.exists():
        sys.exit(f"{source} is not there.")
    plan = recipes.parse({"estimator": "ease", "split": PARSED_SPLIT}, kind="recommendation").split
    found = interactions.read(SPEC, plan, pd.read_csv(source))
    parts = interactions.part(found, plan, 0)
    print(f"{len(found):,} ratings, {len(found.user_keys):,} users, {len(found.item_keys):,} items;", end=" ")
    print(f"{len(parts.train):,} train, {len(parts.validation):,} validation, {len(parts.test):,} test\n")
    print(f"| recommender | params | fits | seconds | validation NDCG@10 | {' | '.join(SHOWN)} |")
    print(f"|---|---|{'---:|' * (3 + len(SHOWN))}")
    _peer(found, parts, Path(options.peers))
    for name, grid in GRIDS.items():
        if options.only in name:
            _own(found, parts, name, grid)


def _own(found: Interactions, parts: Parts, name: str, grid: dict[str, tuple[Any, ...]]) -> None:
    start, tried = time.perf_counter(), []
    for values in itertools.product(*grid.values()):
        params = dict(zip(grid, values, strict=True))
        tried.append((_measured(found, name, params, parts.train, parts.validation)["ndcg_at_10"], params))
    score, best = max(tried, key=lambda pair: pair[0])
    whole = np.concatenate([parts.train, parts.validation])
    tested = _measured(found, name, best, whole, parts.test)
    _row(name, best, len(tried), time.perf_counter() - start, score, tested)


def _measured(
    found: Interactions, name: str, params: dict[str, Any], fitted: Any, rows: Any
) -> dict[str, float]:
    recipe = recipes.parse({"estimator": name, "params": params}, kind="recommendation")
    model, numbering = training.fit(found, recipe, fitted, 0.0)
    ranking, _ = evaluating.rank(model, found, numbering, rows, 0.0)
    return metrics.measure("recommendation", ranking)


def _peer(found: Interactions, parts: Parts, folder: Path) -> None:
    """The same rows for `implicit`; its lists are measured by the same functions."""
    python = peers.program("implicit", folder)
    with tempfile.TemporaryDirectory(prefix="mlregistry-bench-") as work:
        pairs: dict[str, Any] = {
            name: np.column_stack([found.users[rows], found.items[rows]])
            for name, rows in (("train", parts.train), ("validation", parts.validation), ("test", parts.test))
        }
        np.savez(
            Path(work) / "pairs.npz", n_users=len(found.user_keys), n_items=len(found.item_keys), **pairs
        )
        script = Path(__file__).parent / "recommending" / "implicit_als.py"
        subprocess.run([python, str(script), work], check=True)
        told = json.loads((Path(work) / "told.json").read_text())
        lists = np.load(Path(work) / "lists.npz")
        ranking = _ranking(found, parts, lists["users"], lists["lists"])
    tested = metrics.measure("recommendation", ranking)
    _row("implicit ALS", told["params"], told["n_fits"], told["seconds"], told["validation"], tested)


def _ranking(found: Interactions, parts: Parts, users: Any, lists: Any) -> Ranking:
    items = np.full((len(users), LONGEST), -1)
    items[:, : lists.shape[1]] = lists
    hits = np.zeros(items.shape, dtype=bool)
    counts = np.zeros(len(users), dtype=int)
    for place, user in enumerate(users):
        own = np.unique(found.items[parts.test][found.users[parts.test] == user])
        hits[place], counts[place] = np.isin(items[place], own), len(own)
    whole = np.concatenate([parts.train, parts.validation])
    had = np.unique(found.users[whole] * np.int64(len(found.item_keys)) + found.items[whole])
    shares = np.bincount(had % len(found.item_keys), minlength=len(found.item_keys)) / len(found.user_keys)
    return Ranking(items, hits, counts, shares)


def _row(name: str, params: Any, n_fits: int, seconds: float, score: float, tested: dict[str, float]) -> None:
    told = ", ".join(f"{key} {value:g}" for key, value in params.items()) or "–"
    cells = [f"{tested[metric]:.4f}" for metric in SHOWN]
    print(f"| {name} | {told} | {n_fits} | {seconds:,.0f} | {score:.4f} | {' | '.join(cells)} |", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="../shared/data", help="folder with movielens_small_ratings.csv")
    parser.add_argument("--peers", default=".venv/peers", help="where environments of peers are")
    parser.add_argument("--only", default="", help="a word of the recommenders to run")
    return parser.parse_args()


if __name__ == "__main__":
    main()
