"""The states of an alert rule, look by look, without a database: in a row, cool-down, recovery, no data."""

from datetime import UTC, datetime, timedelta

import pytest

from serving.alerting import Manner, Standing, Telling, Verdict, step, verdict_of
from serving.queries.traffic import quantile

START = datetime(2026, 3, 1, tzinfo=UTC)
LETTERS = {"b": Verdict.BROKEN, "w": Verdict.WELL, "e": Verdict.EMPTY}
FIRING, RECOVERED, NO_DATA = Telling.FIRING, Telling.RECOVERED, Telling.NO_DATA


def looked(letters: str, manner: Manner) -> tuple[list[str], dict[int, Telling]]:
    """States after each look, a minute apart, and what was told at which."""
    standing, states = Standing(), []
    told: dict[int, Telling] = {}
    for place, letter in enumerate(letters):
        standing, telling = step(standing, LETTERS[letter], manner, START + timedelta(minutes=place))
        states.append(standing.state)
        if telling is not Telling.NOTHING:
            told[place] = telling
    return states, told


@pytest.mark.parametrize(
    ("value", "n", "above", "fewest", "verdict"),
    [
        (0.06, 10, True, 0, Verdict.BROKEN), (0.05, 10, True, 0, Verdict.WELL), (0.04, 10, True, 0, Verdict.WELL),
        (0.04, 10, False, 0, Verdict.BROKEN), (0.05, 10, False, 0, Verdict.WELL), (0.06, 9, True, 10, Verdict.EMPTY),
        (0.06, 10, True, 10, Verdict.BROKEN), (None, 10, True, 0, Verdict.EMPTY), (0.0, 0, False, 0, Verdict.BROKEN),
    ],
)  # fmt: skip
def test_a_threshold_is_passed_not_touched(
    value: float | None, n: int, above: bool, fewest: int, verdict: Verdict
) -> None:
    assert verdict_of(value, n, above=above, threshold=0.05, fewest=fewest) is verdict


def test_a_state_changes_after_so_many_looks_in_a_row() -> None:
    states, told = looked("bbwbbbwwbwww", Manner(looks=3, cooldown=timedelta()))
    assert states == [*["no data"] * 5, *["firing"] * 6, "ok"]
    assert told == {5: FIRING, 11: RECOVERED}


def test_a_rule_that_goes_on_firing_tells_once() -> None:
    assert looked("b" * 600, Manner()) == (["firing"] * 600, {0: FIRING})


def test_a_flapping_rule_is_silent_within_its_cool_down() -> None:
    states, told = looked("bw" * 60, Manner(cooldown=timedelta(minutes=30)))
    assert told == {0: FIRING, 1: RECOVERED, 30: FIRING, 31: RECOVERED, 60: FIRING, 61: RECOVERED,
                    90: FIRING, 91: RECOVERED}  # fmt: skip
    assert states[:4] == ["firing", "ok", "firing", "ok"]


def test_what_fires_within_the_cool_down_is_told_when_it_is_over() -> None:
    assert looked("bw" + "b" * 10, Manner(cooldown=timedelta(minutes=6)))[1] == {
        0: FIRING,
        1: RECOVERED,
        6: FIRING,
    }


def test_what_was_never_told_needs_no_recovery() -> None:
    assert looked("bwbw", Manner(cooldown=timedelta(hours=1)))[1] == {0: FIRING, 1: RECOVERED}
    assert looked("bw", Manner(tells_recovery=False))[1] == {0: FIRING}


def test_no_data_is_neither_well_nor_an_alert() -> None:
    states, told = looked("beeew", Manner(cooldown=timedelta()))
    assert states == ["firing", "no data", "no data", "no data", "ok"]
    assert told == {0: FIRING, 4: RECOVERED}


def test_no_data_is_told_where_that_is_wanted_but_not_at_the_beginning() -> None:
    manner = Manner(cooldown=timedelta(), tells_no_data=True)
    assert looked("eewew", manner)[1] == {3: NO_DATA, 4: RECOVERED}


@pytest.mark.parametrize(
    ("counts", "share", "seconds"),
    [
        ({}, 0.5, None),
        ({0: 100}, 0.5, 0.00025),  # half of the first bucket, 0 to 0.5 ms
        ({6: 100}, 1.0, 0.05),
        ({5: 50, 6: 50}, 0.75, 0.0375),  # half of 25 to 50 ms
        ({14: 10}, 0.99, 10.0),  # above the last bound
    ],
)
def test_a_quantile_lies_evenly_within_its_bucket(
    counts: dict[int, int], share: float, seconds: float | None
) -> None:
    assert quantile(tuple(counts.get(place, 0) for place in range(15)), share) == pytest.approx(seconds)
