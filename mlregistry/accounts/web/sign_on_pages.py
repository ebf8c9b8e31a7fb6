"""The page of a sign-on that failed: what happened, and how to go on. The protocol and its views show it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def failed(request: HttpRequest, why: str, *, status: int = 403) -> HttpResponse:
    """Never cached: the next try may work."""
    response = render(request, "accounts/sign_on_failed.html", {"why": why[:500]}, status=status)
    response["Cache-Control"] = "no-store"
    return response
