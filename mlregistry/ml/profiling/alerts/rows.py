"""Rules about rows and about columns with each other. Named in alerts."""

from __future__ import annotations

from collections.abc import Iterator

from mlregistry.ml.profiling.alerts.rule import Finding, Rule, listed, percent
from mlregistry.ml.profiling.depths import Deep

NEARLY_SAME = 0.95
GAPS_TOGETHER = 0.9
MANY_DUPLICATES = 0.01
FEW_ROWS = 100


def equal_columns(deep: Deep) -> Iterator[Finding]:
    for left, right in deep.equal:
        yield Finding(f"'{right}' holds the same values as '{left}' in every row.", columns=(left, right))


def correlated(deep: Deep) -> Iterator[Finding]:
    """Columns that hang together through strong pairs, as one group; the target is another rule's business."""
    profile, equal = deep.profile, set(deep.equal)
    if profile.correlations is None:
        return
    strong = [
        pair
        for pair in profile.correlations.strongest
        if abs(pair.value) >= NEARLY_SAME
        and (pair.left, pair.right) not in equal
        and profile.target not in (pair.left, pair.right)
    ]
    groups: list[set[str]] = []
    for pair in strong:
        touched = [group for group in groups if group & {pair.left, pair.right}]
        groups = [group for group in groups if group not in touched]
        groups.append({pair.left, pair.right}.union(*touched))
    places = {column.name: place for place, column in enumerate(profile.columns)}
    for group in groups:
        best = max(abs(pair.value) for pair in strong if pair.left in group)
        names = tuple(sorted(group, key=lambda name: places[name]))
        yield Finding(f"{listed(names)} say nearly the same (up to {best:.3f}).", best, columns=names)


def missing_together(deep: Deep) -> Iterator[Finding]:
    if deep.profile.missingness is None:
        return
    for pair in deep.profile.missingness.together:
        if pair.value >= GAPS_TOGETHER:
            how = "exactly the same rows" if pair.value > 1 - 1e-9 else "nearly the same rows"
            yield Finding(
                f"'{pair.left}' and '{pair.right}' are missing in {how}.",
                pair.value,
                columns=(pair.left, pair.right),
            )


def duplicate_rows(deep: Deep) -> Iterator[Finding]:
    doubles, n = deep.profile.duplicates, deep.profile.n_rows
    if doubles is not None and doubles.n_duplicate_rows:
        share = doubles.n_duplicate_rows / n
        severity = "low" if share < MANY_DUPLICATES else None
        yield Finding(
            f"{doubles.n_duplicate_rows:,} rows ({percent(share)}) repeat another one,"
            f" up to {doubles.most_copies:,} times.",
            share,
            severity,
        )


def odd_rows(deep: Deep) -> Iterator[Finding]:
    found = deep.profile.outliers
    if found is not None and found.n_odd:
        yield Finding(
            f"{found.n_odd:,} of {found.n_rows:,} rows stand alone (isolation forest).",
            found.n_odd / found.n_rows,
        )


def few_rows(deep: Deep) -> Iterator[Finding]:
    profile = deep.profile
    if 0 < profile.n_rows < FEW_ROWS:
        yield Finding(
            f"The table has {profile.n_rows:,} rows: figures and scores from it will be rough.",
            float(profile.n_rows),
        )
    elif 0 < profile.n_rows < len(profile.columns):
        yield Finding(
            f"The table has more columns ({len(profile.columns):,}) than rows ({profile.n_rows:,})."
        )


RULES: tuple[Rule[Deep], ...] = (
    Rule("duplicate_columns", "medium", equal_columns, "Keep one of them."),
    Rule("correlated", "low", correlated, "Keep one of each group for linear models; importance is shared among them."),
    Rule("missing_together", "low", missing_together, "Likely one source was absent there: one indicator is enough."),
    Rule("duplicate_rows", "medium", duplicate_rows, "Remove them before splitting, or training knows the test rows."),
    Rule("odd_rows", "low", odd_rows, "Look at the oddest ones below."),
    Rule("few_rows", "low", few_rows, "Cross-validate, prefer simple models, gather more."),
)  # fmt: skip
