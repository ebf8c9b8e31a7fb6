"""Groups of runs by a param, tag or attribute, and whether a metric differs between them. Called by doors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.queries import run_columns
from experiments.queries.runs import Row
from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily

if TYPE_CHECKING:
    from mlregistry.ml.comparing import groups as comparing
else:
    comparing = lazily("mlregistry.ml.comparing.groups")

MOST_GROUPS = 20
BETTER = ("auto", "higher", "lower")
SEED_NAMES = ("seed", "random_seed", "random_state", "rng_seed", "seed_everything")
NO_GROUP = "(none)"


@dataclass(frozen=True)
class Answer:
    """The groups by name, all pairs of them, and the runs that have no such metric."""

    metric: str
    by: str
    better: str
    groups: Sequence[comparing.Group]
    differences: Sequence[comparing.Difference]
    n_without: int


def compare(rows: Sequence[Row], *, metric: str, by: str, better: str = "auto", seed: str = "") -> Answer:
    """Runs of one seed are one run of it each; runs that have no such metric are left out."""
    if better not in BETTER:
        raise Invalid(f"better is one of {', '.join(BETTER)}.", field="better")
    measured = [row for row in rows if row.metrics.get(metric) is not None]
    if not measured:
        raise Invalid(f"None of these runs has the metric {metric[:100]!r}.", field="metric")
    members: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for row in measured:
        value = row.metrics[metric]
        if value is not None:
            members[run_columns.text(row, by) or NO_GROUP].append((_seed(row, seed), value))
    if len(members) > MOST_GROUPS:
        raise Invalid(
            f"There are {len(members)} groups by {by[:100]}; at most {MOST_GROUPS} can be compared.",
            field="by",
        )
    found = [comparing.group(name, members[name]) for name in sorted(members, key=_order)]
    direction = run_columns.better_of(rows, metric) if better == "auto" else better
    return Answer(
        metric, by, direction, found, comparing.compared(found, better=direction), len(rows) - len(measured)
    )


def _seed(row: Row, column: str) -> str:
    """By the column named, else a param that is called like a seed, else the recipe's; '' for none."""
    if column:
        return run_columns.text(row, column)
    named = next((row.params[name] for name in SEED_NAMES if name in row.params), "")
    return named or str((row.run.recipe or {}).get("seed", ""))


def _order(name: str) -> tuple[bool, float, str]:
    """Numbers by size, then words."""
    try:
        return False, float(name), name
    except ValueError:
        return True, 0.0, name
