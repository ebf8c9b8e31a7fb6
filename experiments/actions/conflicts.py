"""Turns a broken unique constraint into an error that names the field. Called by the actions of the apps."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2.errors
from django.db import IntegrityError, transaction

from mlregistry.errors import AlreadyExists


@contextmanager
def unique(message: str, *, field: str = "name") -> Iterator[None]:
    """One transaction; AlreadyExists with this message when a row of that kind is there already."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if isinstance(error.__cause__, psycopg2.errors.UniqueViolation):
            raise AlreadyExists(message, field=field) from error
        raise
