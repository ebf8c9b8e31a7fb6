"""Rows of numbers through linear models by machine code: the bits of the same forms in plain Python."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlregistry.ml.compiling import one_row, weighed_rows
from mlregistry.ml.compiling.compiler import compile_model
from mlregistry.ml.compiling.forms import Form, Refused
from mlregistry.ml.compiling.scoring import CompiledModel
from mlregistry.ml.plain_rows import PlainRows
from mlregistry.ml.signature import infer

WIDTH = 3
OPERANDS = {
    "minus": np.array([0.3, 7.0, -1e-9]), "over": np.array([3.0, 7e-3, 1e9]), "times": np.array([1.1, -2.0, 1e-300]),
    "plus": np.array([0.1, 1e16, -0.0]),
}  # fmt: skip
OPERATIONS = [
    Form("shift_scale", arrays=OPERANDS),
    Form("shift_scale", arrays={name: OPERANDS[name] for name in ("minus", "over")}),
    Form("fill", arrays={"fills": np.array([1.0, math.nan, 0.1])}),
    Form("final", {"gaps": False}, {"medians": np.array([1.0, 2.0, 3.0])}),
    Form("final", {"gaps": True}, {"medians": np.array([1.0, 2.0, 3.0])}),
    Form("guard", {"allows": "finite"}),
    Form("guard", {"allows": "bounded"}),
    Form("same"),
]
AFFINE = [
    Form("affine", arrays={"weights": weights, "intercept": np.linspace(-1, 2, weights.shape[1])})
    for weights in (np.array([[0.1], [-7.3], [1e-5]]), np.arange(6.0).reshape(3, 2) / 7, -np.arange(9.0).reshape(3, 3))
]  # fmt: skip
LINKS = [Form("link", {"link": "two_sigmoid"}), Form("link", {"link": "softmax"}), Form("same")]
cell = st.floats() | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.none()


def outcome(step: Any, row: Any) -> Any:
    try:
        return [repr(value) for value in step(row)]
    except Refused:
        return Refused


@settings(max_examples=200, deadline=None)
@given(
    st.lists(cell, min_size=WIDTH, max_size=WIDTH),
    st.lists(st.sampled_from(OPERATIONS), max_size=4),
    st.sampled_from(AFFINE),
    st.sampled_from(LINKS),
)
@example([math.inf, 1, 2], [OPERATIONS[6]], AFFINE[0], LINKS[0])
@example([None, True, 2**53 + 1], [OPERATIONS[2], OPERATIONS[1]], AFFINE[2], LINKS[2])
def test_the_bits_are_those_of_plain_python(
    row: list[Any], before: list[Form], affine: Form, link: Form
) -> None:
    forms = (Form("chain", parts=tuple(before)), Form("chain", parts=(affine, link)))
    alone, weighed = one_row.step_of(Form("chain", parts=forms), {}), weighed_rows.step_of(forms)
    assert alone is not None
    assert weighed is not None
    try:
        wanted = outcome(alone, one_row.floats(row))
    except (ValueError, OverflowError) as error:  # a link that Python cannot work out
        with pytest.raises(type(error)):
            weighed(row)
        return
    assert outcome(weighed, row) == wanted


def test_a_row_of_another_width_is_refused() -> None:
    weighed = weighed_rows.step_of([OPERATIONS[0], AFFINE[0]])
    assert weighed is not None
    for row in ((), (1.0, 2.0), (1.0, 2.0, 3.0, 4.0)):
        with pytest.raises(Refused):
            weighed(row)


def test_other_forms_are_left_to_others() -> None:
    wide = Form("affine", arrays={"weights": np.zeros((5000, 1)), "intercept": np.zeros(1)})
    texts = {"wires": [{"kind": "texts", "reads": [[1, None]]}, {"kind": "numbers", "reads": [[3, None]]}]}
    for forms in (
        [],
        [OPERATIONS[0]],
        [Form("gaps"), AFFINE[0]],
        [AFFINE[0], Form("link", {"link": "huber"})],
        [wide],
        [Form("shift_scale", arrays={"minus": np.zeros(1)}), AFFINE[0]],
        [Form("plan", texts, parts=(OPERATIONS[0],)), AFFINE[0]],
    ):
        assert weighed_rows.step_of(forms) is None


@pytest.mark.parametrize(
    ("estimator", "load"),
    [
        (LogisticRegression(max_iter=500), load_breast_cancer),
        (LogisticRegression(max_iter=500), load_iris),
        (LinearRegression(), load_breast_cancer),
        (make_pipeline(SimpleImputer(), Ridge()), load_iris),
    ],
)
def test_models_answer_a_row_as_they_answer_many(estimator: Any, load: Any) -> None:
    frame = load(as_frame=True).frame
    inputs = frame.drop(columns="target")
    pipeline = make_pipeline(StandardScaler(), estimator).fit(inputs, frame["target"])
    classes = sorted(frame["target"].unique().tolist()) if hasattr(estimator, "predict_proba") else []
    signature = infer(inputs, target="target", output_type="integer" if classes else "float", classes=classes)
    model = CompiledModel(compile_model(pipeline, signature), signature)
    assert weighed_rows.step_of(model.form.parts) is not None
    rows = [tuple(row) for row in itertools.islice(inputs.itertuples(index=False), 0, 100, 7)]
    names = tuple(map(str, inputs.columns))
    many = model.score(PlainRows(names, rows))
    for place, row in enumerate(rows):
        one = model.score(PlainRows(names, [row]))
        assert set(one) == set(many)
        assert one["predictions"] == pytest.approx(many["predictions"][place : place + 1], rel=1e-12)
        if classes:
            assert one["predictions"] == many["predictions"][place : place + 1]
            assert np.allclose(one["probabilities"], many["probabilities"][place : place + 1], rtol=1e-12)
