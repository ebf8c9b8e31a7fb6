"""Deletes things so that they can be brought back for a day, whole: with what hangs on them, under their own keys.

For rows in the database alone, without secrets: what lies in files, or is large, is deleted otherwise. Actions call
`delete`, the button “Undo” calls `undo`.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection, transaction
from django.db.models import Field, Model
from django.db.models.deletion import Collector
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import KeptDeletion, Role
from mlregistry.errors import Conflict, NotFound

KEPT = timedelta(days=1)
MOST_ROWS = 20_000  # with more than that a deletion cannot be taken back


def delete(
    row: Model,
    noun: str,
    *,
    name: str = "",
    also: Sequence[Model] = (),
    role: Role = Role.EDITOR,
    by: Actor,
) -> KeptDeletion | None:
    """Inside the transaction of the action that checked the role and wrote the audit line.

    `also` are rows that go and come back with it without hanging on it. None where nothing is kept: no person
    deletes it, or it is too large.
    """
    kept = _kept([row, *also]) if by.user is not None else None
    row_name = name or str(row)
    for one in (row, *also):
        one.delete()
    if kept is None or by.user is None:
        return None
    rows, links = kept
    return KeptDeletion.objects.create(
        team=by.team, user=by.user, role=role, noun=noun, name=row_name[:500], rows=rows, links=links
    )


def undo(deletion_id: uuid.UUID, *, by: Actor) -> KeptDeletion:
    """Brings back what the actor deleted; NotFound after a day, Conflict where its name or place is taken or gone."""
    with transaction.atomic():
        mine = KeptDeletion.objects.select_for_update().filter(team=by.team, user=by.user)
        found = mine.filter(pk=deletion_id, at__gt=timezone.now() - KEPT).first()
        if found is None:
            raise NotFound("This deletion cannot be taken back any more, or was not yours.")
        by.require(Role(found.role))
        try:
            with transaction.atomic():
                first = _restore(found)
        except IntegrityError as error:
            raise Conflict(
                f"The {found.noun} “{found.name}” cannot come back: its name is taken by now, or what it belongs to "
                "is gone."
            ) from error
        record(by, f"{found.noun.replace(' ', '_')}.restore", first)
        found.delete()
    return found


def forget_old() -> None:
    """A chore."""
    KeptDeletion.objects.filter(at__lt=timezone.now() - KEPT).delete()


def _kept(things: Sequence[Model]) -> tuple[list[Any], list[Any]] | None:
    """(rows, links) as KeptDeletion has them, the things themselves first."""
    collector = Collector(using=DEFAULT_DB_ALIAS, origin=things[0])
    for thing in things:
        collector.collect([thing])
    rows: list[Model] = [*things]
    for group in (*collector.data.values(), *collector.fast_deletes):
        rows += [one for one in _some(group, MOST_ROWS - len(rows) + 1 + len(things)) if one not in things]
        if len(rows) > MOST_ROWS:
            return None
    links: list[Any] = []
    n_links = 0
    for (field, _), groups in collector.field_updates.items():
        pointing = [one for group in groups for one in _some(group, MOST_ROWS - n_links + 1)]
        n_links += len(pointing)
        if n_links > MOST_ROWS:
            return None
        links += [[one._meta.label, field.name, str(one.pk), _plain(field, one)] for one in pointing]
    return [[one._meta.label, _values(one)] for one in rows], links


def _some(group: Any, most: int) -> Iterable[Model]:
    return group[:most] if hasattr(group, "query") else list(group)[:most]


def _values(row: Model) -> dict[str, Any]:
    return {field.attname: _plain(field, row) for field in row._meta.concrete_fields}


def _plain(field: "Field[Any, Any]", row: Model) -> Any:
    value = getattr(row, field.attname)
    if value is None or isinstance(value, bool | int | float | str | list | dict):
        return value
    return field.value_to_string(row)


def _restore(found: KeptDeletion) -> Model:
    """Foreign keys are checked when all is there again."""
    made = [_row(label, values) for label, values in found.rows]
    for row in made:
        row.save_base(raw=True, force_insert=True)
    for label, name, key, value in found.links:
        rows = apps.get_model(label)._base_manager.filter(pk=key, **{f"{name}__isnull": True})
        rows.update(**{name: value})
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    return made[0]


def _row(label: str, values: dict[str, Any]) -> Model:
    model = apps.get_model(label)
    row: Model = model()
    for field in model._meta.concrete_fields:
        value = values[field.attname]
        setattr(row, field.attname, value if isinstance(value, list | dict) else field.to_python(value))
    return row
