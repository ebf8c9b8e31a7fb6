"""How figures of an optimisation read on its page, and that its document names every method."""

from pathlib import Path

import pytest

from mlregistry.ml.optimising.methods import NAMES
from models_app.queries.costs import told
from models_app.queries.optimisation_lines import _apart, _difference, _less


@pytest.mark.parametrize(
    ("cost", "text"),
    [(7.16e-6, "0.0000072"), (0.65, "0.65"), (12.3, "12.30"), (1204.4, "1,204"), (0.0, "0"), (None, "–")],
)
def test_costs_are_told_without_powers_of_ten(cost: float | None, text: str) -> None:
    assert told(cost) == text


def test_a_difference_is_told_with_its_interval_where_there_is_one() -> None:
    figures = {"difference": 0.00142, "low": -0.00928, "high": 0.01109}
    assert _difference(figures, "{:+.4f}") == "+0.0014 (−0.0093 to +0.0111)"
    assert _difference({"difference": 0.5, "low": None}, "{:+.1f}") == "+0.5"
    assert _difference({}, "{:+.4f}") == ""
    assert _difference({"difference": 0.0, "low": 0.0, "high": 0.0}, "{:+.4f}") == "the same"


@pytest.mark.parametrize(
    ("changed", "apart", "text"),
    [
        (0.0, 0.0, "Every test row is answered alike, to the last bit."),
        (0.0, 0.01, "Every test row is decided alike; answers differ by up to 0.01."),
        (0.25, 0.0, "25.0% of the test rows are decided otherwise, by the same probabilities."),
        (0.25, 0.5, "25.0% of the test rows are decided otherwise; answers differ by up to 0.5."),
    ],
)
def test_what_is_answered_otherwise_is_a_sentence(changed: float, apart: float, text: str) -> None:
    assert _apart({"changed": changed, "apart": apart}, is_decided=True) == text


def test_the_document_names_every_method() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "optimising.md").read_text()
    assert [name for name in NAMES if f"`{name}`" not in page] == []


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (5.4, 1.0, "÷ 5.4"),
        (1379.0, 1.0, "÷ 1,379"),
        (5.7, 127.5, "× 22"),
        (2.0, 2.0, "÷ 1.0"),
        (None, 1.0, ""),
    ],
)
def test_less_is_divided_and_more_is_multiplied(before: float | None, after: float, text: str) -> None:
    assert _less(before, after) == text
