"""Where the things lie by which runs are filtered and ordered, as SQL. Called by the search of runs.

The name and the note of a run are columns of it; as the tags mlflow.runName and mlflow.note.content they are
nowhere else, and a blank one is no tag.
"""
# ruff: noqa: S608  # only names and texts of this package are joined; values are parameters

from __future__ import annotations

import datetime
import math
import re
import uuid
from collections.abc import Callable, Sequence

from experiments.queries.run_documents import ARTIFACT_URI, RUN_ID
from mlregistry.errors import Invalid
from mlregistry.lib import tag_names
from mlregistry.lib.filter_expr import Comparison, Order
from mlregistry.lib.filter_sql import Key, Place, Sql, compared
from mlregistry.lib.millis import from_millis

INDEXED_LENGTH = 200
FEW = 1_500
INDEXED_OPERATORS = {"metric": ("=", ">", ">=", "<", "<="), "param": ("=", "IN"), "tag": ("=", "IN")}
HEX = re.compile(r"[0-9a-f]{32}")
COLUMNS = {
    "run_id": RUN_ID,
    "run_name": "NULLIF(r.name, '')",
    "status": "r.status",
    "user_id": "r.user_name",
    "artifact_uri": f"(SELECT {ARTIFACT_URI} FROM experiments_experiment AS e WHERE e.id = r.experiment_id)",
    "start_time": "r.started_at",
    "end_time": "r.ended_at",
    "duration_seconds": "date_part('epoch', r.ended_at - r.started_at)",  # as the index run_by_duration has it
}
COLUMNS_OF_TAGS = {
    tag_names.RUN_NAME: "CASE WHEN NOT r.name_untagged THEN NULLIF(r.name, '') END",
    tag_names.NOTE: "NULLIF(r.note, '')",
}
TABLES = {"param": "experiments_param", "tag": "experiments_runtag"}
AGGREGATES = {"last": "value", "min": "minimum", "max": "maximum"}
DATASET = (
    "EXISTS (SELECT 1 FROM experiments_runinput AS i JOIN experiments_inputdataset AS d ON d.id = i.dataset_id"
    " WHERE i.run_id = r.id AND {})"
)
LOGGED = "x.experiment_id = ANY(%s::bigint[]) AND x.key = %s"
DATASET_COLUMNS = {
    "name": "d.name",
    "digest": "d.digest",
    "context": f"(i.tags ->> '{tag_names.DATA_CONTEXT}')",
}
BLANKS = {"end_time": "'epoch'::timestamptz", "duration_seconds": "0"}  # in the type of the column


def placing(experiment_ids: Sequence[int], direction: str) -> Callable[[Comparison], Place | Sql]:
    """The place of each comparison of a filter; `direction` says what best() means, "" that nothing does.

    PostgreSQL is free to begin with the runs that match.
    """
    experiments = list(experiment_ids)

    def place(comparison: Comparison) -> Place | Sql:
        if (table := _table(comparison)) is None:
            return _of_run(comparison)
        column, test = _tested(comparison, direction, indexed=True)
        exists = f"EXISTS (SELECT 1 FROM {table} AS x WHERE x.run_id = r.id AND {LOGGED} AND {test})"
        return Place(column, (experiments, comparison.key), exists)

    return place


def probing(
    experiment_ids: Sequence[int], direction: str, run: str, sets: list[Sql] | None = None
) -> Callable[[Comparison], Place | Sql]:
    """The same for runs that are met one by one: each, named by the column `run`, is looked up by itself.

    Where the index tells by a short look that few match, all of them are read once instead, which the caller
    does as common table expressions: the first of `sets` is named few0, the next few1 … Not without `sets`.
    """
    experiments = list(experiment_ids)

    def place(comparison: Comparison) -> Place | Sql:
        if (table := _table(comparison)) is None:
            return _of_run(comparison)
        column, test = _tested(comparison, direction, indexed=False)
        exists = (
            f"EXISTS (SELECT 1 FROM {table} AS x WHERE x.run_id = {run} AND x.key = %s AND {test} OFFSET 0)"
        )
        probe, values = compared(comparison, Place(column, (comparison.key,), exists))
        if sets is None or not _by_index(comparison):
            return probe, values
        name = f"few{len(sets)}"
        column, test = _tested(comparison, direction, indexed=True)
        rows = f"SELECT x.run_id FROM {table} AS x WHERE {LOGGED} AND {test} LIMIT {FEW + 1}"
        sets.append(compared(comparison, Place(column, (experiments, comparison.key), rows)))
        return among(name, run, probe), values

    return place


def among(name: str, run: str, otherwise: str) -> str:
    """Whether the run is in a set, if that holds all there are."""
    known = f"(SELECT count(*) FROM {name}) <= {FEW}"
    return f"(CASE WHEN {known} THEN {run} IN (SELECT run_id FROM {name}) ELSE {otherwise} END)"


def is_of_run(comparison: Comparison) -> bool:
    """Whether a comparison needs the row of the run itself, r."""
    return _table(comparison) is None


def rank(comparison: Comparison) -> int:
    """Which comparison is asked first: the cheap and choosy ones."""
    if not _by_index(comparison):
        return 2
    return 1 if comparison.entity == "metric" else 0


def metric_column(aggregate: str, direction: str) -> str:
    """The column of an aggregate; Invalid for best() where nothing says what is better."""
    if aggregate != "best":
        return AGGREGATES[aggregate]
    if not direction:
        raise Invalid(
            "best() follows the direction of the experiment's problem, and there is none here: use min() or max().",
            field="filter",
        )
    return AGGREGATES["max" if direction == "maximize" else "min"]


