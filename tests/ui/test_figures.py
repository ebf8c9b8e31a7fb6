"""How numbers and times read on pages."""

import pytest

from mlregistry.ui.templatetags.pages import chance, days, duration


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0.0, "0"), (3e-13, "< 0.0001"), (0.0001, "0.0001"), (0.0313, "0.0313"), (1.0, "1")],
)
def test_a_chance_that_rounds_to_nothing_is_not_nothing(value: float | None, text: str) -> None:
    assert chance(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0.0417, "1 h"), (0.1688, "4 h 3 min"), (1.0, "1.0 days"), (1234.56, "1,234.6 days")],
)
def test_what_lasts_less_than_a_day_is_told_in_hours(value: float | None, text: str) -> None:
    assert days(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(3.21, "3.2 s"), (250, "4 min 10 s"), (3600, "1 h"), (7500, "2 h 5 min")]
)
def test_full_hours_have_no_minutes(seconds: float, text: str) -> None:
    assert duration(seconds) == text
