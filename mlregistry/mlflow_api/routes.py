"""The route table of the MLflow door, gathered from one file per noun, and how a path finds its row."""

from __future__ import annotations

import re

from . import (
    artifact_parts,
    artifacts,
    experiments,
    graphql,
    logged_models,
    model_versions,
    prompt_lab,
    registered_models,
    roles,
    run_links,
    run_reads,
    runs,
    server_info,
    users,
    webhooks,
    workspaces,
)
from .route import Route

NOUNS = (
    artifact_parts,
    artifacts,
    experiments,
    graphql,
    logged_models,
    model_versions,
    prompt_lab,
    registered_models,
    roles,
    run_links,
    run_reads,
    runs,
    server_info,
    users,
    webhooks,
    workspaces,
)
ROUTES: tuple[Route, ...] = tuple(route for noun in NOUNS for route in noun.ROUTES)
PART = re.compile(r"\{(\w+)(:path)?\}")


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route of this method and path, with the named parts of the path."""
    exact = _EXACT.get((method, path))
    if exact is not None:
        return exact, {}
    for route, pattern in _PATTERNS:
        if route.method == method and (found := pattern.fullmatch(path)):
            return route, found.groupdict()
    return None


def methods(path: str) -> set[str]:
    """The methods that some route has for this path."""
    fitting = {route.method for route, pattern in _PATTERNS if pattern.fullmatch(path)}
    return fitting | {route.method for route in ROUTES if route.path == path}


def _pattern(path: str) -> re.Pattern[str]:
    pieces, end = [], 0
    for part in PART.finditer(path):
        pieces += [re.escape(path[end : part.start()]), f"(?P<{part[1]}>{'.+' if part[2] else '[^/]+'})"]
        end = part.end()
    return re.compile("".join(pieces) + re.escape(path[end:]), re.DOTALL)


_EXACT = {(route.method, route.path): route for route in ROUTES if "{" not in route.path}
_PATTERNS = [(route, _pattern(route.path)) for route in ROUTES if "{" in route.path]