def joined(order: Order, number: int, direction: str) -> tuple[Sql, list[Key]]:
    """(LEFT JOIN, keys) of one term of an order: what is there, then NaN, then what is missing."""
    if order.entity == "attribute" or (order.entity == "tag" and order.key in COLUMNS_OF_TAGS):
        table = COLUMNS_OF_TAGS if order.entity == "tag" else COLUMNS
        return ("", []), _attribute(order, table[order.key])
    x = f"o{number}"
    if order.entity in TABLES:
        join = f" LEFT JOIN {TABLES[order.entity]} AS {x} ON {x}.run_id = r.id AND {x}.key = %s"
        return (join, [order.key]), _missing_last(f"{x}.value", "''", order.ascending)
    column = f"{x}.{metric_column(order.aggregate, direction)}"
    join = f" LEFT JOIN experiments_latestmetric AS {x} ON {x}.run_id = r.id AND {x}.key = %s"
    nan = f"{x}.is_nan" if order.aggregate == "last" else f"{column} IS NULL"
    rank = f"(CASE WHEN {x}.run_id IS NULL THEN 2 WHEN {nan} THEN 1 ELSE 0 END)"
    return (join, [order.key]), [Key(rank, True), Key(f"COALESCE({column}, 0)", order.ascending)]


def _attribute(order: Order, column: str) -> list[Key]:
    if order.key == "start_time":
        return [Key(column, order.ascending)]
    if order.key == "run_id":
        return [Key("r.id", order.ascending)]
    return _missing_last(column, BLANKS.get(order.key, "''"), order.ascending)


def _missing_last(column: str, blank: str, ascending: bool) -> list[Key]:
    return [Key(f"({column} IS NULL)", True), Key(f"COALESCE({column}, {blank})", ascending)]


def _table(comparison: Comparison) -> str | None:
    """The table of what was logged, None for what lies elsewhere."""
    if comparison.entity == "metric":
        return "experiments_latestmetric"
    if comparison.entity == "tag" and comparison.key in COLUMNS_OF_TAGS:
        return None
    return TABLES.get(comparison.entity)


def _of_run(comparison: Comparison) -> Place | Sql:
    entity, key = comparison.entity, comparison.key
    if entity == "dataset":
        return Place(DATASET_COLUMNS[key], within=DATASET)
    if entity == "tag":
        return Place(COLUMNS_OF_TAGS[key])
    if key in ("start_time", "end_time"):
        return _time(comparison)
    return _run_id(comparison) if key == "run_id" else Place(COLUMNS[key])


def _tested(comparison: Comparison, direction: str, *, indexed: bool) -> tuple[str, str]:
    """(column, test) of a row x; `indexed` where the index by value may serve."""
    if comparison.entity != "metric":
        # The index holds the beginning of each value, which for a short one is all of it.
        return (f"LEFT(x.value, {INDEXED_LENGTH})" if indexed and _by_index(comparison) else "x.value"), "{}"
    column = metric_column(comparison.aggregate, direction)
    nan = "x.is_nan" if comparison.aggregate == "last" else f"x.{column} IS NULL"
    # NaN differs from every number and compares with none.
    return f"x.{column}", (f"({{}} OR {nan})" if comparison.operator == "!=" else f"{{}} AND NOT {nan}")


def _by_index(comparison: Comparison) -> bool:
    """Whether the index by value leads to all that match, and to nothing else."""
    if comparison.operator not in INDEXED_OPERATORS.get(comparison.entity, ()):
        return False
    if comparison.entity == "metric":
        return comparison.aggregate == "last"
    value = comparison.value
    return all(len(str(one)) < INDEXED_LENGTH for one in (value if isinstance(value, tuple) else (value,)))


def _time(comparison: Comparison) -> Sql:
    """Whole milliseconds compared, as a range of the column."""
    column, operator = COLUMNS[comparison.key], comparison.operator
    value = comparison.value
    if not isinstance(value, int | float):
        raise Invalid(f"Compare {comparison.key} with a number.", field="filter")
    low, high = _moment(math.ceil(value)), _moment(math.floor(value) + 1)
    if operator in (">", ">="):
        return f"({column} >= %s)", [high if operator == ">" else low]
    if operator in ("<", "<="):
        return f"({column} < %s)", [low if operator == "<" else high]
    # Between whole milliseconds there is no time: then low equals high, and nothing lies in the range.
    within = f"({column} >= %s AND {column} < %s)"
    return (within if operator == "=" else f"(NOT {within})"), [low, high]


def _moment(millis: int) -> str:
    try:
        return from_millis(millis).isoformat()
    except Invalid:
        return "infinity" if millis > 0 else "-infinity"


def _run_id(comparison: Comparison) -> Place | Sql:
    value, operator = comparison.value, comparison.operator
    if operator not in ("=", "!=", "IN", "NOT IN"):
        return Place(RUN_ID)
    given = value if isinstance(value, tuple) else (str(value),)
    ids = [str(uuid.UUID(one)) for one in given if HEX.fullmatch(one)]
    test = "= ANY" if operator in ("=", "IN") else "<> ALL"
    return f"(r.id {test}(%s::uuid[]))", [f"{{{','.join(ids)}}}"]


def plain(value: object) -> object:
    """A value of a key as JSON has it, and as PostgreSQL takes it back."""
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return str(value) if isinstance(value, uuid.UUID) else value
