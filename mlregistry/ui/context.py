"""What every template may use: team, teams of the user, navigation, version. A context processor."""

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from mlregistry import __version__
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role, Team
from mlregistry.notices.queries.inbox import n_unread

NAVIGATION = (
    ("Home", "ui:home", ()),
    ("Problems", "experiments:problems", ("problems", "studies", "selections")),
    ("Datasets", "experiments:datasets", ("datasets",)),
    (
        "Experiments",
        "experiments:experiments",
        ("experiments", "runs", "logged-models", "compare", "trash", "trainers"),
    ),
    ("Models", "models_app:models", ("models", "promotions")),
    (
        "Endpoints",
        "serving:endpoints",
        ("endpoints", "ab-tests", "load-tests", "alerts", "alert-rules", "production"),
    ),
    ("Jobs", "jobs:jobs", ("jobs",)),
)


def page(request: HttpRequest) -> dict[str, Any]:
    """Cheap for pages that use none of it: teams and unread notices are read only when shown."""
    actor: Actor | None = getattr(request, "actor", None)
    return {
        "server_version": __version__,
        "actor": actor,
        "team": actor.team if actor else None,
        "can_edit": bool(actor and actor.role >= Role.EDITOR),
        "can_own": bool(actor and actor.role >= Role.OWNER),
        "teams": SimpleLazyObject(lambda: _teams(request)),
        "unread": SimpleLazyObject(lambda: n_unread(actor)) if actor else 0,
        "navigation": _navigation(request) if actor else [],
        "form_error": getattr(request, "form_error", None),
    }


def _teams(request: HttpRequest) -> list[Team]:
    if not request.user.is_authenticated:
        return []
    return list(Team.objects.filter(memberships__user=request.user).order_by("name"))


def _navigation(request: HttpRequest) -> list[dict[str, Any]]:
    section = request.path_info.strip("/").partition("/")[0]
    entries = []
    for title, name, sections in NAVIGATION:
        try:
            address = reverse(name)
        except NoReverseMatch:
            continue
        current = section in sections if sections else not section
        entries.append({"title": title, "address": address, "current": current})
    return entries
