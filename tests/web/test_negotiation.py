"""The form of an answer is the one that REST framework itself would choose."""

from typing import Any

import pytest
from django.http import Http404
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import JSONRenderer, StaticHTMLRenderer
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from mlregistry.rest import TeamView
from mlregistry.rest_negotiation import UsuallyTheOnlyForm

ACCEPTS = [
    None, "", "*/*", "application/json", "application/*", "application/json; indent=4", "text/html",
    "image/png, */*;q=0.1",
    "APPLICATION/JSON", "application/json;q=0", "*/*; indent=2", " */*", "x" * 9_000,
]  # fmt: skip
QUERIES = ["", "?format=json", "?format=xml", "?f%6Frmat=xml", "?a=1&format=xml", "?page_size=5", "?format="]


def chosen(negotiation: DefaultContentNegotiation, request: Request, renderers: list[Any]) -> Any:
    try:
        renderer, media_type = negotiation.select_renderer(request, renderers)
    except (NotAcceptable, Http404) as error:
        return type(error)
    return type(renderer), media_type


@pytest.mark.parametrize("forms", [[JSONRenderer], [StaticHTMLRenderer], [StaticHTMLRenderer, JSONRenderer]])
@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("accept", ACCEPTS)
def test_every_client_gets_what_it_got(accept: str | None, query: str, forms: list[type]) -> None:
    sent: dict[str, Any] = {} if accept is None else {"HTTP_ACCEPT": accept}
    renderers = [form() for form in forms]
    expected, found = (
        chosen(one, Request(APIRequestFactory().get(f"/{query}", **sent)), renderers)
        for one in (DefaultContentNegotiation(), UsuallyTheOnlyForm())
    )
    assert found == expected


def test_the_api_negotiates_by_it() -> None:
    assert TeamView.content_negotiation_class is UsuallyTheOnlyForm
