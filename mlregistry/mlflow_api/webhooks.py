"""MLflow's routes of webhooks. They are the owners', because webhooks carry the team's news out of the house."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from mlregistry import searching
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid, NotFound
from mlregistry.lib.millis import to_millis
from models_app import access
from models_app.actions import webhooks as actions
from models_app.models import Webhook
from models_app.queries import webhooks as queries

from .fields import Field, anything, integer, objects, text
from .ids import present
from .route import Answer, Call, Route

PLACE = "2.0/mlflow/webhooks"
MOST_RESULTS = 1000


def create(call: Call) -> Answer:
    given = call.given
    made = actions.create_webhook(
        given["name"],
        url=given["url"],
        events=[_event(event) for event in given["events"]],
        description=given["description"] or "",
        secret=given["secret"] or "",
        status=given["status"] or "ACTIVE",
        by=call.by,
    )
    return {"webhook": shown(made)}


def search(call: Call) -> Answer:
    limit = call.given["max_results"] or 100
    if not 1 <= limit <= MOST_RESULTS:
        raise Invalid(f"max_results must be between 1 and {MOST_RESULTS}.", field="max_results")
    query = ["webhooks", call.by.team.pk]
    token = call.given["page_token"]
    after = _place(searching.opened(token, query, 2)) if token else None
    found, place = queries.page(access.webhooks(call.by), limit=limit, after=after)
    following = searching.sealed([place[0].isoformat(), place[1].hex], query) if place else ""
    return present(webhooks=[shown(row) for row in found], next_page_token=following)


def get(call: Call) -> Answer:
    return {"webhook": shown(_found(call))}


def update(call: Call) -> Answer:
    given = call.given
    changed = actions.update_webhook(
        _found(call),
        name=given["name"] or None,
        url=given["url"] or None,
        events=[_event(event) for event in given["events"]] if given["events"] else None,
        description=given["description"],
        secret=given["secret"],
        status=given["status"] or None,
        by=call.by,
    )
    return {"webhook": shown(changed)}


def delete(call: Call) -> Answer:
    actions.delete_webhook(_found(call), by=call.by)
    return {}


def test(call: Call) -> Answer:
    event = call.given["event"]
    tested = actions.test_webhook(_found(call), event=_event(event) if event else None, by=call.by)
    result = present(
        response_status=tested.response_status,
        response_body=tested.response_body,
        error_message=tested.error_message,
    )
    return {"result": {"success": tested.success, **result}}


def shown(found: Webhook) -> dict[str, Any]:
    """A webhook as the wire has it; its secret is never told."""
    return present(
        webhook_id=str(found.pk),
        name=found.name,
        description=found.description,
        url=found.url,
        events=[_parts(event) for event in found.events],
        status=found.status,
        creation_timestamp=to_millis(found.created_at),
        last_updated_timestamp=to_millis(found.updated_at),
    )


def _found(call: Call) -> Webhook:
    key = call.path["webhook_id"]
    try:
        return access.webhook(call.by, key)
    except NotFound as error:
        raise NotFound(f"Webhook with ID {key[:100]} not found.", field="webhook_id") from error


def _event(given: dict[str, Any]) -> str:
    """entity.action in small letters; the action checks that there is such an event."""
    entity, action = given.get("entity"), given.get("action")
    if not isinstance(entity, str) or not isinstance(action, str):
        raise Invalid(
            "An event has an entity and an action, such as MODEL_VERSION and CREATED.", field="events"
        )
    return f"{entity}.{action}".lower()


def _parts(event: str) -> dict[str, str]:
    entity, _, action = event.upper().partition(".")
    return {"entity": entity, "action": action}


def _place(values: list[Any]) -> tuple[datetime, uuid.UUID]:
    return datetime.fromisoformat(values[0]), uuid.UUID(values[1])


_TEXT = text("text").read
OPTIONAL = (Field("description", _TEXT), Field("secret", _TEXT), text("status"))
ROUTES = (
    Route(
        "POST", PLACE, create, Role.OWNER,
        (
            text("name", required=True), text("url", required=True), objects("events", required=True),
            *OPTIONAL,
        ),
    ),
    Route("GET", PLACE, search, Role.OWNER, (integer("max_results"), text("page_token"))),
    Route("GET", PLACE + "/{webhook_id}", get, Role.OWNER),
    Route(
        "PATCH", PLACE + "/{webhook_id}", update, Role.OWNER,
        (text("name"), text("url"), objects("events"), *OPTIONAL),
    ),
    Route("DELETE", PLACE + "/{webhook_id}", delete, Role.OWNER),
    Route("POST", PLACE + "/{webhook_id}/test", test, Role.OWNER, (anything("event"),)),
)  # fmt: skip
