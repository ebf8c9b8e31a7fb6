"""What the apps put on the start page: each entry of settings.HOME_CARDS makes one card, or none if it has nothing."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from mlregistry.ui.page import PageRequest

TOP, MAIN, SIDE = "top", "main", "side"


@dataclass(frozen=True)
class Card:
    """`template` finds `context` as `card`; `area` is top (what needs somebody), main or side."""

    template: str
    area: str
    context: dict[str, Any] = field(default_factory=dict)


def cards(request: PageRequest) -> dict[str, list[Card]]:
    """By area, in the order of the setting."""
    made = [import_string(name)(request) for name in settings.HOME_CARDS]
    return {area: [card for card in made if card and card.area == area] for area in (TOP, MAIN, SIDE)}
