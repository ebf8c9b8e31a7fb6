"""Proposals from facts: a rule for each kind of fact, each of which may ask for changes. Called by queries.

A rule speaks only where its fact is there: nothing is proposed on a column about which nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.ml.improving import changes
from mlregistry.ml.improving.facts import CATEGORICAL, NUMERIC, ColumnFact, Facts, WeakSlice
from mlregistry.ml.recipes import Recipe

MOST = 16
MOST_DROPS, MOST_SLICES = 4, 4
NEAR_ZERO = 0.01  # of the most important column
SKEWED = 2.0
LEAST_TOLD = 1e-4
FEW, MANY = 10, 30  # categories that keep a column of their own
LEAST_LEFT = 2  # columns that no drop leaves fewer than


@dataclass(frozen=True)
class Proposal:
    """`change` is one of changes.KINDS with its arguments; `evidence` are the figures the sentence `why` stands on;
    `source` is the kind of fact; `priority` lies between 0 and 1."""

    key: str
    title: str
    why: str
    source: str
    priority: float
    change: dict[str, Any]
    evidence: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


Rule = Callable[[Facts], Iterator[Proposal]]


def propose(facts: Facts, recipe: Recipe, problem: str, *, most: int = MOST) -> tuple[Proposal, ...]:
    """At most so many, the most promising first; those that the recipe has already, or cannot take, are left out."""
    found: dict[str, Proposal] = {}
    for rule in RULES:
        for proposal in rule(facts):
            known = found.get(proposal.key)
            if known is None or known.priority < proposal.priority:
                found[proposal.key] = proposal
    wanted = sorted(found.values(), key=lambda one: (-one.priority, one.key))
    return tuple(one for one in wanted if _can_be_made(recipe, one, problem))[:most]


def _can_be_made(recipe: Recipe, proposal: Proposal, problem: str) -> bool:
    try:
        changes.applied(recipe, proposal.change, problem)
    except Invalid:
        return False
    return not changes.is_made(recipe, proposal.change)


def _useless(facts: Facts) -> Iterator[Proposal]:
    """Columns whose shuffling cost nothing, or was a gain."""
    known = [one for one in facts.columns if one.importance is not None]
    idle = sorted(
        (one for one in known if _costs_nothing(one, facts)),
        key=lambda one: (one.importance or 0.0, one.name),
    )
    idle = idle[: max(0, len(facts.columns) - LEAST_LEFT)]
    for column in idle[:MOST_DROPS]:
        loss = column.importance or 0.0
        harmful = loss < -column.deviation
        told = "improved by" if loss < 0 else "fell by only"
        why = f"Shuffled, the model’s {facts.metric} {told} {abs(loss):.3g} (± {column.deviation:.2g})"
        why += ": it misleads rather than helps." if harmful else ": it hardly takes part."
        if column.moved:
            why += " Its values have drifted too, so it can only do harm."
        evidence = {"importance": loss, "deviation": column.deviation} | _of_drift(column)
        priority = 0.5 + 0.3 * harmful + 0.15 * (column.moved is not None)
        yield _made("drop", [column.name], f"Drop {column.name}", why, "importance", priority, evidence)
    if len(idle) > 2:
        names = [one.name for one in idle]
        why = f"Shuffling any of these {len(names)} columns cost {facts.metric} next to nothing."
        evidence = {"importance": {one.name: one.importance for one in idle}}
        title = f"Drop {len(names)} idle columns"
        yield _made("drop", names, title, why, "importance", 0.6, evidence)


def _drifted(facts: Facts) -> Iterator[Proposal]:
    """Columns that left their baseline: made coarse, cut off, or left out."""
    for column in facts.columns:
        if column.moved is None:
            continue
        figure = f"< {LEAST_TOLD:g}" if column.moved.figure < LEAST_TOLD else f"{column.moved.figure:.3g}"
        told = f"{column.name} has drifted: {column.moved.method} {figure}, threshold {column.moved.threshold:.3g}."
        evidence = _of_drift(column) | {"importance": column.importance}
        share = _share(column, facts)
        if column.kind == NUMERIC:
            why = f"{told} Beyond its first and last hundredth a value then counts as the bound."
            yield _made(
                "clip", [column.name], f"Clip {column.name}", why, "drift", 0.65 + 0.1 * share, evidence
            )
            why = f"{told} Eight bins of equal counts forgive a shift that its numbers do not."
            yield _made("bin", [column.name], f"Bin {column.name}", why, "drift", 0.6 + 0.1 * share, evidence)
        elif column.kind == CATEGORICAL:
            yield from _coarser(column, told, "drift", 0.6 + 0.1 * share, evidence)
        if share < 0.5:
            why = f"{told} Without it the model cannot be misled by it; what it was worth is lost."
            yield _made(
                "drop", [column.name], f"Drop {column.name}", why, "drift", 0.55 - 0.2 * share, evidence
            )


def _unseen(facts: Facts) -> Iterator[Proposal]:
    """Categories that training never had."""
    for column in facts.columns:
        if column.unseen is None or column.kind != CATEGORICAL:
            continue
        before, now = column.unseen
        told = f"{100 * now:.1f} % of the rows have a {column.name} that training never saw."
        evidence = {"unseen": now, "unseen_before": before, "n_distinct": column.n_distinct}
        yield from _coarser(column, told, "new categories", 0.75 + min(0.2, now), evidence)


def _coarser(
    column: ColumnFact, told: str, source: str, priority: float, evidence: dict[str, Any]
) -> Iterator[Proposal]:
    """Categories learnt anew at each training, the rare ones together or told by how often they come."""
    name, many = column.name, column.n_distinct or 0
    most = FEW if many <= MANY or not many else MANY
    if not many or many > most:
        why = f"{told} The {most - 1} most frequent of the new training data get a column each; the rest, and what"
        why += " comes later, share one that the model has learnt."
        title = f"Group rare values of {name}"
        yield _made("regroup", [name], title, why, source, priority, evidence, most=most)
    why = f"{told} By how often a value comes, a new one is a rare one, which the model knows."
    title = f"Encode {name} by frequency"
    yield _made("frequency", [name], title, why, source, priority - 0.05, evidence)


def _weak(facts: Facts) -> Iterator[Proposal]:
    """Where the model is worst, what defines the rows gets a say of its own, and with the most important column."""
    for place, one in enumerate(facts.slices[:MOST_SLICES]):
        column = facts.column(one.column)
        if column is None:
            continue
        told = f"Where {one.column} is {one.label} ({one.n:,} test rows), {facts.metric} is {one.value:.4g}"
        told += f" ({one.low:.4g} to {one.high:.4g}) against {facts.overall:.4g} overall."
        evidence = {"slice": asdict(one), "overall": facts.overall}
        priority = 0.7 - 0.03 * place
        if column.kind == NUMERIC:
            why = f"{told} Each part of it gets an effect of its own."
            title = f"Add parts of {one.column}"
            yield _made("parts", [one.column], title, why, "weak slice", priority, evidence)
        other = _partner(facts, one)
        if other is not None:
            yield from _together(column, other, one, told, priority - 0.05, evidence)


def _partner(facts: Facts, one: WeakSlice) -> ColumnFact | None:
    """The most important of the other columns."""
    others = [
        c for c in facts.columns if c.name != one.column and (c.importance or 0.0) > 0 and c.kind != "other"
    ]
    return max(others, key=lambda c: (c.importance or 0.0, c.name), default=None)


def _together(
    column: ColumnFact,
    other: ColumnFact,
    one: WeakSlice,
    told: str,
    priority: float,
    evidence: dict[str, Any],
) -> Iterator[Proposal]:
    names, why = [column.name, other.name], f"{told} There {other.name} may mean something else."
    if column.kind == NUMERIC and other.kind == NUMERIC:
        title = f"Multiply {column.name} and {other.name}"
        yield _made("product", names, title, why, "weak slice", priority, evidence)
    elif column.kind == NUMERIC:
        title = f"Add the mean {column.name} by {other.name}"
        yield _made("group_mean", names[::-1], title, why, "weak slice", priority, evidence)
    elif column.kind == CATEGORICAL and one.label != "missing":
        title = f"Add {other.name} where {column.name} is {one.label}"
        options = {"value": one.label, "numeric": other.kind == NUMERIC}
        yield _made("within", names, title, why, "weak slice", priority, evidence, **options)


def _skewed(facts: Facts) -> Iterator[Proposal]:
    """For estimators that mind: a long tail is straightened."""
    for column in facts.columns if facts.scales else ():
        if column.kind != NUMERIC or column.skewness is None or abs(column.skewness) < SKEWED:
            continue
        share = _share(column, facts)
        why = f"{column.name} has a skewness of {column.skewness:.2f}: a few far values speak louder than all others."
        evidence = {"skewness": column.skewness, "importance": column.importance}
        title = f"Straighten {column.name}"
        yield _made("straighten", [column.name], title, why, "shape", 0.35 + 0.2 * share, evidence)


def _made(
    kind: str, columns: list[str], title: str, why: str, source: str, priority: float,
    evidence: dict[str, Any], **options: Any,
) -> Proposal:  # fmt: skip
    key = ":".join([kind, *columns, *([str(options["value"])] if "value" in options else [])])
    change = {"kind": kind, "columns": columns, **options}
    return Proposal(key, title, why, source, round(min(1.0, priority), 3), change, evidence)


def _costs_nothing(column: ColumnFact, facts: Facts) -> bool:
    loss = column.importance or 0.0
    return loss <= max(0.0, min(column.deviation, NEAR_ZERO * facts.most_important))


def _share(column: ColumnFact, facts: Facts) -> float:
    """Of the most important column's importance, 0 to 1."""
    top = facts.most_important
    return min(1.0, max(0.0, (column.importance or 0.0) / top)) if top > 0 else 0.0


def _of_drift(column: ColumnFact) -> dict[str, Any]:
    return {"drift": asdict(column.moved)} if column.moved else {}


RULES: tuple[Rule, ...] = (_useless, _drifted, _unseen, _weak, _skewed)
