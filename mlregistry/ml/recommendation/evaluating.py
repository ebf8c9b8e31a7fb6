"""Lists for users whose later rows are held back, and whether what they then had is in them. Called by training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlregistry.ml.recommendation.fitting import Rows
from mlregistry.ml.recommendation.interactions import Interactions
from mlregistry.ml.recommendation.metrics import LONGEST, Ranking
from mlregistry.ml.recommendation.recommender import Recommender, top
from mlregistry.ml.recommendation.scoring import Ratings

Array = npt.NDArray[Any]
BLOCK_USERS = 256


@dataclass(frozen=True)
class Numbering:
    """From numbers of all users and items to those of training, −1 for who and what is not in it."""

    users: Array
    items: Array


def training_rows(found: Interactions, rows: Array, liked_from: float) -> tuple[Rows, Numbering]:
    """The training rows by numbers of their own; of a pair that comes again the last rating counts."""
    known_users, known_items = np.unique(found.users[rows]), np.unique(found.items[rows])
    numbering = Numbering(
        _numbers(known_users, len(found.user_keys)), _numbers(known_items, len(found.item_keys))
    )
    order = rows if found.order is None else rows[np.argsort(found.order[rows], kind="stable")]
    pairs = found.users[order] * np.int64(len(found.item_keys)) + found.items[order]
    _, last = np.unique(pairs[::-1], return_index=True)
    kept = order[::-1][last]
    ratings = None if found.ratings is None else found.ratings[kept]
    users, items = numbering.users[found.users[kept]], numbering.items[found.items[kept]]
    return Rows(users, items, ratings, liked_from, len(known_users), len(known_items)), numbering


def rank(
    model: Recommender, found: Interactions, numbering: Numbering, rows: Array, liked_from: float
) -> tuple[Ranking, Array]:
    """The lists for every user with a relevant item among `rows`, and the training numbers of these users.

    Relevant is what a user had for the first time, with a rating that counts as liked where there are ratings.
    Items that training does not know cannot be recommended, but count as missed.
    """
    wanted = rows if found.ratings is None else rows[found.ratings[rows] >= liked_from]
    pairs = np.unique(found.users[wanted] * np.int64(len(found.item_keys)) + found.items[wanted])
    users, items = np.divmod(pairs, len(found.item_keys))
    known_users, known_items = numbering.users[users], numbering.items[items]
    again = (known_users >= 0) & (known_items >= 0)
    if again.any():  # an empty choice of a sparse matrix has no values to compare
        again[again] = np.asarray(model.seen[known_users[again], known_items[again]]).ravel() != 0
    users, known_items = users[~again], known_items[~again]
    who, firsts, n_relevant = np.unique(users, return_index=True, return_counts=True)
    numbers = numbering.users[who]
    lists = _lists(model, numbers)
    hits = np.zeros(lists.shape, dtype=bool)
    for place, (first, count) in enumerate(zip(firsts, n_relevant)):
        hits[place] = np.isin(lists[place], known_items[first : first + count]) & (lists[place] >= 0)
    shares = np.diff(model.seen.tocsc().indptr) / max(1, model.seen.shape[0])
    truth, predicted = _rated(model, found, numbering, rows)
    return Ranking(lists, hits, n_relevant, shares, truth, predicted), numbers


def _lists(model: Recommender, users: Array) -> Array:
    """As served: without what the user had in training, best first, −1 behind the end."""
    found = np.full((len(users), LONGEST), -1, dtype=np.int64)
    for start in range(0, len(users), BLOCK_USERS):
        block = users[start : start + BLOCK_USERS]
        profiles = model.profiles(block)
        scores = model.scores(profiles, block)
        scores[profiles.nonzero()] = -np.inf
        for place, row in enumerate(top(scores, LONGEST)):
            row = row[np.isfinite(scores[place][row])]
            found[start + place, : len(row)] = row
    return found


def _rated(
    model: Recommender, found: Interactions, numbering: Numbering, rows: Array
) -> tuple[Array | None, Array | None]:
    """True and predicted ratings of these rows, for models that predict them."""
    if found.ratings is None or not isinstance(model.scoring, Ratings):
        return None, None
    users, items = numbering.users[found.users[rows]], numbering.items[found.items[rows]]
    return found.ratings[rows], model.scoring.ratings(users, items)


def _numbers(known: Array, length: int) -> Array:
    found = np.full(length, -1, dtype=np.int64)
    found[known] = np.arange(len(known))
    return found
