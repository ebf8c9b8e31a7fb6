"""The folds of a prepared table, outer and inner."""

import numpy as np
import pytest

from mlregistry.errors import Invalid
from mlregistry.ml import recipes, supervised
from mlregistry.ml.supervised import table
from tests.ml.frames import CHURN, classification_rows, mixed, silent


def prepared(**recipe: object) -> table.Work:
    frame = classification_rows(mixed()).assign(team=np.arange(200) // 8)
    parsed = recipes.parse({"estimator": "logistic_regression", **recipe})
    return table.prepare(CHURN, parsed, frame, silent)


def test_nested_folds_stay_inside_the_outer_ones_and_keep_groups_together() -> None:
    work = prepared(folds=4, split={"group": "team"})
    train = table.part(work).train
    team = work.frame["team"].to_numpy()
    outer = list(supervised.folds(work, train))
    assert sorted(row for _, outside in outer for row in outside) == train.tolist()
    for inside, outside in outer:
        for fitted, held in supervised.folds(work, inside, n_folds=3, seed=1):
            assert set(fitted) | set(held) == set(inside)
            assert not set(held) & set(outside)
            assert not set(team[fitted]) & set(team[held])


def test_rows_keep_the_numbers_of_the_whole_table() -> None:
    frame = classification_rows(mixed())
    frame.loc[[3, 7], "churn"] = None
    work = table.prepare(CHURN, recipes.parse({"estimator": "dummy"}), frame, silent)
    assert work.numbers[:7].tolist() == [0, 1, 2, 4, 5, 6, 8]


def test_too_many_folds_are_refused() -> None:
    work = prepared(split={"group": "team"})
    with pytest.raises(Invalid, match="too few for 20 folds"):
        list(supervised.folds(work, table.part(work).train[:60], n_folds=20))
