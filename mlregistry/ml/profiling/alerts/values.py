"""Rules for a column of any kind, and for numbers. Named in alerts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlregistry.ml.profiling import patterns
from mlregistry.ml.profiling.alerts.rule import ColumnRule, Facts, Finding, Rule, percent
from mlregistry.ml.profiling.clues import FACTORS
from mlregistry.ml.profiling.numbers import LARGEST_EXACT, text

NEARLY_ALL = 0.99
MANY_MISSING = 0.2
MOST_MISSING = 0.6
MANY_CATEGORIES = 50
MANY_ZEROS = 0.5
STRONG_SKEW = 3.0
FAR_OUT = 100.0
HEAP, LEAST_HEAP = 3, 0.01  # times the usual count of a value, share of the rows
FIRST_EPOCH, LAST_EPOCH = 3e8, 4e9
TIME_NAME = re.compile(r"(?i)time|date|epoch|_at$|^ts$|_ts$|created|updated")


def empty(facts: Facts) -> Iterator[Finding]:
    if facts.n_rows and not facts.column.n:
        yield Finding(f"'{facts.name}' holds no value at all.", 1.0)


def constant(facts: Facts) -> Iterator[Finding]:
    column = facts.column
    if column.n_distinct == 1 and facts.n_rows > 1 and not facts.is_target:
        value = column.top[0].value[:60] if column.top else "an infinity"
        rest = f" or is missing ({column.n_missing:,} rows)" if column.n_missing else " in every row"
        yield Finding(f"'{column.name}' is {value}{rest}.", float(column.n))


def nearly_constant(facts: Facts) -> Iterator[Finding]:
    column = facts.column
    if facts.is_target or column.n < 100 or column.n_distinct < 2 or not column.top:
        return
    share = column.top[0].count / column.n
    if share >= NEARLY_ALL:
        yield Finding(f"{percent(share)} of '{column.name}' is {column.top[0].value[:60]}.", share)


def missing(facts: Facts) -> Iterator[Finding]:
    column = facts.column
    if facts.is_target or not column.n or not facts.n_rows:
        return
    share = column.n_missing / facts.n_rows
    if share >= MANY_MISSING:
        severity = "medium" if share >= MOST_MISSING else "low"
        yield Finding(f"{percent(share)} of '{column.name}' is missing.", share, severity)


def identifier(facts: Facts) -> Iterator[Finding]:
    column = facts.column
    if column.kind == "identifier" and not facts.is_target:
        how = (
            "differs in every row" if column.n_distinct == column.n else f"names {column.n_distinct:,} things"
        )
        yield Finding(f"'{column.name}' {how}, so it looks like an identifier.", float(column.n_distinct))


def many_categories(facts: Facts) -> Iterator[Finding]:
    column = facts.column
    if column.kind == "categorical" and column.n_distinct > MANY_CATEGORIES and not facts.is_target:
        yield Finding(f"'{column.name}' has {column.n_distinct:,} categories.", float(column.n_distinct))


def infinite(facts: Facts) -> Iterator[Finding]:
    if facts.column.n_infinite:
        yield Finding(
            f"'{facts.name}' holds {facts.column.n_infinite:,} infinities.", float(facts.column.n_infinite)
        )


def skewed(facts: Facts) -> Iterator[Finding]:
    numbers, column = facts.column.numbers, facts.column
    if column.kind != "numeric" or numbers is None or numbers.skewness is None or facts.clues.sentinels:
        return
    if abs(numbers.skewness) >= STRONG_SKEW and column.n >= 100:
        side = "right" if numbers.skewness > 0 else "left"
        yield Finding(
            f"'{column.name}' has a long tail to the {side} (skewness {numbers.skewness:.3g}).",
            numbers.skewness,
        )


def many_zeros(facts: Facts) -> Iterator[Finding]:
    numbers, column = facts.column.numbers, facts.column
    if column.kind != "numeric" or numbers is None or column.n < 20 or column.n_distinct <= 10:
        return
    share = numbers.n_zero / column.n
    if MANY_ZEROS <= share < NEARLY_ALL:
        yield Finding(f"{percent(share)} of '{column.name}' is zero.", share)


def far_out(facts: Facts) -> Iterator[Finding]:
    """A few values beyond a hundred interquartile ranges, as slips of the decimal point make."""
    numbers, column = facts.column.numbers, facts.column
    if column.kind != "numeric" or numbers is None or facts.clues.sentinels or facts.clues.units:
        return
    lower, upper = numbers.quantiles["0.25"], numbers.quantiles["0.75"]
    if upper <= lower or column.n < 50:
        return
    far = max((numbers.maximum - upper), (lower - numbers.minimum)) / (upper - lower)
    if far > FAR_OUT:
        end = numbers.maximum if numbers.maximum - upper >= lower - numbers.minimum else numbers.minimum
        yield Finding(
            f"'{column.name}' goes as far as {end:,.6g}, {far:,.0f} interquartile ranges from the rest.", far
        )


def sentinel(facts: Facts) -> Iterator[Finding]:
    for mark in facts.clues.sentinels:
        share = mark.count / facts.column.n
        yield Finding(
            f"'{facts.name}' is exactly {text(mark.value)} in {mark.count:,} rows ({percent(share)}), far from all"
            " other values: it probably means missing.",
            float(mark.count),
            "medium" if mark.value in (-1.0, -9.0) else None,
        )


def units(facts: Facts) -> Iterator[Finding]:
    found = facts.clues.units
    if found is None or facts.column.kind != "numeric":
        return
    where = f"from row {found.from_row:,} on" if found.from_row is not None else f"in {found.n:,} rows"
    yield Finding(
        f"'{facts.name}' is measured in another unit {where}: values differ by a factor"
        f" of {FACTORS[found.factor]}.",
        found.factor,
    )


def rounded(facts: Facts) -> Iterator[Finding]:
    numbers, column = facts.column.numbers, facts.column
    if column.type != "float" or numbers is None or not numbers.is_whole:
        return
    if max(abs(numbers.minimum), abs(numbers.maximum)) >= LARGEST_EXACT and column.n_distinct > column.n / 2:
        yield Finding(
            f"'{column.name}' holds whole numbers of {len(str(int(numbers.maximum)))} digits as floats, which keep 15:"
            " they are rounded.",
            float(numbers.maximum),
        )


def capped(facts: Facts) -> Iterator[Finding]:
    """A heap of rows at the very end of a column with many values: everything beyond was cut off."""
    numbers, column = facts.column.numbers, facts.column
    if column.kind != "numeric" or numbers is None or column.n_distinct < 30 or facts.clues.sentinels:
        return
    counts = {top.value: top.count for top in column.top}
    usual = column.n / column.n_distinct
    for end, value in (("most", numbers.maximum), ("least", numbers.minimum)):
        count = counts.get(text(value), 0)
        if value and count >= HEAP * usual and count >= LEAST_HEAP * column.n:
            yield Finding(
                f"{count:,} rows of '{column.name}' hold exactly the {end} value {value:,.10g}: it looks cut off.",
                float(count),
            )


def epoch(facts: Facts) -> Iterator[Finding]:
    """Seconds or milliseconds since 1970 in a column that is named after a time; some may be 0 instead of missing."""
    numbers = facts.column.numbers
    if numbers is None or not numbers.is_whole or not TIME_NAME.search(facts.name):
        return
    for unit, scale in (("seconds", 1.0), ("milliseconds", 1e3), ("microseconds", 1e6)):
        low, high = numbers.quantiles["0.05"], numbers.quantiles["0.95"]
        if FIRST_EPOCH * scale <= low and high <= LAST_EPOCH * scale:
            text = f"'{facts.name}' holds {unit} since 1970: times stored as numbers."
            if numbers.n_zero:
                text += f" In {numbers.n_zero:,} rows it is 0, which stands for no time."
            yield Finding(text, low, "medium" if numbers.n_zero else None)


def personal_name(facts: Facts) -> Iterator[Finding]:
    """By the column's name; `texts.personal` looks at the values."""
    for what, pattern in patterns.PERSONAL_NAMES.items():
        if pattern.search(facts.name) and facts.column.type != "boolean" and facts.column.n_distinct > 20:
            yield Finding(f"By its name '{facts.name}' holds {what}.")
            return


