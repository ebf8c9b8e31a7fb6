"""The benchmark's tables: ratios the right way round, verdicts, and their place in the page."""

from pathlib import Path

import pytest

from benchmarks.side_by_side import report
from benchmarks.side_by_side.rows import Row

RATE = Row("write", "runs/s", 15, 4)
TIME = Row("search {runs} runs", "ms", 20)


def test_a_rate_is_better_when_it_is_higher_and_a_time_when_it_is_lower() -> None:
    figures = {"MLflow": 100.0, "mlregistry": 5.0}
    assert report.ratio(TIME, figures, "MLflow") == 20
    assert report.ratio(RATE, figures, "MLflow") == 0.05


def test_a_goal_is_met_only_against_both_peers() -> None:
    met = report.speed([(RATE, {"MLflow": 10, "FastTrackML": 40, "mlregistry": 160})], {})
    missed = report.speed([(RATE, {"MLflow": 10, "FastTrackML": 50, "mlregistry": 160})], {})
    unknown = report.speed([(RATE, {"MLflow": 10, "FastTrackML": None, "mlregistry": 160})], {})
    verdicts = [table.splitlines()[-1].split("|")[-2].strip() for table in (met, missed, unknown)]
    assert verdicts == ["met", "missed", "–"]


def test_the_speed_table_names_the_sizes() -> None:
    table = report.speed([(TIME, {"MLflow": 240.0, "mlregistry": 10.0})], {"runs": "10,000"})
    assert table.splitlines()[-1] == ("| search 10,000 runs | 240 ms | – | 10 ms | 24× | – | ≥ 20× | met |")


def test_growth_compares_the_last_size_with_the_first() -> None:
    table = report.growth([(RATE, [3000, 1500]), (TIME, [5, 20])], [10_000, 1_000_000])
    assert [line.split("|")[-3].strip() for line in table.splitlines()[2:]] == ["2×", "4×"]
    assert [line.split("|")[-2].strip() for line in table.splitlines()[2:]] == ["met", "missed"]


def test_a_table_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- speed -->\nold\n<!-- /speed -->\nafter\n")
    report.paste(page, {"speed": r"new \1"})
    assert page.read_text() == "before\n<!-- speed -->\nnew \\1\n<!-- /speed -->\nafter\n"


def test_a_page_without_the_place_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing")
    with pytest.raises(ValueError, match="no place marked speed"):
        report.paste(page, {"speed": "new"})
