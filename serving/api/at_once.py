"""Predictions by the routing in memory, before REST framework asks the database who is there."""

import io
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from mlregistry.rest import TeamView
from mlregistry.rest_authentication import TokenOrSession
from mlregistry.rest_permission import DeclaredRole
from serving import live_routing
from serving.environs import ASKED, read_headers
from serving.hotpath.protocols import SCORING, Wording
from serving.hotpath.snapshot import Address
from serving.hotpath.wire import MAX_BYTES


class AnsweredAtOnce(TeamView):
    """A view whose POST predicts. Who is unknown to the routing, or finds nothing there, is looked up as everywhere."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        found = self._found(request, **kwargs)
        return super().dispatch(request, *args, **kwargs) if found is None else found

    def _found(self, request: HttpRequest, *, name: str, **kwargs: Any) -> HttpResponse | None:
        """The answer of the routing in memory; None where it has none, or may not give it, and the body can be read
        again."""
        may_know = "HTTP_AUTHORIZATION" in request.META and ASKED not in request.META
        if request.method != "POST" or not may_know or not self._has_usual_policies():
            return None
        body = request.read(MAX_BYTES + 1)
        address = Address(getattr(request, "team_slug", None), name)
        headers, wording = read_headers(request.META), self.wording(**kwargs)
        answer = live_routing.here().answer_at_once(address, body, headers, wording)
        if answer is None:
            request._stream = io.BytesIO(body)
            return None
        return HttpResponse(answer[2], status=answer[0], headers=answer[1])

    def wording(self, **kwargs: Any) -> Wording:
        """How the protocol of this address words its answers."""
        return SCORING

    def _has_usual_policies(self) -> bool:
        """The routing knows tokens, scopes and teams; a throttle or another policy of a view's own it does not know."""
        return (
            not self.throttle_classes
            and self.permission_classes == [DeclaredRole]
            and self.authentication_classes == [TokenOrSession]
        )
