"""The folds of a training are kept one by one: what was measured before a stop is not measured again."""

from copy import deepcopy
from typing import Any

import pytest

from mlregistry.ml import recipes, training
from mlregistry.ml.metrics import Outcome
from mlregistry.ml.supervised import crossing
from mlregistry.ml.supervised.carrying import Carrier, Done
from mlregistry.ml.training_result import TrainingResult
from tests.ml.frames import CHURN, classification_rows, mixed, silent

RECIPE = recipes.parse({"estimator": "decision_tree", "folds": 4, "split": {"group": "team"}})


class Stop(Exception):
    pass


def train(carrier: Carrier) -> TrainingResult:
    frame = classification_rows(mixed()).assign(team=lambda table: table.index // 5)
    return training.train(CHURN, RECIPE, frame, silent, carrier=carrier)


def test_a_training_that_stopped_between_folds_ends_with_the_same_figures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept: list[Done] = []

    def keep(done: Done) -> None:
        kept.append(deepcopy(done))
        if len(kept) == 3:
            raise Stop

    with pytest.raises(Stop):
        train(Carrier(keep=keep))
    assert [len(done.folds) for done in kept] == [1, 2, 3]
    fitted: list[Any] = []
    predict = crossing.predict_fold

    def counted(*given: Any) -> Outcome:
        fitted.append(given)
        return predict(*given)

    monkeypatch.setattr(crossing, "predict_fold", counted)
    resumed = train(Carrier(kept[-1]))
    assert len(fitted) == 1
    straight = train(Carrier())
    assert resumed.metrics == straight.metrics
    assert resumed.evaluation == straight.evaluation
    assert resumed.warnings == straight.warnings


def test_folds_beyond_those_of_the_recipe_are_not_believed() -> None:
    found = train(Carrier(Done(folds=[{"accuracy": 0.0}] * 9)))
    assert found.metrics["cv_accuracy_mean"] == 0.0
    assert len(found.evaluation["folds"]["accuracy"]) == 4
