"""The DRF view without the thin door in front, as a web process of its own would serve it."""

from collections.abc import Callable, Iterable
from typing import Any

from mlregistry.wsgi import django_application
from serving import live_routing


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    live_routing.here().start(wait=True)
    answer: Iterable[bytes] = django_application(environ, start_response)
    return answer
