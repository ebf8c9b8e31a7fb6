"""Puts addresses that begin with the same word together, so that a request is compared with its own group alone, and
remembers where the newest ones led.

Django tries patterns one by one; a table of several hundred costs each request of the API half a millisecond.
"""

from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any

from django.urls import ResolverMatch, URLPattern, URLResolver, include, path
from django.urls.resolvers import RoutePattern

Route = URLPattern | URLResolver
N_REMEMBERED = 2048  # addresses, in each process; one takes some 2 kB
LONGEST_REMEMBERED = 512


class Remembered(URLResolver):
    """All of these routes, with a memory: an address leads to the same view each time, so the table is asked once."""

    def __init__(self, routes: Sequence[Route]) -> None:
        super().__init__(RoutePattern(""), routes)
        self._found = lru_cache(N_REMEMBERED)(self._look_up)

    def resolve(self, path: Any) -> ResolverMatch:
        """Whoever asks gets a match of their own: Django's root makes one of it."""
        asked = str(path)
        return self._found(asked) if len(asked) <= LONGEST_REMEMBERED else super().resolve(asked)

    def match_of_its_own(self, path: str) -> ResolverMatch:
        """What Django's root makes of the match, for a handler that asks here first."""
        kept = self.resolve(path)
        found = ResolverMatch.__new__(ResolverMatch)
        vars(found).update(vars(kept), kwargs=dict(kept.kwargs))
        return found

    def _look_up(self, path: str) -> ResolverMatch:
        found = super().resolve(path)
        found.tried = None  # the list of all that did not match, for pages that show mistakes
        return found


def of_modules(*names: str) -> list[Route]:
    """The patterns of modules of addresses, grouped."""
    return by_first_word([route for name in names for route in import_module(name).urlpatterns])


def by_first_word(routes: Sequence[Route]) -> list[Route]:
    """The same addresses in groups. Only literal first words are taken together, so no address changes its view;
    what begins otherwise keeps its place, and no group reaches across it."""
    found: list[Route | tuple[str, list[Route]]] = []
    groups: dict[str, list[Route]] = {}
    for route in routes:
        if not isinstance(route, URLPattern) or (word := _first_word(route)) is None:
            found.append(route)
            groups = {}
            continue
        if word not in groups:
            groups[word] = []
            found.append((word, groups[word]))
        groups[word].append(_without(route, word))
    return [
        one if isinstance(one, URLPattern | URLResolver) else path(one[0], include(one[1])) for one in found
    ]


def _first_word(route: URLPattern) -> str | None:
    """With its slash; None where there is none."""
    if not isinstance(route.pattern, RoutePattern):
        return None
    word, slash, _ = str(route.pattern).partition("/")
    return word + slash if slash and "<" not in word else None


def _without(route: URLPattern, word: str) -> URLPattern:
    return path(str(route.pattern).removeprefix(word), route.callback, route.default_args, route.name)
