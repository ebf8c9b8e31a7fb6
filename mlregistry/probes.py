"""What operators' tools ask: is it up, which version, how is it doing."""

from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from mlregistry import __version__


def health(request: HttpRequest) -> HttpResponse:
    """200 OK once requests can be served: the database answers; 503 while it does not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (OperationalError, InterfaceError):
        return HttpResponse("The database does not answer.", content_type="text/plain", status=503)
    return HttpResponse("OK", content_type="text/plain")


def version(request: HttpRequest) -> HttpResponse:
    return HttpResponse(__version__, content_type="text/plain")


def metrics(request: HttpRequest) -> HttpResponse:
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)
