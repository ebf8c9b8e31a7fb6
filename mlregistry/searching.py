"""Pages of search results by keyset: one SQL statement per page, whatever its place. The apps' queries call it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import psycopg2.errors
from django.conf import settings
from django.db import DataError, OperationalError

from mlregistry import sql_rows
from mlregistry.errors import Invalid
from mlregistry.lib import page_tokens
from mlregistry.lib.filter_sql import Key, Sql, after, ordered

Row = TypeVar("Row")
VIEWS = {"ACTIVE_ONLY": ("active",), "DELETED_ONLY": ("deleted",), "ALL": ("active", "deleted")}


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows of one page and the token of the next, empty on the last."""

    rows: list[Row]
    next_page_token: str = ""


def identities(
    source: str,
    identity: str,
    where: Sequence[Sql],
    keys: Sequence[Key],
    *,
    limit: int,
    page_token: str,
    query: Any,
) -> Page[Any]:
    """The ids of a page of `source` (a FROM clause), ordered by `keys`, of which the last must be unique.

    `query` is what the token is bound to: JSON of filter, order and scope.
    """
    conditions = list(where)
    if page_token:
        values = opened(page_token, query, len(keys))
        conditions.append(after(keys, values))
    order, order_values = ordered(keys)
    columns = ", ".join(key.sql for key in keys)
    tests = " AND ".join(text for text, _ in conditions)
    # Only texts of the callers' own are joined; values are parameters.
    sql = f"SELECT {identity}, {columns} FROM {source} WHERE {tests} ORDER BY {order} LIMIT %s"  # noqa: S608  # see above
    parameters = [value for key in keys for value in key.parameters]
    parameters += [value for _, values in conditions for value in values]
    rows = searched(sql, [*parameters, *order_values, limit + 1])
    token = sealed(list(rows[limit - 1][1:]), query) if len(rows) > limit else ""
    return Page([row[0] for row in rows[:limit]], token)


def searched(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """All rows; Invalid for what PostgreSQL finds wrong with a filter's values."""
    try:
        return sql_rows.fetched(sql, parameters)
    except DataError as error:
        raise _refused(error) from error
    except OperationalError as error:
        if isinstance(error.__cause__, psycopg2.errors.QueryCanceled):
            raise Invalid("The search took too long; narrow the filter.", field="filter") from error
        raise


def sealed(values: list[Any], query: Any) -> str:
    return page_tokens.seal(values, query=query, key=settings.SECRET_KEY.encode())


def opened(page_token: str, query: Any, n_values: int) -> list[Any]:
    """The values in a token of this query."""
    values = page_tokens.opened(page_token, query=query, key=settings.SECRET_KEY.encode())
    if len(values) != n_values:
        raise Invalid("Invalid page token: it belongs to another list.", field="page_token")
    return values


def check_limit(max_results: int, most: int) -> None:
    """Invalid for a page of no rows or of too many."""
    if not 0 < max_results <= most:
        wanted = f"be at most {most}" if max_results > most else "be a positive integer"
        raise Invalid(
            f"Invalid value {max_results} for parameter 'max_results' supplied. It must {wanted}.",
            field="max_results",
        )


def lifecycles(view: str) -> list[str]:
    """The lifecycles that a view of MLflow's words shows."""
    if view not in VIEWS:
        raise Invalid(
            f"Invalid value {view!r} for parameter 'view_type': one of {', '.join(VIEWS)}.", field="view_type"
        )
    return list(VIEWS[view])


def _refused(error: DataError) -> Invalid:
    if isinstance(error.__cause__, psycopg2.errors.InvalidRegularExpression):
        return Invalid("The regular expression in the filter cannot be used.", field="filter")
    return Invalid("A value in the filter cannot be compared with its column.", field="filter")
