"""Splits and folds: disjoint, complete, stratified, repeatable."""

import numpy as np
import pytest

from mlregistry.errors import Invalid
from mlregistry.ml import splits
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
