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
from mlregistry.lib.filter_expr import Comparison, Order
from mlregistry.lib.filter_sql import Key, Place, Sql
from mlregistry.lib.millis import from_millis

NAME_TAG, NOTE_TAG = "mlflow.runName", "mlflow.note.content"
CONTEXT_TAG = "mlflow.data.context"
INDEXED_LENGTH = 200
HEX = re.compile(r"[0-9a-f]{32}")
COLUMNS = {
    "run_id": RUN_ID,
    "run_name": "NULLIF(r.name, '')",
    "status": "r.status",
    "user_id": "r.user_name",
    "artifact_uri": f"(SELECT {ARTIFACT_URI} FROM experiments_experiment AS e WHERE e.id = r.experiment_id)",
    "start_time": "r.started_at",
    "end_time": "r.ended_at",
}
COLUMNS_OF_TAGS = {NAME_TAG: COLUMNS["run_name"], NOTE_TAG: "NULLIF(r.note, '')"}
TABLES = {"param": "experiments_param", "tag": "experiments_runtag"}
AGGREGATES = {"last": "value", "min": "minimum", "max": "maximum"}
DATASET = (
    "EXISTS (SELECT 1 FROM experiments_runinput AS i JOIN experiments_inputdataset AS d ON d.id = i.dataset_id"
    " WHERE i.run_id = r.id AND {}"
)
DATASET_COLUMNS = {"name": "d.name", "digest": "d.digest", "context": f"(i.tags ->> '{CONTEXT_TAG}')"}
EPOCH = "'epoch'::timestamptz"


def placing(
    experiment_ids: Sequence[int], direction: str, *, probing: bool = False
) -> Callable[[Comparison], Place | Sql]:
    """The place of each comparison of a filter; `direction` says what best() means, "" that nothing does.

    Probing, each run is looked up by itself; otherwise PostgreSQL may begin with the runs that match.
    """
    experiments = list(experiment_ids)
    tail = " OFFSET 0" if probing else ""

    def place(comparison: Comparison) -> Place | Sql:
        entity, key = comparison.entity, comparison.key
        if entity == "metric":
            return _metric(comparison, experiments, direction, tail)
        if entity == "dataset":
            return Place(DATASET_COLUMNS[key], within=DATASET + tail + ")")
        if entity == "tag" and key in COLUMNS_OF_TAGS:
            return Place(COLUMNS_OF_TAGS[key])
        if entity in TABLES:
            return _text(comparison, experiments, tail)
        if key in ("start_time", "end_time"):
            return _time(comparison)
        if key == "run_id":
            return _run_id(comparison)
        return Place(COLUMNS[key])

    return place


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
    return _missing_last(column, EPOCH if order.key == "end_time" else "''", order.ascending)


def _missing_last(column: str, blank: str, ascending: bool) -> list[Key]:
    return [Key(f"({column} IS NULL)", True), Key(f"COALESCE({column}, {blank})", ascending)]


def _metric(comparison: Comparison, experiments: list[int], direction: str, tail: str) -> Place:
    column = metric_column(comparison.aggregate, direction)
    nan = "x.is_nan" if comparison.aggregate == "last" else f"x.{column} IS NULL"
    # NaN differs from every number and compares with none.
    test = f"({{}} OR {nan})" if comparison.operator == "!=" else f"{{}} AND NOT {nan}"
    return Place(
        f"x.{column}", (experiments, comparison.key), _exists("experiments_latestmetric", test, tail)
    )


def _text(comparison: Comparison, experiments: list[int], tail: str) -> Place:
    value = comparison.value
    given = value if isinstance(value, tuple) else (value,)
    short = comparison.operator in ("=", "IN") and all(len(str(one)) < INDEXED_LENGTH for one in given)
    # The index holds the beginning of each value, which for a short one is all of it.
    column = f"LEFT(x.value, {INDEXED_LENGTH})" if short else "x.value"
    return Place(column, (experiments, comparison.key), _exists(TABLES[comparison.entity], "{}", tail))


def _exists(table: str, test: str, tail: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM {table} AS x"
        f" WHERE x.run_id = r.id AND x.experiment_id = ANY(%s) AND x.key = %s AND {test}{tail})"
    )


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
