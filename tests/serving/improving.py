"""An endpoint about which facts are known: importance and evaluation of its run, drift of its traffic."""

from pathlib import Path

from django.utils import timezone

from experiments.actions import evaluations
from experiments.actions import logging as log_actions
from experiments.actions.measurements import Metric
from mlregistry.accounts.actor import Actor
from models_app.models import ModelVersion
from serving.models import Endpoint
from tests.models_app.trained import FEATURES, fitted
from tests.serving.drifting import count_all, log_rows, some_rows

QUICK = {"folds": 3, "repeats": 1, "minutes": 5}


def with_facts(watched: Endpoint, known: ModelVersion, folder: Path, *, by: Actor) -> None:
    """The first feature has drifted by two deviations; shuffling the second has cost nothing."""
    run = known.run
    assert run is not None
    result = fitted(seed=1).result
    log_actions.set_curves(run, {**result.curves, "importance": _importance()}, by=by)
    log_actions.log_batch(run, metrics=[Metric("test_roc_auc", result.metrics["test_roc_auc"])], by=by)
    evaluations.keep_evaluation(run, result, by=by)
    log_rows(watched, some_rows(300, shift=2), folder, at=timezone.now())
    count_all(watched)


def _importance() -> dict[str, object]:
    return {
        "type": "bars", "title": "Importance of the features", "labels": list(FEATURES),
        "values": [0.2, -0.004, 0.05, 0.1], "deviations": [0.01, 0.001, 0.01, 0.01],
    }  # fmt: skip
