"""What keeps the administration's lists quick on tables of millions of rows. `look_only` builds on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from django.contrib.admin import AllValuesFieldListFilter
from django.core.paginator import Paginator
from django.db import OperationalError, connection, transaction

from mlregistry.errors import Invalid

COUNTED = 10_000  # rows that are counted and can be paged through
LOOKED_AT = 20_000  # newest rows whose values a filter offers
PATIENCE_SECONDS = 8


class PatientlyCounted(Paginator[Any]):
    """Counts to COUNTED and one more, however many there are; one more means “more than that”."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: COUNTED + 1].count())


class RecentValues(AllValuesFieldListFilter):
    """Offers the values of the newest rows alone: those of all would be looked for in the whole table."""

    def __init__(
        self, field: Any, request: Any, params: Any, model: Any, model_admin: Any, field_path: str
    ) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        newest = model._default_manager.order_by("-pk").values("pk")[:LOOKED_AT]
        recent = model._default_manager.filter(pk__in=newest).order_by(field.name)
        self.lookup_choices = recent.values_list(field.name, flat=True).distinct()


@contextmanager
def patience() -> Iterator[None]:
    """Ends a search that takes longer than PATIENCE_SECONDS; Invalid says what to do instead."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{PATIENCE_SECONDS}s"])
            yield
    except OperationalError as error:
        if "statement timeout" not in str(error):
            raise
        message = (
            f"This takes longer than {PATIENCE_SECONDS} seconds. Take a filter as well, or search for less."
        )
        raise Invalid(message) from error
