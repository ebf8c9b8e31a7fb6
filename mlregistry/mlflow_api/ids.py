"""Ids, times and tags between MLflow's wire and our rows. Called by the files of the nouns."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from experiments import access
from experiments.actions.experiments import default_experiment
from experiments.models import Experiment
from experiments.queries import locations
from mlregistry.accounts.actor import Actor
from mlregistry.errors import Invalid, NotFound

from .fields import needed, wrong

DEFAULT = locations.DEFAULT_ID
LARGEST = 2**63 - 1
VIEWS = {1: "ACTIVE_ONLY", 2: "DELETED_ONLY", 3: "ALL"}


def experiment(by: Actor, text: str) -> Experiment:
    """The team's experiment with this id; "0" is its default one, made when first asked for."""
    found = access.experiment_in_a_hurry(by, experiment_key(text))
    if found is not None:
        return found
    if text == DEFAULT:
        return default_experiment(by=by)
    raise _no_experiment(text)


def experiment_key(text: str) -> int | None:
    """The id as a number, None for the team's default experiment; NotFound when no experiment can have it."""
    if text == DEFAULT:
        return None
    number = experiment_number(text)
    if number is None:
        raise _no_experiment(text)
    return number


def experiment_number(text: str) -> int | None:
    """The id as a number, None when no experiment can have it; Invalid when it is no number."""
    if not text.isascii() or not text.lstrip("-").isdigit() or len(text) > 40:
        raise Invalid(
            f"Invalid experiment ID '{text[:100]}'. Experiment ID must be a valid integer.",
            field="experiment_id",
        )
    return int(text) if 0 <= int(text) <= LARGEST else None


def run_uuid(text: str) -> uuid.UUID:
    """The key of a run by its 32 hex digits; NotFound for anything else."""
    try:
        if len(text) == 32:
            return uuid.UUID(text)
    except ValueError:
        pass
    raise NotFound(f"Run with id={text[:100]} not found", field="run_id")


def view(value: Any) -> str:
    """A view type by its word or number."""
    if value is None or value == 0:
        return "ACTIVE_ONLY"
    name = VIEWS.get(value) if type(value) is int else value
    if name not in VIEWS.values():
        raise wrong(value, "view_type")
    return str(name)


def pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags or params as the wire has them."""
    return [{"key": key, "value": value} for key, value in tags.items()]


def unpaired(given: Iterable[Mapping[str, Any]] | None, field: str) -> dict[str, str]:
    """A list of key and value as a dict; the last of equal keys counts."""
    found: dict[str, str] = {}
    for place, pair in enumerate(given or ()):
        key = needed(pair.get("key"), f"{field}[{place}].key")
        value = pair.get("value", "")
        if not isinstance(key, str) or not isinstance(value, str):
            raise wrong(pair, f"{field}[{place}]")
        found[key] = value
    return found


def present(**values: Any) -> dict[str, Any]:
    """The fields that are set: MLflow leaves out what is empty."""
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}


def _no_experiment(text: str) -> NotFound:
    return NotFound(f"No Experiment with id={text} exists.", field="experiment_id")
