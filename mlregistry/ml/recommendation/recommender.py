"""A fitted recommender as it is served: top lists for users, kept as plain arrays without pickle.

Training makes one, packaging stores it, the prediction path asks it.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from mlregistry.errors import Invalid
from mlregistry.ml.recommendation.scoring import FORMS, Popularity, Scoring

Array = npt.NDArray[Any]
Matrix = Any
FORMAT = 1
MOST_BYTES = 4 * 1024**3
MOST_LISTED = 100
BLOCK_CELLS = 4_000_000


@dataclass(frozen=True)
class Wish:
    """What a request asks for besides the user: how many items, without which, from which of their own."""

    n: int = 10
    exclude: tuple[Any, ...] = ()
    exclude_seen: bool = True
    items: tuple[Any, ...] = ()


@dataclass
class Recommender:
    """Users and items are named by sorted keys; `seen` holds what each training user had, as weights."""

    user_keys: Array
    item_keys: Array
    seen: Matrix
    popularity: Array
    scoring: Scoring
    _places: dict[str, dict[Any, int]] = field(default_factory=dict, repr=False)

    def recommend(self, users: Sequence[Any], wish: Wish) -> tuple[list[list[dict[str, Any]]], list[str]]:
        """A list of {item, score} for each user, best first, and what a caller should know about them.

        An unknown user (or None) gets the list of the wish's items, or without those the most popular ones.
        """
        numbers = np.array([self._number("user", key) for key in users], dtype=np.int64)
        given, notes = self._known_items(wish.items, "items")
        barred, more_notes = self._known_items(wish.exclude, "exclude")
        profiles = self._profiles(numbers, given)
        answers: list[list[dict[str, Any]]] = []
        step = max(1, BLOCK_CELLS // max(1, len(self.item_keys)))
        for start in range(0, len(numbers), step):
            block = slice(start, start + step)
            scores = self.scores(profiles[block], numbers[block])
            scores[:, barred] = -np.inf
            if wish.exclude_seen:
                scores[profiles[block].nonzero()] = -np.inf
            answers += [self._listed(places, row) for places, row in zip(top(scores, wish.n), scores)]
        n_cold = int((numbers < 0).sum())
        if n_cold:
            way = "from the items given" if len(given) else "the most popular items"
            notes.append(f"{n_cold} of {len(numbers)} users are unknown to the model: {way} are recommended.")
        return answers, [*notes, *more_notes]

    def scores(self, profiles: Matrix, users: Array) -> Array:
        """Of every item; popularity where a profile is empty."""
        found = np.array(self.scoring.scores(profiles, users, self.seen), dtype=np.float64)
        empty = np.flatnonzero(np.diff(profiles.indptr) == 0)
        if len(empty):
            found[empty] = self.popularity
        return found

    def profiles(self, users: Array) -> Matrix:
        """What these training users had; nothing for −1."""
        return self._profiles(users, np.arange(0))

    def _profiles(self, users: Array, given: Array) -> Matrix:
        found = self.seen[np.maximum(users, 0)]
        if (users < 0).any():
            found = sparse.diags((users >= 0).astype(found.dtype)) @ found
        if len(given):
            extra = sparse.csr_matrix(
                (np.ones(len(given), dtype=found.dtype), (np.zeros(len(given), dtype=int), given)),
                shape=(1, found.shape[1]),
            )
            found = found.maximum(sparse.vstack([extra] * len(users)))
        found = sparse.csr_matrix(found)
        found.eliminate_zeros()
        found.sort_indices()
        return found

    def _known_items(self, keys: Sequence[Any], name: str) -> tuple[Array, list[str]]:
        numbers = np.array([self._number("item", key) for key in keys], dtype=np.int64)
        n_unknown = int((numbers < 0).sum())
        notes = []
        if n_unknown:
            notes.append(f"{n_unknown} of {len(keys)} {name} are unknown to the model and were ignored.")
        return np.unique(numbers[numbers >= 0]), notes

    def _number(self, word: str, key: Any) -> int:
        if word not in self._places:
            keys = self.user_keys if word == "user" else self.item_keys
            self._places[word] = {value: place for place, value in enumerate(keys.tolist())}
        if isinstance(key, float) and key.is_integer():
            key = int(key)
        return self._places[word].get(key, -1) if isinstance(key, int | str) else -1

    def _listed(self, places: Array, scores: Array) -> list[dict[str, Any]]:
        return [
            {"item": self.item_keys[place].item(), "score": round(float(scores[place]), 8)}
            for place in places
            if np.isfinite(scores[place])
        ]

    def save(self, path: Path) -> None:
        arrays = {
            "format": np.array(FORMAT), "form": np.array(self.scoring.name), "user_keys": self.user_keys,
            "item_keys": self.item_keys, "popularity": self.popularity, "seen_data": self.seen.data,
            "seen_indices": self.seen.indices, "seen_indptr": self.seen.indptr,
            **{f"scoring.{name}": values for name, values in self.scoring.arrays().items()},
        }  # fmt: skip
        with path.open("wb") as file:
            np.savez_compressed(file, **arrays)


def top(scores: Array, n: int) -> list[Array]:
    """The places of the n largest of each row, largest first, equal ones by their place."""
    n = min(n, scores.shape[1])
    found = []
    for row in scores:
        least = np.partition(row, len(row) - n)[len(row) - n]
        sure, tied = np.flatnonzero(row > least), np.flatnonzero(row == least)
        places = np.concatenate([sure, tied[: n - len(sure)]])
        found.append(places[np.lexsort((places, -row[places]))])
    return found


def load(path: Path) -> Recommender:
    """The recommender in a file; Invalid when it is none. Nothing in the file is run."""
    try:
        with zipfile.ZipFile(path) as archive:
            n_bytes = sum(member.file_size for member in archive.infolist())
        if n_bytes > MOST_BYTES:
            raise Invalid("The model file unpacks to more than this server loads.", field="name")
        with np.load(path, allow_pickle=False) as stored:
            return _from_arrays({name: stored[name] for name in stored.files})
    except (ValueError, KeyError, OSError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise Invalid(f"The model file is no recommender: {error}", field="name") from error


def _from_arrays(arrays: Mapping[str, Array]) -> Recommender:
    if int(arrays["format"]) != FORMAT:
        raise Invalid("The model file is of another version of this server.", field="name")
    form = FORMS[str(arrays["form"])]
    own = {name.partition(".")[2]: values for name, values in arrays.items() if name.startswith("scoring.")}
    shape = (len(arrays["user_keys"]), len(arrays["item_keys"]))
    seen = sparse.csr_matrix(
        (arrays["seen_data"], arrays["seen_indices"], arrays["seen_indptr"]), shape=shape
    )
    seen.check_format(full_check=True)
    if len(arrays["popularity"]) != shape[1]:
        raise Invalid("The model file does not fit together.", field="name")
    return Recommender(
        arrays["user_keys"], arrays["item_keys"], seen, arrays["popularity"], form.from_arrays(own)
    )


def popular(user_keys: Array, item_keys: Array, seen: Matrix, scoring: Scoring | None = None) -> Recommender:
    """A recommender over what was seen; of the most popular items unless a scoring is given."""
    counts = np.diff(seen.tocsc().indptr).astype(np.float64)
    return Recommender(user_keys, item_keys, seen, counts, scoring or Popularity(counts))
