"""Addresses grouped by their first word lead where they led before."""

import pytest
from django.http import HttpResponse
from django.urls import Resolver404, URLResolver, include, path, re_path
from django.urls.resolvers import RegexPattern

from mlregistry.routes import Route, by_first_word


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
