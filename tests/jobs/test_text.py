"""Cron lines and log lines: plain functions, plain values."""

from datetime import UTC, datetime

import pytest

from mlregistry.errors import Invalid
from mlregistry.jobs import cron
from mlregistry.jobs.engines import tasks_setting
from mlregistry.jobs.logtext import LogLines

MONDAY = datetime(2026, 11, 23, 10, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("* * * * *", datetime(2026, 11, 23, 10, 8, tzinfo=UTC)),
        ("*/15 * * * *", datetime(2026, 11, 23, 10, 15, tzinfo=UTC)),
        ("0 3 * * *", datetime(2026, 11, 24, 3, 0, tzinfo=UTC)),
        ("30 6 * * 0", datetime(2026, 11, 29, 6, 30, tzinfo=UTC)),
        ("30 6 * * 7", datetime(2026, 11, 29, 6, 30, tzinfo=UTC)),
        ("0 0 1 1 *", datetime(2027, 1, 1, tzinfo=UTC)),
        ("0 0 29 2 *", datetime(2028, 2, 29, tzinfo=UTC)),
        ("0 12 1 * 3", datetime(2026, 11, 25, 12, 0, tzinfo=UTC)),
        ("5-10/5 8,10 * * *", datetime(2026, 11, 23, 10, 10, tzinfo=UTC)),
    ],
)
def test_a_cron_line_names_the_next_moment(line: str, expected: datetime) -> None:
    assert cron.parse(line).after(MONDAY) == expected


@pytest.mark.parametrize(
    "line", ["", "* * * *", "60 * * * *", "* 24 * * *", "*/0 * * * *", "x * * * *", "9-3 * * * *"]
)
def test_a_cron_line_that_makes_no_sense_is_refused(line: str) -> None:
    with pytest.raises(Invalid) as error:
        cron.parse(line)
    assert error.value.field == "cron"


def test_a_day_that_never_comes_is_refused() -> None:
    with pytest.raises(Invalid, match="never comes"):
        cron.parse("0 0 31 2 *").after(MONDAY)


def test_log_bytes_become_lines_without_nul_and_with_the_last_drawing_of_a_progress_bar() -> None:
    log = LogLines(limit_bytes=1000, limit_lines=100, line_bytes=50)
    log.feed(b"one\ntw")
    log.feed(b"o\r\n10%\r20%\nn\x00l\n\xff\nrest")
    assert log.take() == ["one", "two", "20%", "n\ufffdl", "\ufffd"]
    assert log.take(final=True) == ["rest"]


def test_a_log_without_newlines_is_cut_into_lines_and_stops_at_its_limit() -> None:
    log = LogLines(limit_bytes=120, limit_lines=100, line_bytes=50)
    for _ in range(1000):
        log.feed(b"y" * 1000)
    lines = log.take(final=True)
    assert [len(line) for line in lines[:2]] == [50, 50]
    assert lines[2].startswith("[The log is cut here")
    assert len(lines) == 3


def test_an_unknown_engine_is_named_with_those_that_exist() -> None:
    with pytest.raises(ValueError, match="must be one of db, rq, celery"):
        tasks_setting("kafka")
