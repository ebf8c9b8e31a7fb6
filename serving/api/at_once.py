"""Predictions by the routing in memory, before REST framework asks the database who is there."""

import io
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from mlregistry.rest import TeamView
from serving import live_routing
from serving.hotpath.protocols import SCORING, Wording
from serving.hotpath.snapshot import Address
from serving.hotpath.wire import MAX_BYTES
from serving.read_headers import read_headers


class AnsweredAtOnce(TeamView):
    """A view whose POST predicts. Who is unknown to the routing, or finds nothing there, is looked up as everywhere."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and "HTTP_AUTHORIZATION" in request.META:
            found = self._found(request, **kwargs)
            if found is not None:
                return found
        return super().dispatch(request, *args, **kwargs)

    def wording(self, **kwargs: Any) -> Wording:
        """How the protocol of this address words its answers."""
        return SCORING

    def _found(self, request: HttpRequest, *, name: str, **kwargs: Any) -> HttpResponse | None:
        body = request.read(MAX_BYTES + 1)
        request._stream = io.BytesIO(body)  # the view reads it again
        address = Address(getattr(request, "team_slug", None), name)
        answer = live_routing.answer_at_once(
            address, body, read_headers(request.META), wording=self.wording(**kwargs)
        )
        return None if answer is None else HttpResponse(answer[2], status=answer[0], headers=answer[1])
