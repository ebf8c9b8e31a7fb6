"""What every template may use: team, teams of the user, navigation, version. A context processor."""

from dataclasses import asdict, dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from mlregistry import __version__
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role, Team
from mlregistry.notices.queries.inbox import n_unread


@dataclass(frozen=True)
class Section:
    """`key` follows “g”; `words` begin the addresses that belong to it; `at_hand` are those at the thumb of a phone."""

    title: str
    route: str
    key: str
    icon: str
    words: tuple[str, ...] = ()
    at_hand: bool = False


NAVIGATION = (
    Section("Home", "ui:home", "h", "home", at_hand=True),
    Section("Problems", "experiments:problems", "p", "problems", ("problems", "studies", "selections"), at_hand=True),
    Section("Datasets", "experiments:datasets", "d", "datasets", ("datasets",)),
    Section(
        "Experiments", "experiments:experiments", "e", "experiments",
        ("experiments", "runs", "logged-models", "compare", "trash", "trainers", "run-rules"), at_hand=True,
    ),
    Section("Models", "models_app:models", "m", "models", ("models", "upload-model", "promotions")),
    Section(
        "Endpoints", "serving:endpoints", "s", "endpoints",
        ("endpoints", "new-endpoint", "ab-tests", "load-tests", "alerts", "alert-rules", "improvements", "retrainings",
         "reports", "batches", "production"), at_hand=True,
    ),
    Section("Jobs", "jobs:jobs", "j", "jobs", ("jobs", "usage")),
    Section("Write-ups", "discussions:writeups", "w", "writeups", ("writeups",)),
    Section("Activity", "discussions:activity", "a", "activity", ("activity",)),
)  # fmt: skip


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
    for one in NAVIGATION:
        try:
            address = reverse(one.route)
        except NoReverseMatch:
            continue
        current = section in one.words if one.words else not section
        entries.append({**asdict(one), "address": address, "current": current})
    return entries
