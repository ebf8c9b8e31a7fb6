"""Each recommender against its formula, written out densely."""

import numpy as np
import pytest
from scipy import sparse

from mlregistry.errors import Invalid
from mlregistry.ml.recommendation import fitting
from mlregistry.ml.recommendation.fitting import Rows
from mlregistry.ml.recommendation.rating_factors import RatingFactors, RatingMeans
from mlregistry.ml.recommendation.scoring import ItemWeights, Ratings


def rows(n_users: int, n_items: int, seed: int = 1, rated: bool = False) -> Rows:
    chance = np.random.default_rng(seed)
    had = chance.random((n_users, n_items)) < 0.4
    had[:, 0] = had[0, :] = True
    users, items = np.nonzero(had)
    ratings = chance.integers(1, 6, len(users)).astype(float) if rated else None
    return Rows(users, items, ratings, 4.0, n_users, n_items)


@pytest.mark.parametrize("shape", [(9, 5), (5, 9)])
def test_ease_is_its_closed_form_whichever_side_is_solved(shape: tuple[int, int]) -> None:
    data = rows(*shape)
    scoring, matrix = fitting.Ease(regularization=3.0).fit(data)
    x = matrix.toarray().astype(float)
    inverse = np.linalg.inv(x.T @ x + 3.0 * np.eye(shape[1]))
    weights = inverse / -np.diag(inverse)
    np.fill_diagonal(weights, 0)
    found = scoring.scores(matrix, np.arange(shape[0]), matrix)
    assert np.allclose(found, x @ weights, atol=1e-5)


def test_item_neighbours_are_shrunk_cosines() -> None:
    data = rows(8, 6)
    scoring, matrix = fitting.ItemNeighbours(n_neighbours=2, shrinkage=1.0).fit(data)
    x = matrix.toarray().astype(float)
    lengths = np.linalg.norm(x, axis=0)
    near = (x.T @ x) / (np.outer(lengths, lengths) + 1.0)
    np.fill_diagonal(near, 0)
    assert isinstance(scoring, ItemWeights)
    weights = scoring.weights.toarray()
    for item in range(6):
        kept = np.flatnonzero(weights[:, item])
        assert len(kept) <= 2
        assert weights[kept, item].min() == pytest.approx(np.sort(near[item])[-2], abs=1e-6)


def test_user_neighbours_leave_the_user_out() -> None:
    data = rows(7, 6)
    scoring, matrix = fitting.UsersAlike(n_neighbours=3, shrinkage=0.0).fit(data)
    x = matrix.toarray().astype(float)
    lengths = np.linalg.norm(x, axis=1)
    near = (x @ x.T) / np.outer(lengths, lengths)
    np.fill_diagonal(near, 0)
    near[near < np.sort(near, axis=1)[:, -3][:, None]] = 0
    assert np.allclose(scoring.scores(matrix, np.arange(7), matrix), near @ x, atol=1e-5)


def test_a_full_decomposition_gives_the_interactions_back() -> None:
    data = rows(8, 6)
    scoring, matrix = fitting.PureSvd(factors=6, random_state=0).fit(data)
    assert np.allclose(scoring.scores(matrix, np.arange(8), matrix), matrix.toarray(), atol=1e-4)


def test_non_negative_factors_fold_a_new_profile_in_as_they_learned_the_old() -> None:
    data = rows(12, 8)
    scoring, matrix = fitting.NonNegative(factors=4, max_iter=500, random_state=0).fit(data)
    own = scoring.scores(matrix, np.arange(12), matrix)
    folded = scoring.scores(matrix, np.full(12, -1), matrix)
    assert (folded >= 0).all()
    assert np.corrcoef(own.ravel(), folded.ravel())[0, 1] > 0.95


def test_rating_means_are_damped_and_factors_do_better_on_what_they_learned() -> None:
    data = rows(20, 10, rated=True)
    assert data.ratings is not None
    means, _ = RatingMeans(damping=0.0).fit(data)
    factors, _ = RatingFactors(factors=4, regularization=0.01, iterations=20, damping=5, random_state=0).fit(
        data
    )
    assert isinstance(means, Ratings)
    assert isinstance(factors, Ratings)
    left = data.ratings - means.mean - means.user_biases[data.users] - means.item_biases[data.items]
    assert np.allclose(np.bincount(data.users, left), 0, atol=1e-6)
    errors = [np.abs(one.ratings(data.users, data.items) - data.ratings).mean() for one in (means, factors)]
    assert errors[1] < errors[0]
    assert means.ratings(np.array([-1]), np.array([-1]))[0] == pytest.approx(means.mean)


def test_weights_tell_liked_from_disliked_and_rated() -> None:
    data = Rows(np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([1.0, 5.0, 3.0]), 3.0, 2, 2)
    assert data.matrix("all").toarray().tolist() == [[1, 1], [0, 1]]
    assert data.matrix("liked").toarray() == pytest.approx(np.array([[0.01, 1], [0, 1]]))
    assert data.matrix("rating").toarray() == pytest.approx(np.array([[0.1, 1], [0, 0.55]]))


def test_what_would_need_too_much_memory_is_refused() -> None:
    wide = sparse.csr_matrix((fitting.MOST_EASE + 1, fitting.MOST_EASE + 2), dtype=np.float32)
    with pytest.raises(Invalid, match="EASE needs memory for the square"):
        fitting.Ease().learn(wide, regularization=1.0)
    with pytest.raises(Invalid, match="50,000"):
        fitting.ItemNeighbours().learn(
            sparse.csr_matrix((2, fitting.MOST_NEIGHBOUR_ITEMS + 1), dtype=np.float32),
            n_neighbours=5, shrinkage=0.0,
        )  # fmt: skip
