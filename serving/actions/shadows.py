"""Shadows of an endpoint: add, remove, and what they would have answered. Doors call the first two, a job the rest."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from mlregistry.accounts.actions import deletions
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import KeptDeletion, Role
from mlregistry.errors import Conflict, Invalid
from mlregistry.jobs.models import LIVE as LIVE_JOB
from mlregistry.jobs.models import Job
from mlregistry.jobs.queue import enqueue
from models_app.models import ModelVersion
from serving.actions.endpoints import VARIANT_NAME, check_versions
from serving.models import Endpoint, Shadow
from serving.queries import shadows as queries

KIND = "serving.score_shadow"
MOST_SHADOWS = 5
WRITE = """
    INSERT INTO serving_shadowanswer (shadow_id, request_id, "row", output)
    SELECT %s, request_id, "row", output::jsonb
    FROM unnest(%s::uuid[], %s::int[], %s::text[]) AS given (request_id, "row", output)
    WHERE EXISTS (SELECT FROM serving_shadow WHERE id = %s)
    ON CONFLICT (shadow_id, request_id, "row") DO NOTHING
"""


def add_shadow(
    endpoint: Endpoint, name: str, version: ModelVersion, *, now: datetime | None = None, by: Actor
) -> Shadow:
    """From now on the version is asked what the endpoint is asked, out of its log; it answers nobody."""
    by.require(Role.EDITOR)
    if not VARIANT_NAME.fullmatch(name):
        raise Invalid(f"“{name[:60]}” cannot be the name of a shadow.", field="name")
    if endpoint.log_mode == "off":
        raise Invalid("Switch the endpoint's prediction log on: a shadow reads it.", field="log_mode")
    check_versions([*(variant.version for variant in endpoint.variants.all()), version], by)
    if Shadow.objects.filter(endpoint=endpoint).count() >= MOST_SHADOWS:
        raise Invalid(f"An endpoint has at most {MOST_SHADOWS} shadows.", field="name")
    now = now or timezone.now()
    try:
        with transaction.atomic():
            shadow = Shadow.objects.create(
                endpoint=endpoint, name=name, version=version, since=now, scored_until=now, created_by=by.user
            )
            record(by, "shadow.add", endpoint, name=name, version=str(version))
    except IntegrityError as error:
        raise Conflict(f"“{endpoint.name}” has a shadow “{name}” already.", field="name") from error
    return shadow


def remove_shadow(shadow: Shadow, *, by: Actor) -> KeptDeletion | None:
    """With what it would have answered."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        record(by, "shadow.remove", shadow.endpoint, name=shadow.name)
        return deletions.delete(shadow, "shadow", by=by)


def tend() -> int:
    """A chore: a job for each shadow that has rows waiting and no job; returns how many."""
    started = 0
    for shadow in Shadow.objects.select_related("endpoint__team"):
        busy = Job.objects.filter(kind=KIND, args__shadow_id=shadow.pk, state__in=LIVE_JOB).exists()
        if busy or not queries.pending(shadow, limit=1):
            continue
        team, title = shadow.endpoint.team, f"Ask the shadow {shadow}"
        enqueue(KIND, args={"shadow_id": shadow.pk}, team=team, title=title, by=None)
        started += 1
    return started


def keep_answers(
    shadow: Shadow, answers: Sequence[tuple[str, int, dict[str, Any]]], *, until: datetime, error: str
) -> None:
    """Writes what it would have answered, once per row, and how far the log has been gone through."""
    requests, rows, outputs = zip(*answers, strict=True)
    texts = [msgspec.json.encode(output).decode() for output in outputs]  # NaN becomes null
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(WRITE, [shadow.pk, list(requests), list(rows), texts, shadow.pk])
        Shadow.objects.filter(pk=shadow.pk).update(scored_until=until, error=error)
