"""Reads the query language of GraphQL: an operation as a tree of wanted fields. Called by the MLflow door.

A query is limited in length, depth, fields and aliases before anything is looked up for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlregistry.errors import Invalid

from .graphql_text import Operation, Parser, Variable, Wanted

__all__ = ["Document", "Wanted", "parse"]

MOST_CHARACTERS = 100_000
MOST_DEPTH, MOST_SELECTIONS, MOST_ROOTS, MOST_ALIASES = 10, 1000, 10, 10


@dataclass(slots=True)
class Document:
    """What a query text holds: operations by name, with their variables' defaults, and fragments."""

    operations: dict[str, Operation]
    fragments: dict[str, list[Wanted]]

    def chosen(self, name: str, given: Mapping[str, Any]) -> list[Wanted]:
        """The fields of the operation with this name (or the only one), with values for variables."""
        if not name and len(self.operations) == 1:
            name = next(iter(self.operations))
        if name not in self.operations:
            raise Invalid(f"Unknown operation named '{name[:100]}'.", field="operationName")
        fields, defaults = self.operations[name]
        return list(self._filled(fields, {**defaults, **given}, set()))

    def check(self) -> None:
        """Invalid for a query that asks for too much at once."""
        for fields, _ in self.operations.values():
            self._scan(fields)

    def _scan(self, fields: list[Wanted]) -> None:
        levels, seen, aliases, roots = [(fields, 1)], 0, 0, 0
        while levels:
            wanted, depth = levels.pop()
            if depth > MOST_DEPTH:
                raise Invalid(f"Query exceeds maximum depth of {MOST_DEPTH}")
            flat = list(self._flat(wanted, set()))
            seen += len(flat)
            if seen > MOST_SELECTIONS:
                raise Invalid(f"Query exceeds maximum total selections of {MOST_SELECTIONS}")
            aliases = max(aliases, sum(1 for each in flat if each.alias))
            roots += len(flat) if depth == 1 else 0
            levels += [(each.fields, depth + 1) for each in flat if each.fields]
        for most, found, noun in ((MOST_ROOTS, roots, "root fields"), (MOST_ALIASES, aliases, "aliases")):
            if found > most:
                raise Invalid(f"GraphQL queries should have at most {most} {noun}, got {found} {noun}.")

    def _flat(self, fields: list[Wanted], done: set[str]) -> Iterator[Wanted]:
        """The fields with those of fragments in their place, each fragment once."""
        for each in fields:
            if each.name:
                yield each
            elif not each.spread:
                yield from self._flat(each.fields or [], done)
            elif each.spread not in done:
                done.add(each.spread)
                yield from self._flat(self._fragment(each.spread), done)

    def _filled(self, fields: list[Wanted], values: Mapping[str, Any], done: set[str]) -> Iterator[Wanted]:
        for each in fields:
            if not _included(each, values) or each.spread in done:
                continue
            if each.name:
                inner = each.fields and list(self._filled(each.fields, values, set()))
                yield Wanted(each.name, each.alias, _valued(each.arguments, values), fields=inner)
            elif not each.spread:
                yield from self._filled(each.fields or [], values, done)
            else:
                done.add(each.spread)
                yield from self._filled(self._fragment(each.spread), values, done)

    def _fragment(self, name: str) -> list[Wanted]:
        if name not in self.fragments:
            raise Invalid(f"Unknown fragment '{name}'.")
        return self.fragments[name]


def parse(text: str) -> Document:
    """The document that a query text stands for; Invalid says where it cannot be read."""
    if len(text) > MOST_CHARACTERS:
        raise Invalid(f"The query is longer than {MOST_CHARACTERS:,} characters.", field="query")
    return Document(*Parser(text).document())


def _valued(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, Variable):
        return values.get(value.name)
    if isinstance(value, dict):
        return {name: _valued(inner, values) for name, inner in value.items()}
    return [_valued(inner, values) for inner in value] if isinstance(value, list) else value


def _included(wanted: Wanted, values: Mapping[str, Any]) -> bool:
    tests = {name: _valued(given.get("if"), values) for name, given in wanted.directives.items()}
    return tests.get("include", True) is not False and tests.get("skip") is not True
