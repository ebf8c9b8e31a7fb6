"""Feedback on a unit, such as a customer: it is of the unit's newest prediction before a moment. `feedback` and the
chore `settle_due` call these."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from mlregistry.errors import Invalid
from serving.hotpath import redaction
from serving.models import Endpoint
from serving.queries.routing import redaction_key

SHIPPED = timedelta(seconds=10)  # by then a prediction is in the log, unless the database was away
WRITE = """
    INSERT INTO serving_unitfeedback (endpoint_id, unit, truth, until, received_at)
    SELECT %s, unit, truth::jsonb, until, now()
    FROM unnest(%s::text[], %s::text[], %s::timestamptz[]) AS given (unit, truth, until)
    ON CONFLICT (endpoint_id, unit, until) DO UPDATE
    SET truth = excluded.truth, received_at = excluded.received_at
"""
SETTLE = """
    WITH found AS (
        SELECT u.id, u.endpoint_id, p.request_id, p."row", u.truth, u.received_at
        FROM serving_unitfeedback u
        CROSS JOIN LATERAL (
            SELECT request_id, "row" FROM serving_prediction
            WHERE endpoint_id = u.endpoint_id AND unit = u.unit AND unit <> '' AND at <= u.until
            ORDER BY at DESC, "row" LIMIT 1
        ) p
        WHERE u.until <= %s
        ORDER BY u.id LIMIT 10000
    ), written AS (
        INSERT INTO serving_feedback (endpoint_id, request_id, "row", truth, at)
        SELECT DISTINCT ON (endpoint_id, request_id, "row") endpoint_id, request_id, "row", truth, received_at
        FROM found ORDER BY endpoint_id, request_id, "row", received_at DESC
        ON CONFLICT (endpoint_id, request_id, "row") DO UPDATE SET truth = excluded.truth, at = excluded.at
    )
    DELETE FROM serving_unitfeedback WHERE id IN (SELECT id FROM found)
"""


@dataclass(frozen=True)
class UnitTruth:
    """What turned out to be true of a unit; `truth` as JSON text. Its prediction was made no later than `until`."""

    unit: str
    truth: str
    until: datetime


def unit_of(endpoint: Endpoint, unit: object, number: int) -> str:
    """The unit as the log keeps it: hashed where the endpoint hashes units. Invalid names the item."""
    if isinstance(unit, bool) or not isinstance(unit, str | int) or not 0 < len(str(unit)) <= 256:
        raise Invalid(
            f"Item {number}: unit must be a text of 1 to 256 characters or an integer.", field="unit"
        )
    if "\x00" in str(unit):
        raise Invalid(f"Item {number}: unit holds a NUL character.", field="unit")
    key = redaction_key(endpoint.team_id) if endpoint.log_redact else ""
    kept = redaction.unit(str(unit), endpoint.log_redact, key)
    if kept is None:
        raise Invalid(
            f"Item {number}: “{endpoint.name}” does not keep units; name the prediction.", field="unit"
        )
    return kept


def record_units(endpoint: Endpoint, truths: Sequence[UnitTruth]) -> None:
    """Keeps them until their predictions are surely in the log; those of the past become feedback at once."""
    once = {(one.unit, one.until): one for one in truths}
    if not once:
        return
    columns = [[getattr(one, name) for one in once.values()] for name in ("unit", "truth", "until")]
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [endpoint.pk, *columns])
    settle_due()


def settle_due(now: datetime | None = None) -> int:
    """Gives what has waited long enough to the predictions it is about; returns how many found theirs."""
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, [(now or timezone.now()) - SHIPPED])
        return int(cursor.rowcount)
