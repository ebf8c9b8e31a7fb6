"""Things that the pages of lineage and of visibility speak of: how each is found and drawn. Called by doors."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from experiments import access as experiments_access
from mlregistry.accounts.actor import Actor
from mlregistry.errors import NotFound
from models_app import access as models_access
from serving import access
from serving.queries import lineage_graph
from serving.queries.lineage_graph import Graph

LONGEST_KEY = 18


@dataclass(frozen=True)
class Thing:
    """`row` is of whichever model the noun has; `graph` is None where it has no lineage of its own."""

    noun: str
    key: str
    title: str
    link: str
    row: Any
    graph: Graph | None = None


def thing(by: Actor, noun: str, key: str, *, drawn: bool = False) -> Thing:
    """NotFound for a noun that there is none of, and for what the actor may not see."""
    finder = FINDERS.get(noun)
    if finder is None or "\x00" in key:
        raise NotFound(f"There is no page of this kind for “{noun[:40]}”; there is for {', '.join(FINDERS)}.")
    title, link, row = finder(by, key)
    draws = GRAPHS.get(noun)
    return Thing(noun, key, title, link, row, draws(row) if drawn and draws else None)


def _problem(by: Actor, key: str) -> tuple[str, str, Any]:
    row = experiments_access.problem(by, _number(key))
    return row.name, f"/problems/{row.pk}/", row


def _dataset(by: Actor, key: str) -> tuple[str, str, Any]:
    row = experiments_access.dataset(by, _number(key))
    return row.name, f"/datasets/{row.pk}/", row


def _run(by: Actor, key: str) -> tuple[str, str, Any]:
    row = experiments_access.run(by, key)
    return row.name, f"/runs/{row.pk}/", row


def _model(by: Actor, key: str) -> tuple[str, str, Any]:
    row = models_access.model(by, key)
    return row.name, f"/models/{quote(row.name, safe='')}/", row


def _version(by: Actor, key: str) -> tuple[str, str, Any]:
    """Its key is the model's name and the number with a colon between them, which no name holds."""
    name, _, number = key.rpartition(":")
    row = models_access.version(by, name, _number(number))
    return str(row), f"/models/{quote(name, safe='')}/versions/{row.number}/", row


def _endpoint(by: Actor, key: str) -> tuple[str, str, Any]:
    row = access.endpoint(by, key)
    return row.name, f"/endpoints/{quote(row.name, safe='')}/", row


def _number(key: str) -> int:
    if not (key.isascii() and key.isdigit() and len(key) <= LONGEST_KEY):
        raise NotFound(f"There is nothing with the number “{key[:40]}”.")
    return int(key)


FINDERS: dict[str, Callable[[Actor, str], tuple[str, str, Any]]] = {
    "problem": _problem, "dataset": _dataset, "run": _run, "model": _model, "version": _version,
    "endpoint": _endpoint,
}  # fmt: skip
GRAPHS: dict[str, Callable[[Any], Graph]] = {
    "problem": lineage_graph.of_problem, "dataset": lineage_graph.of_dataset, "run": lineage_graph.of_run,
    "version": lineage_graph.of_version, "endpoint": lineage_graph.of_endpoint,
}  # fmt: skip
