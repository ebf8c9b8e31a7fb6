"""Work that is left when its time is up."""

import signal
import time
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlregistry.ml import in_time, training
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recipes import parse
from mlregistry.ml.supervised.carrying import Carrier
from mlregistry.ml.supervised.training import NO_TIME


def forever() -> None:
    while True:
        with suppress(Exception):
            time.sleep(0.001)


def test_what_takes_too_long_is_left_and_what_follows_goes_on() -> None:
    with in_time.until(time.monotonic() + 0.01) as left:
        forever()
    assert left


@pytest.mark.parametrize("seconds", [None, 3600])
def test_what_is_ready_in_time_is_not_left(seconds: float | None) -> None:
    done = False
    with in_time.until(None if seconds is None else time.monotonic() + seconds) as left:
        done = True
    assert done
    assert not left


def test_an_error_within_is_an_error_and_an_outer_timer_goes_on() -> None:
    rung: list[int] = []
    earlier = signal.signal(signal.SIGALRM, lambda signum, frame: rung.append(signum))
    waiting = signal.setitimer(signal.ITIMER_REAL, 3000)
    try:
        with pytest.raises(ValueError, match="broke"), in_time.until(time.monotonic() + 3600):
            raise ValueError("it broke")
        left, _ = signal.getitimer(signal.ITIMER_REAL)
        assert 2000 < left <= 3000
    finally:
        signal.signal(signal.SIGALRM, earlier)
        signal.setitimer(signal.ITIMER_REAL, *waiting)
    assert not rung


def test_a_training_out_of_time_has_its_model_and_figures_and_says_what_it_left_out() -> None:
    chance = np.random.default_rng(3)
    frame = pd.DataFrame({"a": chance.normal(size=90), "b": chance.normal(size=90)})
    frame["y"] = np.where(frame["a"] > 0, "yes", "no")
    spec = ProblemSpec("classification", (), "y", "roc_auc", "maximize")
    recipe = parse({"estimator": "logistic_regression", "folds": 0}, kind="classification")

    def train(leave_by: float | None) -> Any:
        return training.train(
            spec, recipe, frame, lambda share, text: None, carrier=Carrier(leave_by=leave_by)
        )

    whole, hurried = train(None), train(time.monotonic() - 1)
    assert hurried.metrics == whole.metrics
    assert list(hurried.pipeline.predict(frame)) == list(whole.pipeline.predict(frame))
    assert whole.evaluation["intervals"]
    assert (hurried.evaluation, hurried.predictions) == ({}, None)
    assert NO_TIME in hurried.warnings
    assert NO_TIME not in whole.warnings
