"""Splits and folds: disjoint, complete, stratified, repeatable."""

import numpy as np
import pytest

from mlregistry.errors import Invalid
from mlregistry.ml import gaps, splits
from mlregistry.ml.recipes import Split

TARGET = np.array([0] * 80 + [1] * 20)


def test_three_parts_are_disjoint_complete_and_stratified() -> None:
    parts = splits.split(TARGET, Split("train_validation_test"), classes=True, seed=1)
    rows = np.concatenate([parts.train, parts.validation, parts.test])
    assert sorted(rows) == list(range(100))
    assert [TARGET[part].mean() for part in (parts.train, parts.validation, parts.test)] == pytest.approx(
        [0.2] * 3
    )


def test_the_seed_decides() -> None:
    one, same, other = (splits.split(TARGET, Split(), classes=True, seed=seed).test for seed in (1, 1, 2))
    assert one.tolist() == same.tolist() != other.tolist()


def test_folds_hold_each_row_out_once() -> None:
    held = [row for _, outside in splits.folds(TARGET, 5, classes=True, seed=1) for row in outside]
    assert sorted(held) == list(range(100))


def test_too_small_a_table_or_class_is_refused() -> None:
    with pytest.raises(Invalid, match="too few"):
        splits.folds(TARGET[:5], 5, classes=False, seed=1)
    with pytest.raises(Invalid, match="folds"):
        splits.folds(np.array([0] * 50 + [1] * 3), 5, classes=True, seed=1)
    with pytest.raises(Invalid, match="split"):
        splits.split(np.arange(12), Split(test_fraction=0.2), classes=True, seed=1)


GROUPS = np.repeat(np.arange(25), 4)


def test_no_group_is_on_both_sides_and_the_shares_are_near() -> None:
    target = (np.arange(100) % 5 == 0).astype(int)
    plan = Split("train_validation_test")
    parts = splits.split(target, plan, classes=True, seed=3, groups=GROUPS)
    held = [set(GROUPS[part]) for part in (parts.train, parts.validation, parts.test)]
    assert sum(map(len, held)) == len(set.union(*held)) == 25
    assert sum(len(part) for part in (parts.train, parts.validation, parts.test)) == 100
    assert len(parts.test) == pytest.approx(20, abs=4)
    assert target[parts.test].mean() == pytest.approx(0.2, abs=0.1)


@pytest.mark.parametrize("classes", [True, False])
def test_folds_by_group_hold_each_row_out_once_and_no_group_twice(classes: bool) -> None:
    found = list(splits.folds(TARGET, 5, classes=classes, seed=1, groups=GROUPS, repeats=2))
    assert len(found) == 10
    assert all(not set(GROUPS[inside]) & set(GROUPS[outside]) for inside, outside in found)
    for repeat in (found[:5], found[5:]):
        assert sorted(row for _, outside in repeat for row in outside) == list(range(100))
    assert found[0][1].tolist() != found[5][1].tolist()


def test_too_few_groups_are_told() -> None:
    with pytest.raises(Invalid, match="3 groups, too few for 5 folds"):
        splits.folds(TARGET, 5, classes=True, seed=1, groups=np.arange(100) % 3)
    with pytest.raises(Invalid, match="one group only"):
        splits.split(TARGET, Split(), classes=False, seed=1, groups=np.zeros(100, int))


def test_one_large_group_leaves_rows_on_both_sides() -> None:
    groups = np.array([0] * 99 + [1])
    parts = splits.split(np.arange(100.0), Split(), classes=False, seed=1, groups=groups)
    assert {len(parts.train), len(parts.test)} == {99, 1}


def test_repeats_change_the_folds_and_the_first_stays() -> None:
    once = [outside.tolist() for _, outside in splits.folds(TARGET, 4, classes=True, seed=9)]
    twice = [outside.tolist() for _, outside in splits.folds(TARGET, 4, classes=True, seed=9, repeats=2)]
    assert twice[:4] == once
    assert twice[4:] != once


@pytest.mark.parametrize(
    ("gap", "last"), [("", 79), ("10 rows", 69), ("5 days", 75), ("36 h", 78), ("1 w", 73), ("1 row", 78)]
)
def test_a_gap_keeps_training_away_from_the_test(gap: str, last: int) -> None:
    days = np.datetime64("2024-01-01", "us") + np.arange(100) * np.timedelta64(1, "D")
    parts = splits.split(TARGET, Split("by_time", order="day", gap=gap), classes=True, seed=1, order=days)
    assert (parts.train.tolist(), parts.test[0]) == (list(range(last + 1)), 80)
    for inside, outside in splits.folds(TARGET, 4, classes=True, seed=1, order=days, gap=gaps.parse(gap)):
        assert outside.min() - inside.max() == 80 - last


def test_a_gap_is_in_the_unit_of_a_numeric_order_and_rows_of_one_moment_stay_together() -> None:
    order = np.arange(100) // 10
    parts = splits.split(TARGET, Split("by_time", order="n", gap="2"), classes=False, seed=1, order=order)
    assert (set(order[parts.train]), set(order[parts.test])) == ({0, 1, 2, 3, 4, 5, 6}, {8, 9})


@pytest.mark.parametrize(
    ("gap", "order", "words"),
    [
        ("90 rows", np.arange(100), "no training row"),
        ("3 days", np.arange(100), "holds numbers"),
        ("3", np.arange(100).astype("datetime64[s]"), "holds times"),
    ],
)
def test_a_gap_that_does_not_fit_is_told(gap: str, order: np.ndarray, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        splits.split(TARGET, Split("by_time", order="n", gap=gap), classes=False, seed=1, order=order)
