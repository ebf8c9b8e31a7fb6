"""Rules about the target: what gives it away, what makes it hard to learn. Named in alerts."""

from __future__ import annotations

from collections.abc import Iterator

from mlregistry.ml.profiling.alerts.rule import Finding, Rule, percent
from mlregistry.ml.profiling.depths import Deep
from mlregistry.ml.profiling.document import Column
from mlregistry.ml.profiling.kinds import FEW_CLASSES, is_class

TOO_GOOD = 0.98
IN_STEP = 0.99
RARE_CLASS = 0.1
VERY_RARE_CLASS = 0.01
METRICS = {"roc_auc": "ROC AUC", "r2": "R²"}


def leakage(deep: Deep) -> Iterator[Finding]:
    suspects = [column for column in _suspects(deep) if column.type != "datetime"]
    yield from map(_given_away, suspects)
    known = {column.name for column in suspects}
    for name, value in _in_step(deep):
        if name not in known:
            yield Finding(
                f"'{name}' puts the rows in the order of the target almost perfectly (Spearman {value:.3f}).",
                value,
                columns=(name,),
            )


def time_leak(deep: Deep) -> Iterator[Finding]:
    yield from (_given_away(column) for column in _suspects(deep) if column.type == "datetime")


def _suspects(deep: Deep) -> Iterator[Column]:
    for column in deep.profile.columns:
        found = column.with_target
        if found is not None and found.score is not None and found.score >= TOO_GOOD:
            yield column


def _in_step(deep: Deep) -> Iterator[tuple[str, float]]:
    """Columns that rise or fall with a target of numbers: a tree of few leaves may come close to it and no nearer."""
    target = _target(deep)
    if target is None or is_class(target) or deep.profile.correlations is None:
        return
    ranked = deep.profile.correlations.spearman
    if target.name in ranked.columns:
        row = ranked.values[ranked.columns.index(target.name)]
        for name, value in zip(ranked.columns, row, strict=True):
            if name != target.name and value is not None and abs(value) >= IN_STEP:
                yield name, value


def _given_away(column: Column) -> Finding:
    found = column.with_target
    assert found is not None  # noqa: S101  # a suspect has a score
    return Finding(
        f"'{column.name}' alone predicts the target almost perfectly ({METRICS[found.metric]} {found.score:.3f} on rows"
        " not seen).",
        found.score,
        columns=(column.name,),
    )


def sorted_by_target(deep: Deep) -> Iterator[Finding]:
    target = deep.profile.target
    if target is not None and deep.order_score is not None and deep.order_score >= TOO_GOOD:
        yield Finding(f"The rows are sorted by the target '{target}'.", deep.order_score, columns=(target,))


def imbalance(deep: Deep) -> Iterator[Finding]:
    column = _target(deep)
    if column is None or column.n < 100 or not 2 <= column.n_distinct <= FEW_CLASSES or not is_class(column):
        return
    rarest = min(column.top, key=lambda top: top.count)
    share = rarest.count / column.n
    if share < RARE_CLASS / max(1, column.n_distinct - 1):
        severity = "high" if share < VERY_RARE_CLASS and column.n_distinct == 2 else None
        message = (
            f"The class {rarest.value[:60]} of the target is {percent(share)} of the rows ({rarest.count:,})."
        )
        yield Finding(message, share, severity, (column.name,))


def target_missing(deep: Deep) -> Iterator[Finding]:
    column = _target(deep)
    if column is not None and column.n_missing:
        yield Finding(
            f"The target '{column.name}' is missing in {column.n_missing:,} rows.", float(column.n_missing),
            columns=(column.name,),
        )  # fmt: skip


def target_constant(deep: Deep) -> Iterator[Finding]:
    column = _target(deep)
    if column is not None and column.n_distinct < 2 and deep.profile.n_rows:
        yield Finding(f"The target '{column.name}' never changes.", columns=(column.name,))


def conflicting(deep: Deep) -> Iterator[Finding]:
    doubles, target = deep.profile.duplicates, deep.profile.target
    column = _target(deep)
    if (
        doubles is None
        or target is None
        or column is None
        or not doubles.n_conflicting_rows
        or not is_class(column)
    ):
        return
    share = doubles.n_conflicting_rows / deep.profile.n_rows
    yield Finding(
        f"{doubles.n_conflicting_rows:,} rows ({percent(share)}) agree with others in every feature but"
        " not in the target.",
        share,
        columns=(target,),
    )


def _target(deep: Deep) -> Column | None:
    return deep.profile.column(deep.profile.target) if deep.profile.target is not None else None


RULES: tuple[Rule[Deep], ...] = (
    Rule("leakage", "high", leakage, "Ask when this value becomes known: if not before the prediction, leave it out."),
    Rule("time_leak", "high", time_leak, "A time that is set by the outcome, or an outcome that changed over time:"
         " leave it out, and split by time."),
    Rule("target_constant", "high", target_constant, "There is nothing to learn from this version."),
    Rule("target_missing", "medium", target_missing, "These rows cannot be trained on; find out why they lack it."),
    Rule("imbalance", "medium", imbalance, "Choose a metric that sees it (PR AUC), stratify, weight the classes."),
    Rule("conflicting_labels", "medium", conflicting, "Check how labels are made, and which feature"
         " would tell these rows apart."),
    Rule("sorted_by_target", "medium", sorted_by_target, "Shuffle before splitting: a split by position"
         " would see one class only."),
)  # fmt: skip
