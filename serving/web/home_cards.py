"""Cards of the start page: the first steps while nothing is served, endpoints with their traffic, what fires."""

from django.utils import timezone

from mlregistry.lib.sample_tables import SAMPLES
from mlregistry.ui.cards import MAIN, TOP, Card
from mlregistry.ui.page import PageRequest
from serving.queries import guide as guide_queries
from serving.queries import home
from serving.web import guide

MOST_ENDPOINTS, MOST_ALERTS = 6, 5
WIDTH, HEIGHT = 120, 28
"""Of a spark line's own units."""


def first_steps(request: PageRequest) -> Card | None:
    """Gone once something is served, or when it was put away."""
    if guide.is_put_away(request.COOKIES, request.actor) or home.endpoints(request.actor, most=1):
        return None
    context = guide.shown(guide_queries.followed(request.actor.team))
    return Card("serving/home_first_steps.html", TOP, {**context, "samples": list(SAMPLES.values())})


def endpoints(request: PageRequest) -> Card:
    rows = home.endpoints(request.actor, most=MOST_ENDPOINTS)
    hours = home.requests_by_hour(rows, timezone.now())
    lines = [{"endpoint": row, "n": sum(hours[row.pk]), "path": spark(hours[row.pk])} for row in rows]
    return Card("serving/home_endpoints.html", MAIN, {"lines": lines, "width": WIDTH, "height": HEIGHT})


def firing(request: PageRequest) -> Card | None:
    rows = home.firing(request.actor, most=MOST_ALERTS)
    return Card("serving/home_firing.html", TOP, {"rules": rows}) if rows else None


def spark(values: list[int]) -> str:
    """The line through the values as the d of a path; flat on the ground for nothing."""
    most, step = max(values) or 1, WIDTH / (len(values) - 1)
    points = [
        f"{place * step:.1f} {HEIGHT - 1 - n / most * (HEIGHT - 3):.1f}" for place, n in enumerate(values)
    ]
    return "M" + "L".join(points)
