"""Addresses grouped by their first word, and remembered, lead where they led before."""

from collections.abc import Sequence

import pytest
from django.http import HttpResponse
from django.urls import Resolver404, URLResolver, include, path, re_path, resolve, reverse
from django.urls.resolvers import RegexPattern

from mlregistry.routes import LONGEST_REMEMBERED, N_REMEMBERED, Remembered, Route, by_first_word


def view(name: str) -> Route:
    def answer(request: object, **kwargs: object) -> HttpResponse:
        return HttpResponse(name)

    answer.__name__ = name
    return path(name, answer, {"extra": name}, name=name)


def named(routes: list[Route], asked: str) -> str:
    found = URLResolver(RegexPattern(r"^/"), routes).resolve(asked)
    return str(found.url_name)


ROUTES = [
    view("a/"),
    view("b/<int:id>"),
    view("a/<str:name>"),
    view("<str:team>/x"),
    view("a/x"),
    view("alone"),
    view("b/<int:id>/more"),
]


@pytest.mark.parametrize("asked", ["/a/", "/b/3", "/a/n", "/t/x", "/a/x", "/alone", "/b/3/more"])
def test_a_grouped_table_finds_what_the_flat_one_finds(asked: str) -> None:
    assert named(by_first_word(ROUTES), asked) == named(ROUTES, asked)


def test_what_no_pattern_takes_is_found_by_neither() -> None:
    for routes in (ROUTES, by_first_word(ROUTES)):
        with pytest.raises(Resolver404):
            URLResolver(RegexPattern(r"^/"), routes).resolve("/b/x/y")


def test_patterns_of_one_word_are_one_group_and_others_keep_their_place() -> None:
    plain = [view("b/1"), view("b/2"), re_path("^c/", include([])), view("b/3")]
    assert [str(one.pattern) for one in by_first_word(plain)] == ["b/", "^c/", "b/"]


def root(routes: Sequence[Route]) -> URLResolver:
    return URLResolver(RegexPattern(r"^/"), routes)


@pytest.mark.parametrize("asked", ["/a/", "/b/3", "/a/n", "/t/x", "/a/x", "/alone", "/b/3/more"])
def test_a_remembered_address_leads_to_the_same_view_with_the_same_values(asked: str) -> None:
    plain, remembered = root(ROUTES).resolve(asked), root([Remembered(ROUTES)])
    for _ in range(3):
        found = remembered.resolve(asked)
        assert (found.func, found.args, found.kwargs) == (plain.func, plain.args, plain.kwargs)
        assert (found.url_name, found.route) == (plain.url_name, plain.route)


def test_what_one_request_does_with_its_values_no_other_sees() -> None:
    remembered = Remembered(ROUTES)
    table = root([remembered])
    table.resolve("/b/3").kwargs["id"] = 4
    remembered.match_of_its_own("b/3").kwargs["id"] = 5
    assert table.resolve("/b/3").kwargs["id"] == 3
    assert remembered.match_of_its_own("b/3").kwargs["id"] == 3


def test_an_address_that_leads_nowhere_is_not_remembered() -> None:
    table = Remembered(ROUTES)
    for _ in range(2):
        with pytest.raises(Resolver404):
            root([table]).resolve("/b/x/y")
    assert table._found.cache_info().currsize == 0


def test_no_more_is_remembered_than_has_room() -> None:
    table = Remembered(ROUTES)
    for n in range(N_REMEMBERED + 10):
        assert root([table]).resolve(f"/b/{n}").kwargs["id"] == n
    assert root([table]).resolve(f"/a/{'x' * LONGEST_REMEMBERED}").url_name == "a/<str:name>"
    assert table._found.cache_info().currsize == N_REMEMBERED


def test_names_lead_back_to_addresses_through_the_table() -> None:
    assert reverse("accounts:login") == "/login/"
    assert reverse("api-me") == "/api/v1/me"
    assert resolve("/api/v1/me").view_name == "api-me"
    assert resolve("/login/").namespaces == ["accounts"]
