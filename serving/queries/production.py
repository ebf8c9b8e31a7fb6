"""What was in production at a moment: endpoints with their variants, and aliases. From the histories, for doors.

Two queries, however long the histories are.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from mlregistry.accounts.models import Team
from mlregistry.errors import Invalid
from models_app.models import AliasMove
from serving.models import EndpointMove

MOST_ENDPOINTS, MOST_ALIASES = 500, 1_000
EARLIEST, LATEST = 1971, 9_998


@dataclass(frozen=True)
class Then:
    """An endpoint as it was; each variant with the `aliases` that its version held at that moment."""

    name: str
    variants: list[dict[str, Any]]
    since: datetime
    who: str
    via: str
    why: str


@dataclass(frozen=True)
class Production:
    at: datetime
    endpoints: list[Then]
    aliases: list[AliasMove]
    cut: list[str] = field(default_factory=list)


def moment(text: str, zone: str = "") -> datetime:
    """A moment out of a form or query: with its offset, or in the zone, or in UTC. Now for an empty one.

    Raises Invalid for what is no time, and for a zone that nobody knows.
    """
    if not text.strip():
        return timezone.now()
    place = zone_of(zone)
    try:
        found = parse_datetime(text.strip())
    except ValueError:
        found = None
    if found is None or not EARLIEST <= found.year <= LATEST:
        raise Invalid("Give a moment such as 2026-01-31T12:00 or 2026-01-31T12:00:00Z.", field="at")
    return found if timezone.is_aware(found) else found.replace(tzinfo=place)


def zone_of(name: str) -> ZoneInfo:
    """UTC for an empty name."""
    try:
        return ZoneInfo(name or "UTC")
    except (OSError, ValueError, KeyError) as error:  # a folder's name opens a folder
        raise Invalid(f"There is no time zone “{name[:60]}”.", field="zone") from error


def production(team: Team, at: datetime) -> Production:
    """Endpoints by name, aliases by model; the first 500 and 1,000."""
    moved = list(
        _newest(EndpointMove.objects.filter(team=team, at__lte=at), "endpoint_id_then")[: MOST_ENDPOINTS + 1]
    )
    pointed = _newest(AliasMove.objects.filter(team=team, at__lte=at), "model_id_then", "alias")
    aliases = list(pointed[: MOST_ALIASES + 1])
    held = _held(aliases)
    cut = [f"the first {MOST_ENDPOINTS} endpoints"] if len(moved) > MOST_ENDPOINTS else []
    cut += [f"the first {MOST_ALIASES:,} aliases"] if len(aliases) > MOST_ALIASES else []
    endpoints = [_then(move, held) for move in moved[:MOST_ENDPOINTS] if move.variants]
    standing = [move for move in aliases[:MOST_ALIASES] if move.number is not None]
    return Production(
        at, sorted(endpoints, key=lambda one: one.name),
        sorted(standing, key=lambda move: (move.model_name, move.alias)), cut,
    )  # fmt: skip


def moves_of(team: Team, name: str) -> QuerySet[EndpointMove]:
    """The history of an endpoint of this name, the newest first; deleted ones have theirs too."""
    if "\x00" in name:
        return EndpointMove.objects.none()
    return EndpointMove.objects.filter(team=team, endpoint_name=name).order_by("-at", "-pk")


def move_json(move: EndpointMove) -> dict[str, Any]:
    return {
        "at": move.at, "variants": move.variants, "who": move.who or None, "via": move.via, "why": move.why,
    }  # fmt: skip


def to_json(found: Production) -> dict[str, Any]:
    return {
        "at": found.at,
        "endpoints": [vars(one) for one in found.endpoints],
        "aliases": [
            {
                "model": move.model_name, "alias": move.alias, "version": move.number, "since": move.at,
                "who": move.who or None, "via": move.via, "why": move.why, "request": move.request_number,
            }
            for move in found.aliases
        ],
        "left_out_after": found.cut,
    }  # fmt: skip


def rows_of(found: Production) -> Iterable[list[Any]]:
    """For a CSV: a line for each variant."""
    yield ["at", "endpoint", "variant", "model", "version", "weight", "aliases", "since", "who", "via", "why"]
    for one in found.endpoints:
        for variant in one.variants:
            yield [
                found.at.isoformat(), one.name, variant["name"], variant["model"], variant["version"],
                variant["weight"], " ".join(variant["aliases"]), one.since.isoformat(), one.who, one.via, one.why,
            ]  # fmt: skip


def rows_of_moves(moves: Iterable[EndpointMove]) -> Iterable[list[Any]]:
    """For a CSV: a line for each variant of each change."""
    yield ["at", "endpoint", "variant", "model", "version", "weight", "who", "via", "why"]
    for move in moves:
        for variant in move.variants or [{}]:
            yield [
                move.at.isoformat(), move.endpoint_name, variant.get("name", ""), variant.get("model", ""),
                variant.get("version", ""), variant.get("weight", ""), move.who, move.via, move.why,
            ]  # fmt: skip


def _newest(rows: QuerySet[Any], *of: str) -> QuerySet[Any]:
    return rows.order_by(*of, "-at", "-pk").distinct(*of)


def _held(aliases: Iterable[AliasMove]) -> dict[tuple[Any, int], list[str]]:
    """By model and number; a model goes by its id, as it may have been renamed since."""
    found: dict[tuple[Any, int], list[str]] = {}
    for move in aliases:
        if move.number is not None:
            found.setdefault((move.model_id_then, move.number), []).append(move.alias)
    return found


def _then(move: EndpointMove, held: dict[tuple[Any, int], list[str]]) -> Then:
    variants = [
        {**one, "aliases": sorted(held.get((one.get("model_id"), one["version"]), []))}
        for one in move.variants
    ]
    return Then(move.endpoint_name, variants, move.at, move.who, move.via, move.why)
