"""The leaderboard with child runs under their parents: ranked families, each a tree cut to what a page can show.

A fixed number of queries, whatever the number of runs. The page of an experiment calls it.
"""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from experiments.models import Experiment, LatestMetric, Run
from experiments.queries.runs import Row, marked
from mlregistry.lib.floats import shown
from mlregistry.sql_rows import fetched

MOST_FAMILIES = 100
MOST_ROWS = 200
MOST_READ = 4000
RANKED_RUNS = 2000
SIBLINGS = 10
HEAVY = ("recipe", "signature", "input_example", "warnings", "error", "note")
LEVELS = 3
# A family stands where the best of its members does; each member climbs to its topmost ancestor in the experiment.
# Each looks its parent up by itself: PostgreSQL would rather read all runs for the few that have one.
RANKED = """
WITH RECURSIVE scored AS MATERIALIZED (
    SELECT metric.run_id, metric.value, run.parent_id FROM experiments_latestmetric AS metric
    JOIN experiments_run AS run ON run.id = metric.run_id AND run.lifecycle = 'active'
    WHERE metric.experiment_id = %(experiment)s AND metric.key = %(key)s AND NOT metric.is_nan
    ORDER BY metric.value (direction), metric.run_id LIMIT %(ranked)s
), climb AS (
    SELECT run_id AS member, value, run_id AS at, parent_id, 0 AS level FROM scored
    UNION ALL
    SELECT climb.member, climb.value, above.id, above.parent_id, climb.level + 1
    FROM climb CROSS JOIN LATERAL (
        SELECT run.id, run.parent_id FROM experiments_run AS run
        WHERE run.id = climb.parent_id AND run.experiment_id = %(experiment)s AND run.lifecycle = 'active'
        LIMIT 1
    ) AS above
    WHERE climb.parent_id IS NOT NULL AND climb.level < 20
)
SELECT at FROM (
    SELECT DISTINCT ON (member) at, value FROM climb ORDER BY member, level DESC
) AS tops
GROUP BY at ORDER BY (extreme)(value) (direction), at LIMIT %(most)s
"""
UNRANKED = """
SELECT run.id FROM experiments_run AS run
WHERE run.experiment_id = %(experiment)s AND run.lifecycle = 'active' AND run.id <> ALL(%(known)s::uuid[])
  AND NOT EXISTS (
    SELECT FROM experiments_run AS above
    WHERE above.id = run.parent_id AND above.id <> run.id AND above.experiment_id = run.experiment_id
      AND above.lifecycle = 'active'
  )
ORDER BY run.started_at DESC, run.id LIMIT %(most)s
"""
# `places` is the way down, a place among siblings on each level; sorted by it, parents come before children.
TREE = """
WITH RECURSIVE tree AS (
    SELECT root.id, ARRAY[root.id] AS path, ARRAY[root.place] AS places
    FROM unnest(%(roots)s::uuid[]) WITH ORDINALITY AS root(id, place)
    UNION ALL
    SELECT child.id, tree.path || child.id, tree.places || child.place
    FROM tree CROSS JOIN LATERAL (
        SELECT run.id, row_number() OVER (
            ORDER BY metric.value (direction) NULLS LAST, run.started_at DESC, run.id
        ) AS place
        FROM experiments_run AS run
        LEFT JOIN experiments_latestmetric AS metric
          ON metric.run_id = run.id AND metric.experiment_id = %(experiment)s AND metric.key = %(key)s
         AND NOT metric.is_nan
        WHERE run.parent_id = tree.id AND run.experiment_id = %(experiment)s AND run.lifecycle = 'active'
          AND run.id <> ALL(tree.path)
        ORDER BY place LIMIT %(siblings)s
    ) AS child
    WHERE cardinality(tree.path) <= %(levels)s
)
SELECT id, path, places, (
    SELECT count(*) FROM experiments_run AS run
    WHERE run.parent_id = tree.id AND run.id <> tree.id AND run.experiment_id = %(experiment)s
      AND run.lifecycle = 'active'
) FROM tree LIMIT %(read)s
"""


@dataclass(frozen=True, slots=True)
class Member:
    """A run below `above`, its ancestors from the topmost on; of its `n_children` the best `n_shown` follow."""

    row: Row
    above: tuple[uuid.UUID, ...]
    n_children: int
    n_shown: int

    @property
    def depth(self) -> int:
        return len(self.above)


def board(
    experiment: Experiment, key: str, columns: Sequence[str] = (), *, maximize: bool | None = None
) -> list[Member]:
    """Active runs by families, the best first by the metric `key`, then those without it, newest first.

    Whether more is better says the problem where `maximize` does not, and more it is without one.
    Of what they logged the rows hold these metrics alone: a hundred runs of twenty would cost the page its time.
    """
    problem = experiment.problem
    if maximize is None:
        maximize = problem is None or problem.direction == "maximize"
    tree = _tree(experiment, key, maximize)
    found = Run.objects.select_related("problem").defer(*HEAVY).in_bulk([one[0] for one in tree])
    metrics = _metrics(list(found), [key, *columns])
    kept = [one for one in tree if one[0] in found]
    rows = marked(
        [(found[one[0]], metrics[one[0]].get(key)) for one in kept],
        problem,
        maximize,
        make=lambda run, **marks: Row(run=run, params={}, metrics=metrics[run.pk], tags={}, **marks),
    )
    n_shown = Counter(path[-2] for _, path, _ in kept if len(path) > 1)
    return [
        Member(row, tuple(path[:-1]), n_children, n_shown[pk])
        for row, (pk, path, n_children) in zip(rows, kept, strict=True)
    ]


def _tree(experiment: Experiment, key: str, maximize: bool) -> list[tuple[uuid.UUID, list[uuid.UUID], int]]:
    """(run, the way down to it, number of children), parents before children, cut after MOST_ROWS."""
    values: dict[str, Any] = {
        "experiment": experiment.pk, "key": key, "ranked": RANKED_RUNS, "siblings": SIBLINGS, "levels": LEVELS,
        "read": MOST_READ, "most": MOST_FAMILIES, "known": [],
    }  # fmt: skip
    roots = [row[0] for row in fetched(_directed(RANKED, maximize), values)] if key else []
    values |= {"most": MOST_FAMILIES - len(roots), "known": _texts(roots)}
    roots += [row[0] for row in fetched(UNRANKED, values)]
    rows = fetched(_directed(TREE, maximize), values | {"roots": _texts(roots)})
    ordered = sorted(rows, key=lambda row: row[2])
    return [(pk, path, n_children) for pk, path, _, n_children in ordered[:MOST_ROWS]]


def _directed(sql: str, maximize: bool) -> str:
    words = ("DESC", "max") if maximize else ("ASC", "min")
    return sql.replace("(direction)", words[0]).replace("(extreme)", words[1])


def _metrics(runs: Sequence[uuid.UUID], keys: Sequence[str]) -> dict[uuid.UUID, dict[str, float | None]]:
    """The latest of these metrics of each run, in one query."""
    found: dict[uuid.UUID, dict[str, float | None]] = {run: {} for run in runs}
    rows = LatestMetric.objects.filter(run__in=runs, key__in=[key for key in keys if key])
    for run, key, value, is_nan in rows.values_list("run_id", "key", "value", "is_nan"):
        found[run][key] = shown(value, is_nan)
    return found


def _texts(keys: Sequence[uuid.UUID]) -> list[str]:
    return [str(key) for key in keys]