RULES: tuple[ColumnRule, ...] = (
    Rule("empty", "medium", empty, "Leave the column out, or find out why nothing arrived."),
    Rule("constant", "medium", constant, "Leave it out: a column that never changes tells nothing."),
    Rule("nearly_constant", "low", nearly_constant, "Check whether the rare values matter; else leave it out."),
    Rule("missing", "low", missing, "Find out why; impute with an indicator, or leave the column out."),
    Rule("identifier", "low", identifier, "Keep it for joins, not as a feature: a model would learn rows by heart."),
    Rule("many_categories", "low", many_categories, "Group rare ones, or encode them by frequency or target."),
    Rule("infinite", "high", infinite, "Most estimators refuse infinities: find the division by zero, or clip."),
    Rule("skewed", "low", skewed, "Take the logarithm or a power transform for linear models."),
    Rule("many_zeros", "low", many_zeros, "Ask whether zero means none or not measured; an indicator may help."),
    Rule("far_out", "medium", far_out, "Look at these rows: a slip of the decimal point, or clip them."),
    Rule("capped", "low", capped, "Know the limit: a model cannot learn what lies beyond."),
    Rule("times_as_numbers", "low", epoch, "Convert it to times, so that parts and distances can be used."),
    Rule("sentinel", "high", sentinel, "Make these values missing before anything is averaged or scaled."),
    Rule("mixed_units", "high", units, "Bring all values to one unit before training."),
    Rule("rounded_identifier", "high", rounded, "Read the column as text or 64-bit integers from its source again."),
    Rule("personal", "medium", personal_name, "Leave personal data out, or make sure that it may be used."),
)  # fmt: skip
