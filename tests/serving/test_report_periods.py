"""The periods of scheduled reports, by a calendar that is an argument; and how a report names them."""

from datetime import UTC, datetime, timedelta

import pytest

from serving.report_periods import Period, before, newest, next_due
from serving.report_words import change, span


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("rhythm", "now", "since", "until"),
    [
        ("daily", "2026-03-02T00:00", "2026-03-01", "2026-03-02"),
        ("daily", "2026-03-01T23:59", "2026-02-28", "2026-03-01"),
        ("weekly", "2026-03-02T00:00", "2026-02-23", "2026-03-02"),  # a Monday
        ("weekly", "2026-03-08T23:00", "2026-02-23", "2026-03-02"),
        ("monthly", "2026-03-31T12:00", "2026-02-01", "2026-03-01"),
        ("monthly", "2026-01-01T00:00", "2025-12-01", "2026-01-01"),
        ("monthly", "2024-03-01T00:00", "2024-02-01", "2024-03-01"),
    ],
)
def test_the_newest_period_is_the_last_that_has_ended(rhythm: str, now: str, since: str, until: str) -> None:
    assert newest(rhythm, at(now)) == Period(at(since), at(until))


def test_an_hour_of_grace_lets_late_rows_come_in() -> None:
    assert newest("daily", at("2026-03-02T05:59"), hour=6).until == at("2026-03-01")
    assert newest("daily", at("2026-03-02T06:00"), hour=6).until == at("2026-03-02")


@pytest.mark.parametrize("rhythm", ["daily", "weekly", "monthly"])
def test_what_is_due_next_is_the_end_of_the_period_under_way(rhythm: str) -> None:
    now = at("2026-01-31T05:00")
    for _ in range(40):
        due = next_due(rhythm, now, hour=6)
        assert due > now
        assert newest(rhythm, due - timedelta(minutes=1), hour=6).until == newest(rhythm, now, hour=6).until
        assert newest(rhythm, due, hour=6).since == newest(rhythm, now, hour=6).until
        now = due


def test_the_period_before_is_the_calendars_or_as_long() -> None:
    march = newest("monthly", at("2026-04-01T00:00"))
    assert before("monthly", march) == Period(at("2026-02-01"), at("2026-03-01"))
    asked = Period(at("2026-03-02T10:00"), at("2026-03-02T16:00"))
    assert before("asked", asked) == Period(at("2026-03-02T04:00"), at("2026-03-02T10:00"))


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [
        ("2026-03-02", "2026-03-03", "2 March 2026"),
        ("2026-03-02", "2026-03-09", "2 to 8 March 2026"),
        ("2026-02-23", "2026-03-02", "23 February to 1 March 2026"),
        ("2025-12-29", "2026-01-05", "29 Dec 2025 to 4 Jan 2026"),
        ("2026-03-02T10:30", "2026-03-09", "2 Mar 2026 10:30 to 9 Mar 2026 00:00"),
    ],
)
def test_a_period_reads_like_one(since: str, until: str, words: str) -> None:
    assert span({"since": at(since).isoformat(), "until": at(until).isoformat()}) == words


def test_a_change_is_told_against_something() -> None:
    assert change(112, 100) == "+12 %"
    assert change(88, 100) == "−12 %"
    assert change(100.1, 100) == "as before"
    assert change(500, 100) == "5 × before"
    assert change(5, 0) == "none before"
    assert change(0, 0) == ""
    assert change(None, 3) == ""
