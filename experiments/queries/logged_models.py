"""Searches of logged models by the filter grammar, and their latest metrics. Called by doors.

A page is read in three statements, whatever its length: ids, rows, metrics.
"""

import dataclasses
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from experiments.models import LoggedModel
from mlregistry.errors import Invalid
from mlregistry.lib.filter_expr import LOGGED_MODELS, And, Comparison, Expression, Not, Or, parse
from mlregistry.lib.filter_sql import Key, Place, Sql, condition
from mlregistry.lib.floats import shown
from mlregistry.searching import Page, identities

DEFAULT_RESULTS = 100
MOST_RESULTS = 10_000
MOST_ORDERS = 50
MOST_DATASETS = 100
COLUMNS = {
    "name": "m.name",
    "model_id": "('m-' || replace(m.id::text, '-', ''))",
    "model_type": "m.model_type",
    "status": "m.status",
    "source_run_id": "COALESCE(replace(m.source_run_id::text, '-', ''), NULLIF(m.source_run_key, ''))",
    "creation_timestamp": "(floor(extract(epoch FROM m.created_at) * 1000)::bigint)",
    "last_updated_timestamp": "(floor(extract(epoch FROM m.updated_at) * 1000)::bigint)",
}
# MLflow's words and numbers for a status.
STATUSES = {"1": "PENDING", "2": "READY", "3": "UPLOAD_FAILED", "FAILED": "UPLOAD_FAILED"}
SOURCE = """experiments_loggedmodel AS m
JOIN experiments_experiment AS e ON e.id = m.experiment_id
LEFT JOIN experiments_problem AS p ON p.id = e.problem_id"""
POINTS = "FROM experiments_loggedmodelmetric AS x WHERE x.logged_model_id = m.id AND x.key = %s"
LATEST = "x.timestamp DESC, x.step DESC, x.value DESC, x.is_nan"
FLOAT = "CASE WHEN x.is_nan THEN 'NaN'::float8 ELSE x.value END"
NUMBER = "CASE WHEN x.is_nan THEN NULL ELSE x.value END"
EXTREMES = {
    "min": f"min({NUMBER})",
    "max": f"max({NUMBER})",
    "best": f"CASE WHEN p.direction = 'minimize' THEN min({NUMBER}) ELSE max({NUMBER}) END",
}
METRICS = """
SELECT DISTINCT ON (logged_model_id, key, dataset_name, dataset_digest)
    logged_model_id, key, value, is_nan, step, timestamp, dataset_name, dataset_digest, run_id
FROM experiments_loggedmodelmetric WHERE logged_model_id = ANY(%s::uuid[])
ORDER BY logged_model_id, key, dataset_name, dataset_digest, timestamp DESC, step DESC, value DESC, is_nan, run_id
"""


@dataclass(frozen=True, slots=True)
class OnDataset:
    """Metrics measured on the dataset of this name, and of this digest when one is named."""

    name: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Sorting:
    """One key of an order: an attribute, or metrics.<key>, perhaps as measured on one dataset."""

    field: str
    ascending: bool = True
    dataset: OnDataset = OnDataset()


@dataclass(frozen=True, slots=True)
class ModelMetric:
    """The latest value of a metric on a dataset."""

    key: str
    value: float
    is_nan: bool
    step: int
    timestamp: int
    dataset_name: str
    dataset_digest: str
    run_id: uuid.UUID

    @property
    def number(self) -> float | None:
        """None for NaN."""
        return shown(self.value, self.is_nan)


def search(
    team_id: int,
    experiment_ids: Sequence[int],
    *,
    with_default: bool = False,
    filter: str = "",
    order_by: Sequence[Sorting] = (),
    datasets: Sequence[OnDataset] = (),
    max_results: int = DEFAULT_RESULTS,
    page_token: str = "",
) -> Page[LoggedModel]:
    """One page of the active ones, newest first by default; Invalid for a wrong filter, order or token.

    `with_default` adds the team's default experiment. Metrics in the filter are those measured on one of
    `datasets` when any is given; without a metric in the filter, some metric must be measured on one.
    """
    if max_results < 0:
        raise Invalid(
            f"Invalid value {max_results} for parameter 'max_results' supplied.", field="max_results"
        )
    if len(datasets) > MOST_DATASETS:
        raise Invalid(f"At most {MOST_DATASETS} datasets can be named.", field="datasets")
    expression = _spelled(parse(filter, LOGGED_MODELS))
    scope = (
        "e.team_id = %s AND m.lifecycle = 'active' AND (m.experiment_id = ANY(%s) OR (%s AND e.is_default))",
        [team_id, list(experiment_ids), with_default],
    )
    where = [scope, condition(expression, lambda comparison: _place(comparison, datasets))]
    if datasets and not _has_metric(expression):
        on, values = _on(datasets)
        points = "SELECT FROM experiments_loggedmodelmetric AS x WHERE x.logged_model_id = m.id"
        where.append((f"EXISTS ({points}{on})", values))
    found = identities(
        SOURCE,
        "m.id",
        where,
        _keys(order_by),
        limit=min(max_results or DEFAULT_RESULTS, MOST_RESULTS),
        page_token=page_token,
        query=["logged models", team_id, list(experiment_ids), with_default, filter,
               [dataclasses.astuple(each) for each in order_by],
               [dataclasses.astuple(each) for each in datasets]],
    )  # fmt: skip
    rows = LoggedModel.objects.select_related("experiment").in_bulk(found.rows)
    return Page([rows[pk] for pk in found.rows if pk in rows], found.next_page_token)


