"""Rules for columns of text: what the values really are, and how they are written. Named in alerts."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from mlregistry.ml.profiling import patterns
from mlregistry.ml.profiling.alerts.rule import ColumnRule, Facts, Finding, Rule, listed, percent

MOSTLY = 0.9
SOME = 0.02
LIKELY = 0.5
LEAST_MATCHES = 3


def numbers_as_text(facts: Facts) -> Iterator[Finding]:
    known, n_numbers = facts.n_known, facts.column.texts.n_numbers if facts.column.texts else 0
    if known and n_numbers == known and not _has_leading_zeros(facts):
        yield Finding(
            f"All {known:,} values of '{facts.name}' are numbers, stored as text.", n_numbers / known
        )


def mixed_types(facts: Facts) -> Iterator[Finding]:
    known, texts = facts.n_known, facts.column.texts
    if texts is None or not known or _has_leading_zeros(facts) or facts.column.kind == "identifier":
        return
    share = texts.n_numbers / known
    if 0.5 <= share < 1:
        odd = [value for value in facts.known if not _is_number(value)]
        shown = f" such as {listed(odd[:3])}" if odd else ""
        yield Finding(
            f"{percent(share)} of '{facts.name}' are numbers, {known - texts.n_numbers:,} values are not{shown}.",
            share,
        )


def dates_as_text(facts: Facts) -> Iterator[Finding]:
    known, texts = facts.n_known, facts.column.texts
    if texts is None or not known:
        return
    share = texts.n_dates / known
    if share >= MOSTLY:
        yield Finding(f"{percent(share)} of '{facts.name}' are dates, stored as text.", share)


def mixed_dates(facts: Facts) -> Iterator[Finding]:
    known, texts = facts.n_known, facts.column.texts
    if texts is None or not known or texts.n_dates / known < MOSTLY:
        return
    forms = {
        form
        for form, pattern in patterns.DATE_FORMS.items()
        for value in facts.clues.values or {}
        if pattern.match(value.strip())
    }
    if len(forms) > 1:
        yield Finding(
            f"The dates of '{facts.name}' are written in {len(forms)} ways: {', '.join(sorted(forms))}.",
            float(len(forms)),
        )


def spelled_missing(facts: Facts) -> Iterator[Finding]:
    values = facts.clues.values or {}
    spelled = {value: n for value, n in values.items() if not _is_known(value)}
    n = sum(spelled.values())
    if n and (len(values) > 2 or "" in spelled):
        share = n / sum(values.values())
        severity = "high" if share >= SOME else "medium"
        words = listed((value if value.strip() else "(blank)" for value in spelled), 5)
        yield Finding(
            f"'{facts.name}' spells missing values as {words} ({n:,} rows seen).", float(n), severity
        )


def padded(facts: Facts) -> Iterator[Finding]:
    texts = facts.column.texts
    if texts and texts.n_padded:
        yield Finding(
            f"{texts.n_padded:,} values of '{facts.name}' begin or end with white space.",
            float(texts.n_padded),
        )


def variants(facts: Facts) -> Iterator[Finding]:
    """Categories that differ in case, white space or punctuation alone."""
    if facts.column.kind not in ("categorical", "boolean"):
        return
    groups: dict[str, list[str]] = defaultdict(list)
    for value in facts.clues.values or {}:
        groups[re.sub(r"[\W_]+", "", value).casefold()].append(value)
    doubled = [group for key, group in groups.items() if len(group) > 1 and key and not _is_number(group[0])]
    if doubled:
        yield Finding(
            f"'{facts.name}' spells {len(doubled):,} of its categories in several ways, such as {listed(doubled[0])}.",
            float(len(doubled)),
        )


def broken(facts: Facts) -> Iterator[Finding]:
    hits = [value for value in facts.clues.values or {} if patterns.BROKEN.search(value)]
    if hits:
        yield Finding(
            f"'{facts.name}' holds text that was decoded wrongly, such as {listed(hits[:2])}.",
            float(len(hits)),
        )


def formulas(facts: Facts) -> Iterator[Finding]:
    hits = [value for value in facts.clues.values or {} if patterns.FORMULA.fullmatch(value.strip())
            and not _is_number(value)]  # fmt: skip
    if hits:
        yield Finding(
            f"'{facts.name}' holds spreadsheet formulas, such as {listed(hits[:1])}.", float(len(hits))
        )


def structured(facts: Facts) -> Iterator[Finding]:
    share = _share(facts, patterns.STRUCTURED)
    if share >= LIKELY:
        yield Finding(f"'{facts.name}' holds JSON, lists or markup instead of plain values.", share)


def rounded_text(facts: Facts) -> Iterator[Finding]:
    share = _share(facts, patterns.ROUNDED)
    if share >= LIKELY:
        yield Finding(
            f"'{facts.name}' holds long numbers in the form 1.23E+15: a spreadsheet has rounded them.", share
        )


def personal(facts: Facts) -> Iterator[Finding]:
    for what, pattern in patterns.PERSONAL.items():
        share = _share(facts, pattern, _CHECKS.get(what))
        if share >= LIKELY or (
            share and what == "e-mail addresses" and _hits(facts, pattern) >= LEAST_MATCHES
        ):
            yield Finding(f"{percent(share)} of '{facts.name}' look like {what}.", share)
            return


def several_truths(facts: Facts) -> Iterator[Finding]:
    """yes and Y, no and 0 in one column."""
    values = {value.lower() for value in facts.known}
    known = {word for pair in patterns.TRUTHS for word in pair}
    if len(values) > 2 and values <= known:
        yield Finding(
            f"'{facts.name}' spells yes and no in several ways: {listed(sorted(values), 6)}.",
            float(len(values)),
        )


def rare(facts: Facts) -> Iterator[Finding]:
    column, values = facts.column, facts.clues.values or {}
    if column.kind != "categorical" or not facts.clues.all_values or column.n < 1000 or facts.is_target:
        return
    few = [value for value, n in values.items() if n / column.n < 0.001]
    if few and len(few) < len(values):
        number = "1 category" if len(few) == 1 else f"{len(few):,} categories"
        yield Finding(
            f"'{column.name}' has {number} with fewer than one row in a thousand.",
            float(len(few)),
        )


def _is_known(value: str) -> bool:
    return value.strip(patterns.SPACE).lower() not in patterns.MISSING


def _is_number(value: str) -> bool:
    return patterns.number.fullmatch(value.strip(patterns.SPACE)) is not None


def _has_leading_zeros(facts: Facts) -> bool:
    """Codes such as 00123 are no numbers."""
    return any(re.fullmatch(r"0[0-9]+", value) for value in facts.clues.values or {})


def _share(facts: Facts, pattern: re.Pattern[str], check: re.Pattern[str] | None = None) -> float:
    hits = sum(
        n
        for value, n in facts.known.items()
        if pattern.fullmatch(value) and (not check or check.search(value))
    )
    return hits / sum(facts.known.values()) if hits else 0.0


def _hits(facts: Facts, pattern: re.Pattern[str]) -> int:
    return sum(n for value, n in facts.known.items() if pattern.fullmatch(value))


_CHECKS: Mapping[str, re.Pattern[str]] = {"telephone numbers": re.compile(r"[+() /-]")}

RULES: tuple[ColumnRule, ...] = (
    Rule("numbers_as_text", "medium", numbers_as_text, "Convert it to numbers; mind decimal commas."),
    Rule("mixed_types", "high", mixed_types, "Decide what the other values mean, then convert the column to numbers."),
    Rule("dates_as_text", "medium", dates_as_text, "Convert it to dates, so that parts and distances can be used."),
    Rule("mixed_dates", "high", mixed_dates, "Bring all dates to one form first: day and month may be mistaken."),
    Rule("spelled_missing", "medium", spelled_missing, "Make these words missing, or they are taken for a category."),
    Rule("padded", "low", padded, "Trim the values, or ' a' and 'a' count as two categories."),
    Rule("variants", "medium", variants, "Bring the spellings together."),
    Rule("broken_text", "high", broken, "Read the source again as UTF-8 (or its true encoding)."),
    Rule("formulas", "medium", formulas, "Never open an export of this in a spreadsheet unescaped; clean the values."),
    Rule("structured", "low", structured, "Take the parts out into columns of their own."),
    Rule("rounded_identifier", "high", rounded_text, "Export the column as text from the spreadsheet's source."),
    Rule("personal", "medium", personal, "Leave personal data out, or make sure that it may be used."),
    Rule("several_truths", "medium", several_truths, "Map the spellings to true and false."),
    Rule("rare_categories", "low", rare, "Group the rare ones: a split may leave some out of training."),
)  # fmt: skip
