"""How the pages of jobs word hours and kinds of work."""

import pytest

from mlregistry.jobs.templatetags.budgets import hours, work


@pytest.mark.parametrize(
    ("amount", "text"),
    [(None, "–"), (0.0, "0.00"), (0.001, "< 0.01"), (0.005, "0.01"), (1234.5, "1,234.50")],
)
def test_hours_that_round_to_nothing_are_not_nothing(amount: float | None, text: str) -> None:
    assert hours(amount) == text


@pytest.mark.parametrize(
    ("kind", "text"), [("models_app.test_version", "test version"), ("demo", "demo"), ("", "")]
)
def test_a_kind_is_read_without_its_app(kind: str, text: str) -> None:
    assert work(kind) == text
