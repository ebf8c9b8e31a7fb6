"""The DRF view without the thin door in front, in a web process that is otherwise as `supervisor.web` makes them."""

from collections.abc import Callable, Iterable
from typing import Any

from mlregistry.supervisor import web
from mlregistry.wsgi import django_application
from serving import live_routing

web.tune(0)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    live_routing.here().start(wait=True)
    answer: Iterable[bytes] = django_application(environ, start_response)
    return answer
