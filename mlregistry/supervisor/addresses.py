"""Where the server listens and how it is asked whether it serves; `make up` checks both."""

import errno
import http.client
import socket
import time

ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  # compared with, never bound


class CannotListen(RuntimeError):
    """HOST and PORT cannot be used; the message is one line that says what to do."""


def url(host: str, port: int) -> str:
    name = ANY_ADDRESS.get(host, host)
    return f"http://{f'[{name}]' if ':' in name else name}:{port}"


def check_free(host: str, port: int, *, patience_seconds: float = 0.0) -> None:
    """Bind and let go; `patience_seconds` is for a server before us that is still closing."""
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            _bind(host, port)
            return
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                raise CannotListen(_reason(error, host, port)) from error
        time.sleep(0.2)


def healthy(host: str, port: int, *, timeout_seconds: float = 2.0) -> bool:
    """Whether GET /health answers 200."""
    connection = http.client.HTTPConnection(ANY_ADDRESS.get(host, host), port, timeout=timeout_seconds)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _bind(host: str, port: int) -> None:
    for family, kind, protocol, _, address in socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM):
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)


def _reason(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use by another program; choose another: make up PORT={port + 1}"
    if error.errno == errno.EACCES:
        return f"Port {port} may not be used by this account; choose one above 1023: make up PORT=8000"
    return f"HOST={host} PORT={port} cannot be listened on: {error.strerror or error}"
