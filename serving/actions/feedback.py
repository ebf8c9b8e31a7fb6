"""Feedback: what turned out to be true of a prediction. Called by the API, the pages and the demo."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.ml.signature import kind_of
from serving.actions.unit_feedback import UnitTruth, record_units, unit_of
from serving.models import Endpoint
from serving.request_ids import as_uuid, parse_prediction_id

MOST_ITEMS = 10_000
LONGEST_ITEM = 200
WRITE = """
    INSERT INTO serving_feedback (endpoint_id, request_id, "row", truth, at)
    SELECT %s, request_id, "row", truth::jsonb, now()
    FROM unnest(%s::uuid[], %s::int[], %s::text[]) AS given (request_id, "row", truth)
    ON CONFLICT (endpoint_id, request_id, "row") DO UPDATE SET truth = excluded.truth, at = excluded.at
"""


def record_feedback(endpoint: Endpoint, items: Sequence[Mapping[str, Any]], *, by: Actor) -> int:
    """Writes the truths in one round trip and returns how many; the same one again changes nothing.

    An item has `truth` and either `prediction_id`, or `request_id` with `row` (from 0), or `unit` with `at` (until
    when the prediction was made; now by default). It may come before the prediction is in the log, or long after;
    of several on one prediction the last counts. Invalid names the item.
    No audit line: this is data, as predictions are.
    """
    by.require(Role.EDITOR)
    if len(items) > MOST_ITEMS:
        raise Invalid(
            f"At most {MOST_ITEMS} items fit into one request; {len(items)} were sent.", field="feedback"
        )
    classes, kinds = _classes(endpoint), _kinds(endpoint)
    found: dict[tuple[str, int], str] = {}
    units: list[UnitTruth] = []
    for number, item in enumerate(items, start=1):
        truth = json.dumps(_truth(item, number, classes, kinds))
        if item.get("unit") not in (None, ""):
            until = item.get("at") or timezone.now()
            units.append(UnitTruth(unit_of(endpoint, item["unit"], number), truth, until))
        else:
            found[_address(item, number, endpoint)] = truth
    with transaction.atomic():
        _write(endpoint, found)
        record_units(endpoint, units)
    return len(found) + len(units)


def _write(endpoint: Endpoint, found: Mapping[tuple[str, int], str]) -> None:
    if found:
        ids, rows = zip(*found, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(WRITE, [endpoint.pk, list(ids), list(rows), list(found.values())])


def _address(item: Mapping[str, Any], number: int, endpoint: Endpoint) -> tuple[str, int]:
    request: Any
    row: Any
    if item.get("prediction_id"):
        try:
            request, row = parse_prediction_id(str(item["prediction_id"]))
        except ValueError:
            raise Invalid(f"Item {number}: this is no prediction id.", field="prediction_id") from None
    else:
        request, row = item.get("request_id", ""), item.get("row", 0)
    if not isinstance(request, str) or not 0 < len(request) <= 64:
        raise Invalid(f"Item {number} needs a request_id of 1 to 64 characters.", field="request_id")
    if isinstance(row, bool) or not isinstance(row, int) or not 0 <= row < 2**31:
        raise Invalid(f"Item {number}: row must be a whole number from 0.", field="row")
    return str(as_uuid(request, endpoint_id=endpoint.pk)), row


def _truth(item: Mapping[str, Any], number: int, classes: list[Any], kinds: set[str]) -> Any:
    truth = item.get("truth")
    if truth is None:
        raise Invalid(f"Item {number} lacks the truth.", field="truth")
    if classes:
        # A client that reads everything from a table sends "1" for the class 1.
        known = next((c for c in classes if c == truth), None)
        known = next((c for c in classes if str(c) == str(truth)), None) if known is None else known
        if known is None:
            raise Invalid(
                f"Item {number}: the truth is none of the classes {', '.join(map(str, classes[:20]))}.",
                field="truth",
            )
        return known
    if kinds == {"recommendation"}:
        return _taken(truth, number)
    if isinstance(truth, bool) or not isinstance(truth, int | float) or not math.isfinite(truth):
        raise Invalid(f"Item {number}: the truth must be a number.", field="truth")
    return truth


def _taken(truth: Any, number: int) -> Any:
    """The item that the user took."""
    if isinstance(truth, bool) or not isinstance(truth, int | str) or len(str(truth)) > LONGEST_ITEM:
        raise Invalid(
            f"Item {number}: the truth is the item that was taken, a text or a whole number.", field="truth"
        )
    return truth


def _kinds(endpoint: Endpoint) -> set[str]:
    """The kinds of problem that the endpoint's variants answer."""
    return {
        kind_of(variant.version.served_signature) for variant in endpoint.variants.select_related("version")
    }


def _classes(endpoint: Endpoint) -> list[Any]:
    """All classes that a variant of the endpoint may answer; empty for a regression."""
    found: dict[Any, None] = {}
    for variant in endpoint.variants.select_related("version"):
        found.update(dict.fromkeys(variant.version.served_signature.get("classes") or ()))
    return list(found)
