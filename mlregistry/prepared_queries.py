"""Querysets whose SQL is made once, for those few that every request asks: Django makes it anew each time, which takes
longer than PostgreSQL's answer. Only the statement is kept, never a row.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators

Row = TypeVar("Row", bound=Model)


class _Statement(NamedTuple):
    sql: str
    n_values: int
    compiler: Any
    converters: dict[int, Any]
    columns: slice
    names: list[str]
    related: list[Any]


class PreparedQuery(Generic[Row]):
    """`make` gives the queryset with any value of the right type in each place; `rows` takes those to ask for.

    Give each value in a filter of its own: filter(a=…, b=…) orders them by name. It may select related rows, but no
    annotations.
    """

    def __init__(self, make: Callable[[], QuerySet[Row]]) -> None:
        self._make = make

    def first(self, *values: Any) -> Row | None:
        return next(iter(self.rows(*values)), None)

    def rows(self, *values: Any) -> list[Row]:
        """What the queryset gives with these values, in the order in which they stand in the SQL."""
        known = self._statement
        if len(values) != known.n_values:
            raise TypeError(f"This query takes {known.n_values} values, not {len(values)}: {known.sql}")
        with connection.cursor() as cursor:
            cursor.execute(known.sql, values)
            found = cursor.fetchall()
        return [self._row(known, one) for one in known.compiler.apply_converters(found, known.converters)]

    @cached_property
    def _statement(self) -> _Statement:
        compiler: Any = self._make().query.get_compiler(DEFAULT_DB_ALIAS)
        sql, values = compiler.as_sql()
        select, kinds = compiler.select, compiler.klass_info
        if compiler.annotation_col_map:
            raise TypeError(f"This query has annotations and cannot be prepared: {sql}")
        columns = slice(kinds["select_fields"][0], kinds["select_fields"][-1] + 1)
        return _Statement(
            sql,
            len(values),
            compiler,
            compiler.get_converters([one[0] for one in select]),
            columns,
            [one[0].target.attname for one in select[columns]],
            get_related_populators(kinds, select, DEFAULT_DB_ALIAS),  # type: ignore[call-arg]  # stubs of Django 6
        )

    def _row(self, known: _Statement, values: Any) -> Row:
        """As Django's ModelIterable makes it."""
        row = known.compiler.klass_info["model"].from_db(DEFAULT_DB_ALIAS, known.names, values[known.columns])
        for one in known.related:
            one.populate(values, row)
        return cast(Row, row)
