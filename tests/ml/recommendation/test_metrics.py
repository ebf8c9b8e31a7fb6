"""Ranking metrics against cases worked by hand."""

import math

import numpy as np
import pytest

from mlregistry.ml.metrics import measure
from mlregistry.ml.recommendation import metrics
from mlregistry.ml.recommendation.metrics import LONGEST, Ranking


def ranking(lists: list[list[int]], relevant: list[set[int]], shares: list[float]) -> Ranking:
    items = np.full((len(lists), LONGEST), -1)
    hits = np.zeros(items.shape, dtype=bool)
    for place, (row, wanted) in enumerate(zip(lists, relevant, strict=True)):
        items[place, : len(row)] = row
        hits[place, : len(row)] = [item in wanted for item in row]
    return Ranking(items, hits, np.array([len(wanted) for wanted in relevant]), np.array(shares))


TWO_USERS = ranking([[3, 1, 4, 0, 2], [0, 1, 2, 3, 4]], [{1, 2, 9}, {0}], [0.5, 0.25, 1.0, 0.125, 0.5, 0.5])


def test_precision_and_recall_count_hits() -> None:
    assert metrics.precision(TWO_USERS, 5) == pytest.approx((2 / 5 + 1 / 5) / 2)
    assert metrics.precision(TWO_USERS, 10) == pytest.approx((2 / 10 + 1 / 10) / 2)
    assert metrics.recall(TWO_USERS, 5) == pytest.approx((2 / 3 + 1) / 2)
    assert metrics.recall(TWO_USERS, 1) == pytest.approx((0 + 1) / 2)


def test_ndcg_discounts_by_place_against_the_best_list() -> None:
    first = (1 / math.log2(3) + 1 / math.log2(6)) / (1 + 1 / math.log2(3) + 1 / math.log2(4))
    assert metrics.ndcg(TWO_USERS, 5) == pytest.approx((first + 1.0) / 2)
    cut = (1 / math.log2(3)) / (1 + 1 / math.log2(3))
    assert metrics.ndcg(TWO_USERS, 2) == pytest.approx((cut + 1.0) / 2)


def test_average_precision_sums_the_precision_at_each_hit() -> None:
    assert metrics.average_precision(TWO_USERS, 5) == pytest.approx(((1 / 2 + 2 / 5) / 3 + 1) / 2)
    assert metrics.average_precision(TWO_USERS, 2) == pytest.approx(((1 / 2) / 2 + 1) / 2)


def test_coverage_counts_distinct_items_of_the_catalogue() -> None:
    assert metrics.coverage(TWO_USERS, 1) == pytest.approx(2 / 6)
    assert metrics.coverage(TWO_USERS, 5) == pytest.approx(5 / 6)


def test_novelty_is_the_mean_information_of_what_is_shown() -> None:
    assert metrics.novelty(TWO_USERS, 1) == pytest.approx((3 + 1) / 2)
    assert metrics.novelty(TWO_USERS, 2) == pytest.approx((3 + 2 + 1 + 2) / 4)


def test_ratings_are_measured_where_they_are_predicted() -> None:
    found = measure("recommendation", TWO_USERS)
    assert "rmse" not in found
    assert set(found) == {name for name in metrics.TABLE if name not in ("rmse", "mae")}
    rated = Ranking(
        TWO_USERS.items, TWO_USERS.hits, TWO_USERS.n_relevant, TWO_USERS.shares,
        np.array([1.0, 5.0]), np.array([2.0, 2.0]),
    )  # fmt: skip
    assert metrics.rmse(rated) == pytest.approx(math.sqrt((1 + 9) / 2))
    assert metrics.mae(rated) == pytest.approx(2)
