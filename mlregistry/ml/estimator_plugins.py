"""Estimators that installed packages bring: entry points of the group `mlregistry.estimators`. Called by estimators.

Each names a function without arguments that returns kind → rows made by `estimator_entry.entry`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points

from mlregistry.ml.estimator_entry import Entry, check_params

logger = logging.getLogger(__name__)
GROUP = "mlregistry.estimators"


def add_to(catalogue: dict[str, dict[str, Entry]]) -> None:
    """Add the rows of every plugin; one that is wrong is left out as a whole, with a line in the log."""
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            rows = _rows(point, catalogue)
        except Exception as error:  # a plugin may raise anything; the server starts without it
            logger.error("The plugin %s (%s) adds no estimators: %s", point.name, point.value, error)
            continue
        for kind, entry in rows:
            catalogue[kind][entry.name] = entry


def _rows(point: EntryPoint, catalogue: dict[str, dict[str, Entry]]) -> list[tuple[str, Entry]]:
    brought: dict[str, Iterable[Entry]] = point.load()()
    rows = [(kind, entry) for kind, entries in brought.items() for entry in entries]
    names = [(kind, entry.name) for kind, entry in rows]
    for kind, entry in rows:
        if kind not in catalogue:
            raise ValueError(f"there is no kind of problem {kind!r}")
        if not isinstance(entry, Entry):
            raise ValueError(f"{entry!r} is not made by estimator_entry.entry")
        if entry.name in catalogue[kind] or names.count((kind, entry.name)) > 1:
            raise ValueError(f"{kind} has an estimator {entry.name!r} already")
        check_params(entry, entry.params)
    return rows
