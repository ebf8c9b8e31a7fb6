"""In which form the REST doors answer; settings name it."""

from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

ANYTHING = "*/*"


class UsuallyTheOnlyForm(DefaultContentNegotiation):
    """REST framework's answer, known at once where a view has one form and the client takes any, or names that one."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        sent: dict[str, Any] = request._request.META
        forms = list(renderers)
        if len(forms) == 1 and not format_suffix and not _may_name_a_format(sent.get("QUERY_STRING", "")):
            only = forms[0]
            if sent.get("HTTP_ACCEPT", ANYTHING) in (ANYTHING, only.media_type):
                return only, str(only.media_type)
        found: tuple[BaseRenderer, str] = super().select_renderer(request, forms, format_suffix)
        return found


def _may_name_a_format(query: str) -> bool:
    """By `format=…`, or by letters that are written as %…."""
    return "format" in query or "%" in query
