"""The card of the start page with the requests for approval that are open; settings.HOME_CARDS names it."""

from mlregistry.ui.cards import TOP, Card
from mlregistry.ui.page import PageRequest
from models_app.models import PromotionState
from models_app.queries.promotions import requests_of

MOST = 5


def waiting(request: PageRequest) -> Card | None:
    found = list(requests_of(request.actor.team).filter(state=PromotionState.OPEN)[:MOST])
    return Card("models_app/home_waiting.html", TOP, {"requests": found}) if found else None
