"""The only way to a model or version: filtered by the actor's team, NotFound otherwise."""

import uuid

from django.db.models import QuerySet

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import NotFound
from mlregistry.prepared_queries import PreparedQuery
from models_app.models import (
    Alias,
    ModelVersion,
    Optimisation,
    OptimisedCandidate,
    PromotionRequest,
    RegisteredModel,
    Webhook,
    WebhookDelivery,
)

MODEL = PreparedQuery(
    lambda: RegisteredModel.objects.select_related("problem").filter(team_id=0).filter(name="")
)
VERSION = PreparedQuery(
    lambda: (
        ModelVersion.objects.select_related("model", "run__experiment", "logged_model__experiment")
        .filter(model__team_id=0)
        .filter(model__name="")
        .filter(number=0)
    )
)
LARGEST = 2**31 - 1  # of a version number's column
LARGEST_ID, LARGEST_PLACE = 2**63 - 1, 2**15 - 1


def models(by: Actor) -> QuerySet[RegisteredModel]:
    return RegisteredModel.objects.filter(team=by.team)


def model(by: Actor, name: str) -> RegisteredModel:
    found = MODEL.first(by.team.pk, name)
    if found is None:
        raise NotFound(f"There is no registered model “{name}” in {by.team.name}.", field="model")
    return found


def versions(by: Actor) -> QuerySet[ModelVersion]:
    rows = ModelVersion.objects.filter(model__team=by.team)
    return rows.select_related("model", "run__experiment", "logged_model__experiment")


def version(by: Actor, name: str, number: int) -> ModelVersion:
    found = VERSION.first(by.team.pk, name, number) if number <= LARGEST else None
    if found is None:
        raise NotFound(f"There is no version {number} of “{name}” in {by.team.name}.", field="version")
    return found


def version_by_word(by: Actor, name: str, word: str) -> ModelVersion:
    """By its number, by “latest”, or the newest of a stage."""
    if word.isascii() and word.isdigit():
        return version(by, name, int(word))
    rows = versions(by).filter(model__name=name).order_by("-number")
    found = (rows if word.lower() == "latest" else rows.filter(stage__iexact=word)).first()
    if found is None:
        raise NotFound(f"There is no version “{word[:100]}” of “{name}” in {by.team.name}.", field="version")
    return found


def version_by_alias(by: Actor, name: str, alias: str) -> ModelVersion:
    found = (
        Alias.objects.filter(model__team=by.team, model__name=name, name=alias)
        .select_related("version__model", "version__run__experiment", "version__logged_model__experiment")
        .first()
    )
    if found is None:
        raise NotFound(f"The model “{name}” has no alias “{alias}”.", field="alias")
    return found.version


def optimisation(by: Actor, name: str, number: int, optimisation_id: int) -> Optimisation:
    rows = Optimisation.objects.select_related(
        "job", "version__model", "version__run__experiment", "created_by"
    )
    found = rows.filter(
        pk=min(optimisation_id, LARGEST_ID), version__model__team=by.team, version__model__name=name,
        version__number=min(number, LARGEST),
    ).first()  # fmt: skip
    if found is None:
        raise NotFound(f"“{name}” v{number} has no optimisation {optimisation_id}.", field="optimisation")
    return found


def optimised_candidate(
    by: Actor, name: str, number: int, optimisation_id: int, place: int
) -> OptimisedCandidate:
    of = optimisation(by, name, number, optimisation_id)
    rows = OptimisedCandidate.objects.select_related("optimisation__version__model", "version", "run")
    found = rows.filter(optimisation=of, place=min(place, LARGEST_PLACE)).first()
    if found is None:
        raise NotFound(f"The optimisation {optimisation_id} has no candidate {place}.", field="place")
    return found


def promotion(by: Actor, request_id: int) -> PromotionRequest:
    rows = PromotionRequest.objects.select_related(
        "model__team", "model__problem", "version__model", "version__run", "requested_by", "decided_by"
    )
    found = rows.filter(pk=min(request_id, LARGEST_ID), model__team=by.team).first()
    if found is None:
        raise NotFound(f"There is no request {request_id} in {by.team.name}.", field="request")
    return found


def webhooks(by: Actor) -> QuerySet[Webhook]:
    """For owners: a webhook's address may hold a token."""
    by.require(Role.OWNER)
    return Webhook.objects.filter(team=by.team).select_related("team")


def webhook_deliveries(by: Actor) -> QuerySet[WebhookDelivery]:
    by.require(Role.OWNER)
    return WebhookDelivery.objects.filter(webhook__team=by.team).select_related("webhook__team")


def webhook_delivery(by: Actor, delivery_id: uuid.UUID) -> WebhookDelivery:
    found = webhook_deliveries(by).filter(pk=delivery_id).first()
    if found is None:
        raise NotFound(f"There is no such delivery in {by.team.name}.", field="delivery")
    return found


def webhook(by: Actor, webhook_id: str) -> Webhook:
    try:
        found = webhooks(by).filter(pk=uuid.UUID(webhook_id)).first()
    except ValueError:
        found = None
    if found is None:
        raise NotFound(f"There is no webhook “{webhook_id[:40]}” in {by.team.name}.", field="webhook_id")
    return found
