"""Faults planted in a sound model, each of which must be found by the check that is there for it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import Pipeline

from mlregistry.ml.compiling import compiler
from mlregistry.ml.compiling.forms import Form
from mlregistry.ml.compiling.scoring import CompiledModel
from mlregistry.ml.model_tests.result import BROKE, FAILED, PASSED
from mlregistry.ml.model_tests.subject import Rival
from mlregistry.ml.signature import Signature

from .subjects import NUMBERS, blocked_by, fed_by, found_by, subject, trained

PLANS = {"basic", "plus", "pro"}


@pytest.mark.parametrize("spec", [None, NUMBERS])
@pytest.mark.parametrize("estimator", ["", "random_forest", "hist_gradient_boosting"])
def test_a_sound_model_passes_all_that_blocks(spec: Any, estimator: str) -> None:
    found = trained(spec, estimator) if spec else trained(estimator=estimator)
    assert blocked_by(subject(found)) == set()


def test_a_feature_that_gives_the_target_away_blocks() -> None:
    given = subject(trained(extra="leak"))
    found = found_by("single_feature", given)
    assert (found.outcome, found.evidence[0]["feature"]) == (FAILED, "visits")
    assert "visits" in found.sentence
    assert "Take it out" in found.sentence


def test_the_target_under_another_name_blocks() -> None:
    found = found_by("target_among_features", subject(trained(extra="renamed target")))
    assert found.outcome == FAILED
    assert "“plan” is the target" in found.sentence


def test_test_rows_that_are_training_rows_too_block() -> None:
    found = found_by("test_rows_in_training", subject(trained(extra="copies")))
    assert found.outcome == FAILED
    assert found.figure is not None
    assert found.figure > 0.2


def test_a_model_that_looks_at_its_batch_blocks() -> None:
    def centre(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(income=frame["income"] - frame["income"].mean() + 50)

    blocked = blocked_by(subject(model=fed_by(centre)))
    assert "row_against_batch" in blocked


def test_a_model_that_looks_at_the_row_before_blocks() -> None:
    def filled(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(age=frame["age"].shift(1).fillna(40.0))

    assert {"row_against_batch", "row_order"} <= blocked_by(subject(model=fed_by(filled)))


def test_a_crash_on_an_unseen_category_blocks() -> None:
    def strict(frame: pd.DataFrame) -> pd.DataFrame:
        if unknown := set(frame["plan"].dropna()) - PLANS:
            raise ValueError(f"Found unknown categories {sorted(unknown)}")
        return frame

    given = subject(model=fed_by(strict))
    found = found_by("unseen_category", given)
    assert found.outcome == FAILED
    assert "“plan” = 'a category that nobody has seen' breaks the model" in found.sentence
    assert "unseen_category" in blocked_by(given)


def test_a_model_that_draws_by_chance_blocks() -> None:
    chance = np.random.default_rng(0)

    def shaken(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(age=frame["age"] + chance.normal(0, 5, len(frame)))

    assert {"asked_again", "same_row_twice"} <= blocked_by(subject(model=fed_by(shaken)))


class Emptied(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A fitted classifier whose probabilities are made NaN where a number is high."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.classes_ = inner.classes_

    def fit(self, matrix: Any, target: Any) -> Any:
        return self

    def predict_proba(self, matrix: Any) -> Any:
        found = np.array(self.inner.predict_proba(matrix))
        found[np.asarray(matrix)[:, 0] > 0.5] = np.nan
        return found

    def predict(self, matrix: Any) -> Any:
        return self.inner.predict(matrix)


class Turned(Emptied):
    """Its classes are named in reversed order, its probabilities are not."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.classes_ = inner.classes_[::-1]

    def predict_proba(self, matrix: Any) -> Any:
        return self.inner.predict_proba(matrix)


def ended_by(wrapper: Any) -> Pipeline:
    *steps, (name, last) = trained().result.pipeline.steps
    return Pipeline([*steps, (name, wrapper(last))])


