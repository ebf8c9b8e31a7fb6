"""Pages and deeds that the search finds beside things; an entry of settings.FINDERS."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.ui.finding import Asked, Found

PAGE, DEED = "page", "action"
OFFERED = 4
"""How many deeds are offered before anything is typed."""


@dataclass(frozen=True)
class Place:
    """`words` are what people may also call it."""

    kind: str
    title: str
    route: str
    words: str = ""
    role: Role = Role.VIEWER


PLACES = (
    Place(DEED, "New problem", "experiments:problem-create", "create frame add", Role.EDITOR),
    Place(DEED, "Upload a table", "experiments:dataset-create", "new dataset csv data import add", Role.EDITOR),
    Place(DEED, "New endpoint", "serving:endpoint-create", "create serve deploy", Role.EDITOR),
    Place(DEED, "First steps with sample data", "serving:guide", "guide start tutorial example help", Role.VIEWER),
    Place(DEED, "New experiment", "experiments:experiment-create", "create group of runs", Role.EDITOR),
    Place(DEED, "Upload a model", "models_app:upload", "onnx pickle import skops", Role.EDITOR),
    Place(DEED, "Invite somebody", "accounts:team", "member people user add", Role.OWNER),
    Place(DEED, "Make an API token", "accounts:tokens", "key secret client", Role.VIEWER),
    Place(PAGE, "Home", "ui:home", "start overview dashboard"),
    Place(PAGE, "Problems", "experiments:problems"),
    Place(PAGE, "Datasets", "experiments:datasets", "data tables"),
    Place(PAGE, "Experiments", "experiments:experiments", "runs"),
    Place(PAGE, "Models", "models_app:models", "registry versions"),
    Place(PAGE, "Endpoints", "serving:endpoints", "serving predictions deployments"),
    Place(PAGE, "Alerts", "serving:alerts", "firing monitoring rules"),
    Place(PAGE, "Rules for runs", "experiments:run-rules", "notify failed slack"),
    Place(PAGE, "Trainers", "experiments:trainers", "own code scripts", Role.VIEWER),
    Place(PAGE, "Jobs", "jobs:jobs", "background work queue"),
    Place(PAGE, "Usage", "jobs:usage", "cost budget money"),
    Place(PAGE, "Trash", "experiments:trash", "deleted restore undo"),
    Place(PAGE, "Inbox", "notices:inbox", "notifications"),
    Place(PAGE, "Channels", "notices:channels", "email slack webhook notifications"),
    Place(PAGE, "Team and members", "accounts:team", "people roles"),
    Place(PAGE, "Profile", "accounts:profile", "account password name"),
    Place(PAGE, "Audit trail", "accounts:audit", "history who log", Role.OWNER),
    Place(PAGE, "REST API", "api-docs", "swagger openapi documentation"),
)  # fmt: skip


def places(by: Actor, asked: Asked) -> Iterator[Found]:
    """Those that the actor's role may open; a few deeds before anything is typed."""
    known = [place for place in PLACES if place.role <= by.role and _is_routed(place)]
    if not asked.words:
        known = [place for place in known if place.kind == DEED][:OFFERED]
    for place in known:
        beginnings = f"{place.title} {place.words}".lower().split()
        if all(any(b.startswith(word) for b in beginnings) for word in asked.words):
            named = place.title.lower().startswith(asked.text)
            yield Found(place.kind, place.title, reverse(place.route), rank=0 if named else 2)


def _is_routed(place: Place) -> bool:
    try:
        return bool(reverse(place.route))
    except NoReverseMatch:
        return False
