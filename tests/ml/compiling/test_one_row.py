"""One row in plain Python: the same as through arrays, for whole models and operation by operation."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from mlregistry.ml.compiling import one_row
from mlregistry.ml.compiling.building import build
from mlregistry.ml.compiling.compiler import compile_model
from mlregistry.ml.compiling.forms import Form, Refused
from mlregistry.ml.compiling.scoring import CompiledModel
from mlregistry.ml.plain_rows import PlainRows
from mlregistry.ml.signature import infer
from tests.ml.compiling.models import mixed

NUMBERS, TEXTS = ["age", "income", "visits"], ["plan", "city"]
AGES, TOWNS = (None, -3, 41.5, 1e30), (None, "Bern", "大阪", "nowhere")
number = st.floats(allow_infinity=False) | st.integers(-5, 5).map(float)


def compiled(estimator: Any, target: str, *, unknown: str = "ignore") -> CompiledModel:
    frame = mixed(target=target)[[*NUMBERS, *TEXTS, "y"]]
    inputs = frame.drop(columns="y")
    prepared = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), NUMBERS),
            ("texts", make_pipeline(SimpleImputer(strategy="most_frequent"),
                                    OneHotEncoder(handle_unknown=unknown)), TEXTS),
        ]
    )  # fmt: skip
    pipeline = make_pipeline(prepared, estimator).fit(inputs, frame["y"])
    classes = sorted(frame["y"].unique().tolist()) if target != "number" else []
    kind = "float" if target == "number" else "string"
    signature = infer(inputs, target="y", output_type=kind, classes=classes)
    return CompiledModel(compile_model(pipeline, signature), signature)


def through_arrays(model: CompiledModel, rows: Any) -> dict[str, Any]:
    with np.errstate(all="ignore"):
        return model._tell(model.head(model._plan(model._read(rows))))


@pytest.mark.parametrize(
    ("estimator", "target"),
    [
        (LogisticRegression(max_iter=500), "two"),
        (LogisticRegression(max_iter=500), "three"),
        (LinearRegression(), "number"),
        (RandomForestClassifier(5, random_state=1), "two"),
    ],
)
def test_a_row_alone_is_scored_as_arrays_score_it(estimator: Any, target: str) -> None:
    model = compiled(estimator, target)
    assert model._score_one is not None
    base = {"income": 3000.0, "visits": 4, "plan": "plus"}
    for age, town in itertools.product(AGES, TOWNS):
        row = {"age": age, **base, "city": town}
        wanted = through_arrays(model, [row])
        for rows in ([row], PlainRows(tuple(row), [tuple(row.values())])):
            found = model.score(rows)
            one, other = found["predictions"][0], wanted["predictions"][0]
            assert one == other if isinstance(one, str) else one == pytest.approx(other, rel=1e-12)
            assert type(one) is type(other)
            assert np.allclose(
                found.get("probabilities", 0), wanted.get("probabilities", 0), rtol=1e-12, atol=1e-15
            )
            assert set(found) == set(wanted)


def test_what_arrays_refuse_is_refused_alone() -> None:
    model = compiled(LogisticRegression(max_iter=500), "two", unknown="error")
    row = {"age": 1.0, "income": 3000.0, "visits": 4, "plan": "plus", "city": "nowhere"}
    for rows in ([row], [row, row]):
        with pytest.raises(Refused):
            model.score(rows)


def test_a_gap_that_a_file_wrote_as_nan_is_read_as_a_gap() -> None:
    model = compiled(LogisticRegression(max_iter=500), "two")
    row = {"age": None, "income": 3000.0, "visits": 4, "plan": "plus", "city": "Bern"}
    as_nan, as_none = (model.score([{**row, "age": gap}])["probabilities"][0] for gap in (math.nan, None))
    assert as_nan == pytest.approx(as_none, rel=1e-12)


def test_times_and_other_operations_go_through_arrays() -> None:
    forms = [
        Form("chain", parts=(Form("quantiles"),)),
        Form("shift_scale", arrays={"over": np.array([1.0, 0.0])}),
        Form("affine", arrays={"weights": np.zeros((5000, 1)), "intercept": np.zeros(1)}),
        Form("link", {"link": "huber"}),
        Form("plan", {"wires": [{"kind": "mixed", "reads": [[0, [0]]]}]}),
    ]
    assert [one_row.step_of(form, {}) for form in forms] == [None] * len(forms)


FLOATS = {name: np.array([0.3, 7.0, -1e-9]) for name in ("minus", "over", "times", "plus")}
ELEMENTWISE = [
    Form("shift_scale", arrays=FLOATS),
    Form("shift_scale", arrays={"over": FLOATS["over"]}),
    Form("fill", arrays={"fills": np.array([1.0, np.nan, 0.1])}),
    Form("gaps"),
    Form("same"),
    Form("final", {"gaps": False}, {"medians": np.array([1.0, 2.0, 3.0])}),
    Form("final", {"gaps": True}, {"medians": np.array([1.0, 2.0, 3.0])}),
    Form("take", {"width": 3}, {"places": np.array([2, 0, 0])}),
    Form("chain", parts=(Form("gaps"), Form("shift_scale", arrays={"plus": FLOATS["plus"]}), Form("same"))),
    Form("side_by_side", parts=(Form("gaps"), Form("same"))),
    Form("guard", {"allows": "finite"}),
    Form("guard", {"allows": "bounded"}),
]


@settings(max_examples=60, deadline=None)
@given(st.lists(number | st.just(math.inf), min_size=3, max_size=3))
def test_operations_on_numbers_give_the_same_bits_as_arrays(values: list[float]) -> None:
    for form in ELEMENTWISE:
        alone, run = one_row.step_of(form, {}), build(form)
        assert alone is not None
        try:
            with np.errstate(all="ignore"):
                wanted = run(np.array([values])).astype(np.float64)
        except Refused:
            with pytest.raises(Refused):
                alone(values)
            continue
        assert np.array([alone(values)], dtype=np.float64).tobytes() == wanted.tobytes(), form


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-800, 800), min_size=3, max_size=3))
def test_links_agree_with_arrays(scores: list[float]) -> None:
    for name, link in one_row.LINKS.items():
        given_ = scores[:1] if name == "two_sigmoid" else scores
        wanted = build(Form("link", {"link": name}))(np.array([given_]))[0].tolist()
        assert link(given_) == pytest.approx(wanted, rel=1e-13, abs=1e-300), name


@pytest.mark.parametrize("text", [None, "b", "other"])
def test_operations_on_texts_agree_with_arrays(text: str | None) -> None:
    for form in (
        Form("one_hot", {"width": 3, "categories": [["a", "b", None]], "places": [[0, 1, 2]], "unknown": [-1]}),
        Form("one_hot", {"width": 3, "categories": [["a", "b"]], "places": [[0, -1]], "unknown": [2]}),
        Form(
            "lookup", {"categories": [["b"]], "rows": [[1]], "unknown": [0]}, {"table": np.array([[0.5, 1], [2, 3]])}
        ),
        Form("text_gaps"),
    ):  # fmt: skip
        alone = one_row.step_of(form, {})
        assert alone is not None
        assert alone([text]) == build(form)([[text]])[0].tolist()
    filled = one_row.step_of(Form("fill_text", {"fills": ["x"]}), {})
    assert filled is not None
    assert filled([text]) == [text or "x"]
