"""The signature: what it takes from a frame, and how it refuses rows that do not fit."""

import pytest

from mlregistry.errors import Invalid
from mlregistry.ml import signature
from mlregistry.ml.signature import Signature
from tests.ml.frames import mixed

COLUMNS = ["age", "income", "plan", "active", "since"]
ROW = {"age": 30, "income": 1.5, "plan": "pro", "active": True, "since": "2021-01-01T00:00:00"}


def made() -> Signature:
    return signature.infer(mixed()[COLUMNS], target="churn", output_type="string", classes=["no", "yes"])


def test_types_gaps_and_categories_come_from_the_frame() -> None:
    found = made()
    assert [field.type for field in found.inputs] == ["integer", "float", "string", "boolean", "datetime"]
    assert [field.required for field in found.inputs] == [True, False, False, True, True]
    assert found.inputs[2].categories == ("basic", "plus", "pro")
    assert Signature.from_json(found.to_json()) == found


def test_rows_become_a_frame_in_the_order_of_the_inputs() -> None:
    frame = made().frame([dict(reversed(ROW.items())), {**ROW, "age": 31.0, "income": None, "more": 1}])
    assert frame.columns.tolist() == COLUMNS
    assert frame["age"].tolist() == [30, 31]
    assert frame["income"].isna().tolist() == [False, True]


def test_times_with_a_zone_become_utc() -> None:
    frame = made().frame([{**ROW, "since": "2021-01-01T02:00:00+02:00"}])
    assert frame["since"][0].isoformat() == "2021-01-01T00:00:00"


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("age", None, "is null"),
        ("age", float("nan"), "is null"),
        ("age", 1.5, "a whole number"),
        ("age", "30", "a whole number"),
        ("age", True, "a whole number"),
        ("income", "x", "a number"),
        ("income", float("inf"), "a number"),
        ("income", 10**400, "a number"),
        ("plan", 3, "text"),
        ("active", 1, "true or false"),
        ("since", "yesterday", "a time"),
        ("since", 5, "a time"),
        ("since", None, "is null"),
        ("plan", ["a"], "text"),
    ],
)
def test_a_value_that_does_not_fit_names_row_and_column(column: str, value: object, words: str) -> None:
    with pytest.raises(Invalid, match=words) as caught:
        made().frame([ROW, {**ROW, column: value}])
    assert caught.value.field == column
    assert caught.value.message.startswith("Row 2")


def test_a_missing_column_names_row_and_column() -> None:
    with pytest.raises(Invalid, match="Row 1 lacks the column 'age'"):
        made().frame([{name: value for name, value in ROW.items() if name != "age"}])


def test_an_extra_column_is_ignored_or_refused_when_strict() -> None:
    made().frame([{**ROW, "more": 1}])
    with pytest.raises(Invalid, match="'more'"):
        made().frame([{**ROW, "more": 1}], strict=True)


def test_no_rows_are_refused() -> None:
    with pytest.raises(Invalid, match="no rows"):
        made().frame([])