def test_nan_that_comes_out_blocks() -> None:
    blocked = blocked_by(subject(model=ended_by(Emptied)))
    assert {"finite_answers", "probabilities_valid"} <= blocked


def test_classes_in_another_order_than_their_probabilities_block() -> None:
    sound = trained().result.signature
    given = subject(model=ended_by(Turned))
    assert {"classes_as_declared", "label_fits_probability"} <= blocked_by(given)
    turned = replace(given, signature=Signature(sound.inputs, sound.output, sound.classes[::-1]))
    assert "not sorted" in found_by("classes_as_declared", turned).sentence


def test_a_wrong_compiled_form_blocks() -> None:
    result = trained().result

    def bent(form: Form) -> Form:
        parts = tuple(bent(part) for part in form.parts)
        arrays = dict(form.arrays)
        if "weights" in arrays:
            arrays["weights"] = arrays["weights"].astype(np.float32).astype(np.float64) * 1.001
        return replace(form, parts=parts, arrays=arrays)

    wrong = CompiledModel(bent(compiler.compile_model(result.pipeline, result.signature)), result.signature)
    given = subject(compiled=wrong)
    assert {"compiled_parity", "compiled_on_data"} <= blocked_by(given)
    assert "Serve the native model" in found_by("compiled_parity", given).sentence


def test_a_fall_below_the_champion_blocks() -> None:
    def blind(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(income=50.0, plan="plus")

    sound = trained().result
    champion = Rival("tumour v1", sound.pipeline, sound.signature)
    worse = subject(model=fed_by(blind), rival=champion)
    found = found_by("not_below_champion", worse)
    assert found.outcome == FAILED
    assert {row["test"].split()[0].strip(",") for row in found.evidence} == {"paired", "McNemar"}
    assert found_by("not_below_champion", subject(rival=champion)).outcome == PASSED


def test_a_metric_below_the_problems_threshold_blocks() -> None:
    data = trained().data
    spec = replace(data.work.spec, success_threshold=0.999)
    given = subject(data=replace(data, work=replace(data.work, spec=spec)))
    found = found_by("metric_floor", given)
    assert (found.outcome, found.bound, found.side) == (FAILED, 0.999, "at least")


def test_figures_that_do_not_come_out_again_block() -> None:
    kept = {**trained().result.metrics, "test_roc_auc": 0.9999}
    found = found_by("figures_repeat", subject(recorded=kept))
    assert found.outcome == FAILED
    assert found.evidence[0]["metric"] == "roc_auc"


def test_a_file_that_answers_otherwise_blocks() -> None:
    def filled(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(age=30.0)

    assert found_by("after_reload", subject(reloads={"joblib": lambda: fed_by(filled)})).outcome == FAILED


def test_a_model_that_says_always_the_same_blocks() -> None:
    def same(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(income=50.0, age=40.0, plan="plus", visits=3)

    assert {"not_constant", "better_than_dull"} <= blocked_by(subject(model=fed_by(same)))


def test_a_model_that_remembers_odd_input_blocks() -> None:
    seen: list[int] = []

    def remembering(frame: pd.DataFrame) -> pd.DataFrame:
        seen.append(len(frame))
        return frame.assign(age=frame["age"] + len(seen))

    assert "asked_again" in blocked_by(subject(model=fed_by(remembering)))


def test_a_step_that_changes_the_table_it_is_given_blocks() -> None:
    def into_place(frame: pd.DataFrame) -> pd.DataFrame:
        frame["age"] = frame["age"] * 1.0 + 1.0
        return frame

    assert "inputs_left_alone" in blocked_by(subject(model=fed_by(into_place)))


def test_a_check_that_raises_counts_as_broken_and_the_others_go_on() -> None:
    def gone(frame: pd.DataFrame) -> pd.DataFrame:
        raise RuntimeError("the lookup table is gone")

    found = found_by("one_answer_per_row", subject(model=fed_by(gone)))
    assert found.outcome == BROKE
    assert "the lookup table is gone" in found.sentence
