"""What may be declared about drift, and the sentences that refuse what may not."""

from typing import Any

import pytest

from mlregistry.errors import Invalid
from mlregistry.ml.drift.declaring import DEFAULTS, Declaration, parse

CHOICES = [
    ("numeric", 500, 100, "ks"),
    ("numeric", 500, 4, "chi_square"),
    ("numeric", 500, 2, "z_test"),
    ("numeric", 5000, 100, "wasserstein"),
    ("numeric", 5000, 5, "jensen_shannon"),
    ("categorical", 500, 9, "chi_square"),
    ("categorical", 500, 2, "z_test"),
    ("categorical", 5000, 9, "jensen_shannon"),
]


@pytest.mark.parametrize(("kind", "rows", "distinct", "expected"), CHOICES)
def test_the_default_method_depends_on_kind_values_and_rows(
    kind: str, rows: int, distinct: int, expected: str
) -> None:
    assert DEFAULTS.method_for("age", kind, n_smaller=rows, n_distinct=distinct).name == expected


def test_a_column_goes_before_its_kind_and_that_before_the_default() -> None:
    declared = parse(
        {
            "methods": {"numeric": "psi"},
            "thresholds": {"psi": 0.25},
            "columns": {"age": {"method": "ks", "threshold": 0.01}, "id": {"watched": False}},
            "alpha": 0.02,
            "correction": "holm",
        }
    )
    psi = declared.method_for("income", "numeric", n_smaller=10, n_distinct=10)
    ks = declared.method_for("age", "numeric", n_smaller=10_000, n_distinct=10)
    assert (psi.name, declared.threshold_for("income", psi)) == ("psi", 0.25)
    assert (ks.name, declared.threshold_for("age", ks)) == ("ks", 0.01)
    assert declared.threshold_for("other", ks) == 0.02
    assert (declared.watches("id"), declared.watches("age")) == (False, True)


def test_nothing_declared_is_the_default() -> None:
    assert parse({}) == Declaration()


REFUSED = [
    ([], "drift", "must be an object"),
    ({"method": "ks"}, "method", "nothing to declare"),
    ({"methods": {"numeric": "chi"}}, "methods.numeric", "no drift method for numeric columns"),
    ({"methods": {"categorical": "ks"}}, "methods.categorical", "choose one of: psi"),
    ({"methods": {"text": "ks"}}, "methods", "no kind of column"),
    ({"methods": {"numeric": 3}}, "methods.numeric", "must be text"),
    ({"thresholds": {"ks": 0}}, "thresholds.ks", "over 0 and at most 1"),
    ({"thresholds": {"psi": float("nan")}}, "thresholds.psi", "must be a number"),
    ({"thresholds": {"psi": float("inf")}}, "thresholds.psi", "must be a number"),
    ({"thresholds": {"psi": True}}, "thresholds.psi", "must be a number"),
    ({"thresholds": {"nothing": 0.1}}, "thresholds", "no drift method"),
    ({"columns": {"age": {"method": "magic"}}}, "columns.age.method", "no drift method"),
    ({"columns": {"age": {"treshold": 1}}}, "columns.age", "unknown"),
    ({"columns": {"age": {"method": "hellinger", "threshold": 2}}}, "columns.age.threshold", "at most 1"),
    ({"columns": {"age": {"watched": "no"}}}, "columns.age.watched", "true or false"),
    ({"columns": {str(n): {} for n in range(5001)}}, "columns", "at most 5,000"),
    ({"alpha": 0.7}, "alpha", "at most 0.5"),
    ({"alpha": "0.05"}, "alpha", "must be a number"),
    ({"correction": "sidak"}, "correction", "benjamini_hochberg"),
    ({"drifted_share": 1.5}, "drifted_share", "at most 1"),
    ({"least_rows": 0}, "least_rows", "whole number"),
    ({"least_rows": 2.5}, "least_rows", "whole number"),
]


@pytest.mark.parametrize(("document", "field", "sentence"), REFUSED)
def test_a_wrong_declaration_is_refused_by_its_field(document: Any, field: str, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence) as refused:
        parse(document)
    assert refused.value.field == field


def test_a_method_of_another_kind_is_refused_when_the_column_is_met() -> None:
    declared = parse({"columns": {"plan": {"method": "wasserstein"}}})
    with pytest.raises(Invalid, match="no drift method for categorical columns"):
        declared.method_for("plan", "categorical", n_smaller=10, n_distinct=3)
