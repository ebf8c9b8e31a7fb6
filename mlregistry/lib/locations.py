"""Places of artifacts as MLflow's clients write them. Called by the queries and by MLflow's door."""

from __future__ import annotations


def below(location: str, path: str) -> str:
    """The place of `path` in the location, whose query stays behind it."""
    place, mark, query = location.partition("?")
    return f"{place}/{path}{mark}{query}"
