"""The only way to an endpoint: filtered by the actor's team, NotFound otherwise."""

from django.db.models import QuerySet

from mlregistry.accounts.actor import Actor
from mlregistry.errors import NotFound
from serving.models import Endpoint


def endpoints(by: Actor) -> QuerySet[Endpoint]:
    return Endpoint.objects.filter(team=by.team)


def endpoint(by: Actor, name: str) -> Endpoint:
    found = (
        endpoints(by)
        .select_related("team", "problem")
        .prefetch_related("variants__version__model")
        .filter(name=name)
        .first()
    )
    if found is None:
        raise NotFound(f"There is no endpoint “{name}” in {by.team.name}.", field="endpoint")
    return found