def latest_metrics(models: Iterable[LoggedModel]) -> dict[uuid.UUID, list[ModelMetric]]:
    """The latest value of each metric on each dataset by timestamp, step, value, for every one of the models."""
    found: dict[uuid.UUID, list[ModelMetric]] = {model.pk: [] for model in models}
    if found:
        with connection.cursor() as cursor:
            cursor.execute(METRICS, [[str(key) for key in found]])
            for model_id, *values in cursor.fetchall():
                found[model_id].append(ModelMetric(*values))
    return found


def _keys(order_by: Sequence[Sorting]) -> list[Key]:
    """Numbers, then NaN, then what is missing, whichever the direction; a field that comes again says nothing."""
    if len(order_by) > MOST_ORDERS:
        raise Invalid(
            f"order_by has {len(order_by)} terms; at most {MOST_ORDERS} are allowed.", field="order_by"
        )
    keys: dict[tuple[str, str, OnDataset], list[Key]] = {}
    for sorting in order_by:
        entity, name = _field(sorting)
        key = (entity, name, sorting.dataset if entity == "metric" else OnDataset())
        if key not in keys:
            keys[key] = _metric_keys(name, sorting) if entity == "metric" else _attribute_keys(name, sorting)
    keys.setdefault(
        ("attribute", "creation_timestamp", OnDataset()), [Key(COLUMNS["creation_timestamp"], False)]
    )
    return [*(key for group in keys.values() for key in group), Key("m.id::text", True)]


def _field(sorting: Sorting) -> tuple[str, str]:
    try:
        entity, name, _ = LOGGED_MODELS.resolve(sorting.field, field="order_by")
    except Invalid as error:
        raise Invalid(
            f"Invalid order by field name: {sorting.field[:100]}. {error.message}", field="order_by"
        ) from error
    if entity not in LOGGED_MODELS.orderable_entities:
        raise Invalid(
            f"Invalid order by field name: {sorting.field[:100]}. Only metrics are supported, and attributes.",
            field="order_by",
        )
    return entity, name


def _attribute_keys(name: str, sorting: Sorting) -> list[Key]:
    if name in ("source_run_id", "model_type"):
        column = f"COALESCE({COLUMNS[name]}, '')"
        return [Key(f"({column} = '')::int", True), Key(column, sorting.ascending)]
    return [Key(COLUMNS[name], sorting.ascending)]


def _metric_keys(name: str, sorting: Sorting) -> list[Key]:
    on, values = _on([sorting.dataset] if sorting.dataset != OnDataset() else [])
    point = f"(SELECT {{}} {POINTS}{on} ORDER BY {LATEST} LIMIT 1)"
    rank = f"COALESCE({point.format('x.is_nan::int')}, 2)"
    value = f"COALESCE({point.format('x.value')}, 0)"
    parameters = (name, *values)
    return [Key(rank, True, parameters), Key(value, sorting.ascending, parameters)]


def _place(comparison: Comparison, datasets: Sequence[OnDataset]) -> Place:
    if comparison.entity == "attribute":
        return Place(COLUMNS[comparison.key])
    if comparison.entity in ("param", "tag"):
        return Place(f"(m.{comparison.entity}s ->> %s)", (comparison.key,))
    on, values = _on(datasets)
    parameters = (comparison.key, *values)
    if comparison.aggregate != "last":
        return Place(f"(SELECT {EXTREMES[comparison.aggregate]} {POINTS}{on})", parameters)
    # NaN differs from every number, and compares with none otherwise.
    number = FLOAT if comparison.operator == "!=" else NUMBER
    newest = (
        f"SELECT DISTINCT ON (x.dataset_name, x.dataset_digest) {number} AS number {POINTS}{on}"
        f" ORDER BY x.dataset_name, x.dataset_digest, {LATEST}"
    )
    return Place("number", parameters, within=f"EXISTS (SELECT FROM ({newest}) AS newest WHERE {{}})")


def _on(datasets: Sequence[OnDataset]) -> Sql:
    """What narrows metrics down to those on one of the datasets."""
    options: list[str] = []
    values: list[str] = []
    for dataset in datasets:
        parts = {"x.dataset_name = %s": dataset.name, "x.dataset_digest = %s": dataset.digest}
        given = {test: value for test, value in parts.items() if value}
        if given:
            options.append(" AND ".join(given))
            values += given.values()
    return (f" AND ({' OR '.join(options)})" if options else ""), list(values)


def _has_metric(expression: Expression | None) -> bool:
    if isinstance(expression, Comparison):
        return expression.entity == "metric"
    if isinstance(expression, Not):
        return _has_metric(expression.part)
    return expression is not None and any(_has_metric(part) for part in expression.parts)


def _spelled(expression: Expression | None) -> Expression | None:
    """The same with statuses as they are stored, however the client writes them."""
    if isinstance(expression, And | Or):
        parts = [part for each in expression.parts if (part := _spelled(each)) is not None]
        return dataclasses.replace(expression, parts=tuple(parts))
    if isinstance(expression, Not):
        part = _spelled(expression.part)
        return expression if part is None else Not(part)
    if isinstance(expression, Comparison) and (expression.entity, expression.key) == ("attribute", "status"):
        return dataclasses.replace(expression, value=_status(expression.value))
    return expression


def _status(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_status(each) for each in value)
    word = str(value).removeprefix("LOGGED_MODEL_")
    return STATUSES.get(word, word)
