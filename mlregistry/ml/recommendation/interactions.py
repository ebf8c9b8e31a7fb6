"""A table of who had what read into numbered users and items, and parted by time. Called by recommendation training."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlregistry.errors import Invalid
from mlregistry.ml.pipelines import column_type
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recipes import Split

Array = npt.NDArray[Any]
LONGEST_KEY = 200


@dataclass
class Interactions:
    """Rows as numbers of `user_keys` and `item_keys`; `ratings` where the problem has a target, `order` by time.

    `numbers` are those that the rows have in the whole table.
    """

    user_keys: Array
    item_keys: Array
    users: Array
    items: Array
    ratings: Array | None
    order: Array | None
    numbers: Array
    n_rows: dict[str, int]
    warnings: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.users)


@dataclass(frozen=True)
class Parts:
    """Row numbers; validation is empty where the split has none."""

    train: Array
    validation: Array
    test: Array


def read(spec: ProblemSpec, split: Split, frame: pd.DataFrame) -> Interactions:
    """Rows without a user, an item or (where there is a target) a rating are left out and told."""
    user, item = spec.granularity
    time = split.order if split.method == "by_time" else spec.time_column
    wanted = [name for name in (user, item, spec.target, time) if name]
    for name in wanted:
        if name not in frame.columns:
            raise Invalid(f"The table has no column '{name}'.", field=name)
    known = frame[[name for name in (user, item, spec.target) if name]].notna().all(axis=1).to_numpy()
    rows = frame.loc[known, wanted].reset_index(drop=True)
    warnings = []
    if len(rows) < len(frame):
        warnings.append(f"{len(frame) - len(rows):,} rows without user, item or rating were left out.")
    user_keys, users = np.unique(_keys(rows[user], "user"), return_inverse=True)
    item_keys, items = np.unique(_keys(rows[item], "item"), return_inverse=True)
    for keys, name, word in ((user_keys, user, "user"), (item_keys, item, "item")):
        if len(keys) < 2:
            raise Invalid(
                f"Column '{name}' holds {len(keys)} {word}; at least 2 are needed to learn from.", field=name
            )
    n_rows = {"total": len(frame), "users": len(user_keys), "items": len(item_keys)}
    order = _order(rows[time], time) if time else None
    ratings = _ratings(rows[spec.target], spec.target) if spec.target else None
    numbers = np.flatnonzero(known)
    return Interactions(user_keys, item_keys, users, items, ratings, order, numbers, n_rows, warnings)


def part(found: Interactions, split: Split, seed: int) -> Parts:
    """Which rows are for training, validation and test.

    by_time cuts all rows at one moment; leave_last keeps each user's last n_last for the test; the fractions
    otherwise are of each user's rows, the latest for the test. Without a time column the last ones are drawn.
    """
    if split.method == "by_time":
        return _at_one_moment(found, split.test_fraction)
    rank, counts = _places_from_the_end(found, seed)
    if split.method == "leave_last":
        n_test = np.minimum(split.n_last, counts - 1)
        n_validation = np.zeros_like(counts)
    else:
        n_test = np.floor(split.test_fraction * counts + 1e-9).astype(int)
        share = split.validation_fraction if split.method == "train_validation_test" else 0.0
        n_validation = np.floor(share * counts + 1e-9).astype(int)
    test = rank < n_test[found.users]
    validation = ~test & (rank < (n_test + n_validation)[found.users])
    return _checked(Parts(*(np.flatnonzero(rows) for rows in (~test & ~validation, validation, test))))


def _places_from_the_end(found: Interactions, seed: int) -> tuple[Array, Array]:
    """Each row's place among its user's, 0 for the last, and how many each user has."""
    order = found.order
    if order is None:
        order = np.random.default_rng(seed).permutation(len(found))
        found.warnings.append(
            "The problem has no time column, so the test rows were drawn by chance: what came later may have"
            " been learned from. Name a time column where there is one."
        )
    counts = np.bincount(found.users, minlength=len(found.user_keys))
    sorting = np.lexsort((np.arange(len(found)), order, found.users))
    ends = np.cumsum(counts)
    rank = np.empty(len(found), dtype=np.int64)
    rank[sorting] = ends[found.users[sorting]] - 1 - np.arange(len(found))
    return rank, counts


def _at_one_moment(found: Interactions, share: float) -> Parts:
    order = found.order
    assert order is not None  # noqa: S101  # a recipe split by time names its column
    sorted_times = np.sort(order)
    last = sorted_times[max(1, round(len(order) * (1 - share))) - 1]
    early = order <= last
    if early.all():
        early = order < last
    if not early.any():
        raise Invalid("Every row has the same time, so there is no split by time.", field="split.order")
    return _checked(Parts(np.flatnonzero(early), np.arange(0), np.flatnonzero(~early)))


def _checked(parts: Parts) -> Parts:
    if not len(parts.test):
        raise Invalid(
            "No user has enough rows to keep one for the test; bring more interactions per user,"
            " or raise the share of test rows.",
            field="split.test_fraction",
        )
    return parts


def _keys(column: pd.Series[Any], word: str) -> Array:
    """Whole numbers or texts."""
    type, name = column_type(column), str(column.name)
    if type == "string":
        texts = column.astype(str).to_numpy(dtype=np.str_)
        if len(texts) and max(map(len, texts)) > LONGEST_KEY:
            raise Invalid(f"Column '{name}' holds {word}s longer than {LONGEST_KEY} characters.", field=name)
        return texts
    if type in ("integer", "float"):
        numbers = column.to_numpy(dtype=np.float64)
        if (numbers == np.floor(numbers)).all() and (np.abs(numbers) < 2**53).all():
            return column.to_numpy(dtype=np.int64)
    raise Invalid(
        f"Column '{name}' holds {type} values; a {word} is named by a text or a whole number.", field=name
    )


def _ratings(column: pd.Series[Any], name: str) -> Array:
    if column_type(column) not in ("integer", "float"):
        raise Invalid(f"The target '{name}' holds no numbers; a rating is a number.", field=name)
    ratings = column.to_numpy(dtype=np.float64)
    if not np.isfinite(ratings).all():
        raise Invalid(f"The target '{name}' holds infinite values; remove them.", field=name)
    if len(ratings) and ratings.min() == ratings.max():
        raise Invalid(
            f"Every rating in '{name}' is {ratings[0]:g}, so it tells nothing; leave the target empty to learn"
            " from who had what.",
            field=name,
        )
    return ratings


def _order(column: pd.Series[Any], name: str) -> Array:
    if column_type(column) == "string":
        column = pd.to_datetime(column, errors="coerce", utc=True, format="ISO8601")
    if bool(column.isna().any()):
        raise Invalid(
            f"{int(column.isna().sum()):,} rows have no readable time in '{name}', so they cannot be ordered.",
            field=name,
        )
    if column_type(column) == "datetime":
        return column.astype("int64").to_numpy()
    if column_type(column) in ("integer", "float"):
        return column.to_numpy(dtype=np.float64)
    raise Invalid(f"The time column '{name}' holds neither times nor numbers.", field=name)
