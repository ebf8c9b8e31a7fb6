"""New rows of several models in one round trip and one transaction. Called by actions that must be quick."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db import connection
from django.db.models import AutoField, Field, Model


def insert(*rows: Model) -> None:
    """Insert the rows in this order, all or none. Keys that the database makes stay unset on the objects."""
    statements: list[str] = []
    parameters: list[Any] = []
    for row in rows:
        statement, fields = _statement(type(row))
        statements.append(statement)
        # What Django's own save writes: converted values, and the moment in fields that ask for it.
        parameters += [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
    with connection.cursor() as cursor:
        # Several statements in one message are one transaction of PostgreSQL's.
        cursor.execute(";".join(statements), parameters)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


@cache
def _statement(model: type[Model]) -> tuple[str, tuple[Field[Any, Any], ...]]:
    fields = tuple(field for field in model._meta.concrete_fields if not isinstance(field, AutoField))
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({places})", fields  # noqa: S608
