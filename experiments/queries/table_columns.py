"""Which metrics, params and tags an experiment's runs have, and the values of a key. Called by the runs table.

Each key costs one step down an index, however many runs have it; keys of deleted runs are among them.
"""

from dataclasses import dataclass

from experiments.models import Experiment
from experiments.queries.run_places import INDEXED_LENGTH, TABLES
from experiments.queries.table_state import Column, can_be_named
from mlregistry.sql_rows import fetched

MOST_KEYS = 1_000
MOST_VALUES = 100
NEWEST_RUNS = 200
USUAL_METRICS, USUAL_PARAMS = 4, 4
USUAL_ATTRIBUTES = (
    Column("attribute", "status"), Column("attribute", "start_time"), Column("attribute", "duration_seconds"),
)  # fmt: skip
KEYS = """
WITH RECURSIVE found AS (
    (SELECT key, 1 AS n FROM {table} WHERE experiment_id = %(experiment)s ORDER BY key LIMIT 1)
    UNION ALL
    SELECT (SELECT key FROM {table} WHERE experiment_id = %(experiment)s AND key > found.key
            ORDER BY key LIMIT 1), n + 1
    FROM found WHERE found.key IS NOT NULL AND n <= %(most)s
)
SELECT key FROM found WHERE key IS NOT NULL
"""
VALUES = """
WITH RECURSIVE found AS (
    (SELECT LEFT(value, {length}) AS value, 1 AS n FROM {table}
     WHERE experiment_id = %(experiment)s AND key = %(key)s AND LEFT(value, {length}) >= %(start)s
     ORDER BY LEFT(value, {length}) LIMIT 1)
    UNION ALL
    SELECT (SELECT LEFT(value, {length}) FROM {table}
            WHERE experiment_id = %(experiment)s AND key = %(key)s AND LEFT(value, {length}) > found.value
            ORDER BY LEFT(value, {length}) LIMIT 1), n + 1
    FROM found WHERE starts_with(found.value, %(start)s) AND n < %(most)s
)
SELECT value FROM found WHERE starts_with(value, %(start)s)
"""
NEWEST = """
SELECT id FROM experiments_run WHERE experiment_id = %(experiment)s AND lifecycle = 'active'
ORDER BY started_at DESC, id LIMIT %(newest)s
"""
USUAL = f"""
WITH newest AS MATERIALIZED ({NEWEST})
(SELECT 'metric', key FROM experiments_latestmetric WHERE run_id IN (SELECT id FROM newest)
   AND NOT starts_with(key, 'system/') GROUP BY key ORDER BY count(*) DESC, key LIMIT %(metrics)s)
UNION ALL
(SELECT 'param', key FROM experiments_param WHERE run_id IN (SELECT id FROM newest)
   GROUP BY key ORDER BY (min(value) = max(value)), count(*) DESC, key LIMIT %(params)s)
"""  # noqa: S608  # only texts of this file are joined


@dataclass(frozen=True, slots=True)
class Keys:
    """Of one experiment, each list sorted; `is_cut` says that there are more of some than a list holds."""

    metrics: list[str]
    params: list[str]
    tags: list[str]
    is_cut: bool


def keys(experiment: Experiment) -> Keys:
    """All that a column or a filter can name."""
    metrics, params, tags = (
        _keys(experiment, table)
        for table in ("experiments_latestmetric", TABLES["param"], TABLES["tag"])
    )  # fmt: skip
    is_cut = max(len(metrics), len(params), len(tags)) > MOST_KEYS
    return Keys(metrics[:MOST_KEYS], params[:MOST_KEYS], tags[:MOST_KEYS], is_cut)


def values(experiment: Experiment, column: Column, start: str) -> list[str]:
    """The first values of a param or tag that begin so, sorted; of anything else none is known."""
    if column.entity not in TABLES:
        return []
    sql = VALUES.format(table=TABLES[column.entity], length=INDEXED_LENGTH)
    given = {"experiment": experiment.pk, "key": column.key, "start": start, "most": MOST_VALUES}
    return [value for (value,) in fetched(sql, given)]


def usual(experiment: Experiment) -> tuple[Column, ...]:
    """State and times, the problem's measures or those that most of the newest runs have, and params that differ."""
    given = {"experiment": experiment.pk, "newest": NEWEST_RUNS, "metrics": 100, "params": USUAL_PARAMS}
    found = [Column(entity, key) for entity, key in fetched(USUAL, given) if can_be_named(key)]
    metrics = [column for column in found if column.is_number]
    primary = experiment.problem.primary_metric if experiment.problem else ""
    if primary:
        metrics.sort(key=lambda column: primary not in column.key)
    params = [column for column in found if not column.is_number]
    return (*USUAL_ATTRIBUTES, *metrics[:USUAL_METRICS], *params)


def _keys(experiment: Experiment, table: str) -> list[str]:
    rows = fetched(KEYS.format(table=table), {"experiment": experiment.pk, "most": MOST_KEYS})
    return [key for (key,) in rows if can_be_named(key)]
