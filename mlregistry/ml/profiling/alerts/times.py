"""Rules for columns of times. Named in alerts."""

from __future__ import annotations

from collections.abc import Iterator

from mlregistry.ml.profiling.alerts.rule import ColumnRule, Facts, Finding, Rule, percent

PLACEHOLDERS = (
    "1900-01-01",
    "1970-01-01",
    "1899-12-30",
    "1899-12-31",
    "9999-12-31",
    "2999-12-31",
    "0001-01-01",
    "1753-01-01",
)
LONG_AGO = "1900-01-01T00:00:01"
MOST_STEPS = 100


def future(facts: Facts) -> Iterator[Finding]:
    times = facts.column.times
    if times and times.n_future:
        share = times.n_future / facts.column.n
        severity = "low" if share > 0.9 else None  # a column of plans
        yield Finding(
            f"{times.n_future:,} values of '{facts.name}' lie in the future, up to {times.maximum[:10]}.",
            float(times.n_future),
            severity,
        )


def placeholder(facts: Facts) -> Iterator[Finding]:
    for top in facts.column.top if facts.column.times else ():
        if top.value[:10] in PLACEHOLDERS and facts.column.n_distinct > 2:
            yield Finding(
                f"{top.count:,} values of '{facts.name}' are {top.value[:10]}, which stands for unknown.",
                float(top.count),
            )


def long_ago(facts: Facts) -> Iterator[Finding]:
    times = facts.column.times
    if times and times.minimum < LONG_AGO and times.minimum[:10] not in PLACEHOLDERS:
        yield Finding(f"'{facts.name}' begins in {times.minimum[:10]}.")


def gap(facts: Facts) -> Iterator[Finding]:
    """A hole in a series that otherwise goes on step by step."""
    times = facts.column.times
    if not times or not times.gaps or not times.median_step_seconds or facts.column.n_distinct < 50:
        return
    longest, step = times.gaps[0], times.median_step_seconds
    if longest.seconds > MOST_STEPS * step and _is_regular(facts):
        yield Finding(
            f"'{facts.name}' has a hole from {longest.after[:16]} to {longest.before[:16]},"
            f" {longest.seconds / step:,.0f} times its usual step.",
            longest.seconds,
        )


def _is_regular(facts: Facts) -> bool:
    times = facts.column.times
    return (
        times is not None
        and len(times.gaps) < 10
        and not any(top.value[:10] in PLACEHOLDERS for top in facts.column.top)
    )


def midnight(facts: Facts) -> Iterator[Finding]:
    """Many values at exactly midnight among others with a clock time."""
    listed = (
        [top for top in facts.column.top if top.value.endswith("T00:00:00")] if facts.column.times else []
    )
    n = sum(top.count for top in listed)
    n_all = sum(top.count for top in facts.column.top)
    if n_all > facts.column.n / 2 and 0.1 < n / facts.column.n < 0.9:
        yield Finding(
            f"{percent(n / facts.column.n)} of '{facts.name}' are at midnight: the time of day is not known there.",
            n / facts.column.n,
        )


RULES: tuple[ColumnRule, ...] = (
    Rule("future", "medium", future, "Check clocks, zones and the order of day and month; plans are no observations."),
    Rule("placeholder_date", "high", placeholder, "Make these dates missing."),
    Rule("long_ago", "low", long_ago, "Check for years with two digits."),
    Rule("time_gap", "low", gap, "Find out whether rows were lost; lags and windows must not reach over the hole."),
    Rule("midnight", "low", midnight, "Treat the time of day as missing there."),
)  # fmt: skip
