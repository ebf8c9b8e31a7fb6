"""Middleware that takes /t/<team> off a path, so that one URL table serves every team.

`request.team_slug` names the team (None without a prefix); reverse() carries the prefix during the request.
Whether the team exists, and whether the caller may see it, is decided by the door: both are a 404.
"""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix, set_script_prefix

PREFIX = re.compile(r"/t/([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(/.*)?", re.DOTALL)


class TeamPrefix:
    """Stands before every middleware that looks at the path."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        found = PREFIX.fullmatch(request.path_info)
        request.team_slug = found[1] if found else None  # type: ignore[attr-defined]  # an attribute of ours
        if found is None:
            return self.get_response(request)
        outside = get_script_prefix()
        request.path_info = found[2] or "/"
        set_script_prefix(f"{outside.rstrip('/')}/t/{found[1]}/")
        try:
            return self.get_response(request)
        finally:
            set_script_prefix(outside)
