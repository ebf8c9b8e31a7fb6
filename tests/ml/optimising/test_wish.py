"""What an optimisation may be asked, and what is refused."""

from typing import Any

import pytest

from mlregistry.errors import Invalid
from mlregistry.ml.optimising.methods import NAMES
from mlregistry.ml.optimising.wish import TOLERANCE, parse


def parsed(n_classes: int = 2, **data: Any) -> Any:
    return parse(data, known=NAMES, n_classes=n_classes)


def test_nothing_asked_is_everything_by_the_defaults() -> None:
    found = parsed()
    assert (found.methods, found.tolerance, found.costs) == (NAMES, TOLERANCE, ())
    assert parsed(methods=["stack", "prune"]).methods == ("prune", "stack")
    assert parsed(costs=[[0, 1], [5, -2]]).costs == ((0.0, 1.0), (5.0, -2.0))


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"methods": []}, "methods"),
        ({"methods": "prune"}, "methods"),
        ({"methods": ["melt"]}, "methods"),
        ({"tolerance": -0.1}, "tolerance"),
        ({"tolerance": float("nan")}, "tolerance"),
        ({"tolerance": "much"}, "tolerance"),
        ({"tolerance": True}, "tolerance"),
        ({"n_members": 1}, "n_members"),
        ({"n_members": 11}, "n_members"),
        ({"n_members": 2.5}, "n_members"),
        ({"costs": [[0, 1]]}, "costs"),
        ({"costs": [[0, 1], [1]]}, "costs"),
        ({"costs": [[0, 1], [1, float("inf")]]}, "costs"),
        ({"costs": [[0, 1], [1, "x"]]}, "costs"),
        ({"costs": {"a": 1}}, "costs"),
        ({"costs": [[2, 2], [2, 2]]}, "costs"),
        ({"alpha": 1}, "alpha"),
    ],
)
def test_what_is_refused_names_its_field(data: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        parsed(**data)
    assert caught.value.field == field


def test_a_regression_has_no_costs_of_decisions() -> None:
    with pytest.raises(Invalid, match="for a classification"):
        parsed(n_classes=0, costs=[[0, 1], [1, 0]])
