"""The one way out: every HTTP request that the server sends goes through `request`.

It resolves the name itself, refuses addresses that are not public, connects to the very address
it has checked, and does all of that again for each redirect. Called by webhooks and data sources.
"""

import contextlib
import http.client
import queue
import re
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import urljoin

from django.conf import settings

from mlregistry.errors import Invalid, Unavailable
from mlregistry.lib.http_urls import Target, parse
from mlregistry.lib.timed_socket import Deadline, TimedSocket
from mlregistry.public_addresses import may_connect

Resolver = Callable[[str, int], list[str]]

REDIRECTS = frozenset({301, 302, 303, 307, 308})
KEEP_METHOD = frozenset({307, 308})
SAFE_METHODS = frozenset({"GET", "HEAD"})
MOST_REDIRECTS = 3
KEPT_ELSEWHERE = frozenset({"accept", "accept-language", "range", "user-agent"})
CONNECT_SECONDS = 5.0
CHUNK = 65_536
METHOD = re.compile(r"[A-Z]{1,20}")


class Sink(Protocol):
    """What a long body is written to."""

    def write(self, data: bytes, /) -> object: ...


@dataclass(frozen=True)
class Answer:
    """Names of headers are in lower case; of repeated ones the last counts."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class _Step:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    allow_http: bool


@dataclass(frozen=True)
class _Limits:
    clock: Deadline
    max_bytes: int
    cut: bool
    into: Sink | None = None
    networks: Sequence[str] = ()


def resolve_name(host: str, port: int) -> list[str]:
    """The addresses of a name, in the order in which to try them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout_seconds: float = 15.0,
    max_bytes: int = 1_000_000,
    cut: bool = False,
    allow_http: bool = False,
    redirects: int | None = None,
    into: Sink | None = None,
    networks: Sequence[str] = (),
    resolve: Resolver = resolve_name,
) -> Answer:
    """Ask, and follow up to `redirects` redirects (3 for GET and HEAD, none for other methods).

    `timeout_seconds` is for all of it. A body over `max_bytes` is a failure, or is cut with `cut`; that of a
    success is written to `into` when given, and not kept. `networks` are allowed beside the operator's: for
    commands, in which the operator names the address, and never for what users of the server name.
    Raises Invalid for what may not be asked, Unavailable when no answer came.
    """
    if not METHOD.fullmatch(method):
        raise Invalid(f"{method!r} is no HTTP method.", field="method")
    limits = _Limits(Deadline(timeout_seconds), max_bytes, cut, into, networks)
    allowance = redirects if redirects is not None else MOST_REDIRECTS * (method in SAFE_METHODS)
    step = _Step(method, url, headers or {}, body, allow_http)
    for _ in range(allowance + 1):
        answer = _ask(step, limits, resolve)
        if not allowance or answer.status not in REDIRECTS or "location" not in answer.headers:
            return answer
        step = _redirected(step, answer)
    raise Unavailable(f"{parse(url, allow_http=allow_http).host} redirects more than {allowance} times.")


def check_url(url: str, *, allow_http: bool = False, resolve: Resolver = resolve_name) -> Target:
    """The parts of a URL that may be asked now. Raises as `request` does, which checks again."""
    target = parse(url, allow_http=allow_http)
    _addresses(target, Deadline(CONNECT_SECONDS), resolve)
    return target


def addresses_of(host: str, port: int, *, resolve: Resolver = resolve_name) -> list[str]:
    """Where a client of another protocol (a database's) may connect to: it must use one of these, not the name."""
    shown = f"[{host}]" if ":" in host else host
    try:
        target = parse(f"https://{shown}:{port}/")
        return _addresses(target, Deadline(CONNECT_SECONDS), resolve)
    except (Invalid, Unavailable) as error:
        error.field = "host"
        raise


def _ask(step: _Step, limits: _Limits, resolve: Resolver) -> Answer:
    target = parse(step.url, allow_http=step.allow_http)
    addresses = _addresses(target, limits.clock, resolve, limits.networks)
    try:
        with contextlib.closing(_connected(target, addresses, limits.clock)) as line:
            return _converse(step, target, line, limits)
    except TimeoutError as error:
        raise Unavailable(f"{target.host} did not answer within {limits.clock.seconds:g} seconds.") from error
    except ssl.SSLCertVerificationError as error:
        raise Unavailable(f"The certificate of {target.host} is not valid: {error.verify_message}") from error
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"The request to {target.host} failed ({type(error).__name__}).") from error
    except ValueError as error:
        raise Invalid("The request has a header or method that HTTP cannot carry.") from error


def _addresses(target: Target, clock: Deadline, resolve: Resolver, networks: Sequence[str] = ()) -> list[str]:
    """Where to connect; Invalid unless every address of the name may be connected to."""
    found = list(dict.fromkeys(_resolved(target, clock, resolve)))
    if not found:
        raise Unavailable(f"There is no host named {target.host}.", field="url")
    if not all(may_connect(address, allowed=[*settings.ALLOWED_NETWORKS, *networks]) for address in found):
        raise Invalid(
            f"{target.host} is not a public address. The operator of this server can allow its network "
            "with MLREGISTRY_ALLOWED_NETWORKS.",
            field="url",
        )
    return found


def _resolved(target: Target, clock: Deadline, resolve: Resolver) -> list[str]:
    """In a thread, because the system's resolver knows no time-out."""
    outcome: queue.SimpleQueue[list[str] | None] = queue.SimpleQueue()

    def look_up() -> None:
        found: list[str] | None = None
        with contextlib.suppress(OSError, UnicodeError):
            found = resolve(target.host, target.port)
        outcome.put(found)

    threading.Thread(target=look_up, daemon=True, name="outgoing-resolver").start()
    try:
        found = outcome.get(timeout=min(CONNECT_SECONDS, clock.left()))
    except (queue.Empty, TimeoutError) as error:
        raise Unavailable(f"The name {target.host} could not be looked up in time.", field="url") from error
    return found or []


def _connected(target: Target, addresses: list[str], clock: Deadline) -> socket.socket:
    """A connection to the first address that answers; TLS speaks to, and checks, the name."""
    failure: OSError = OSError("no address")
    for address in addresses:
        try:
            line = socket.create_connection((address, target.port), min(CONNECT_SECONDS, clock.left()))
        except OSError as error:
            failure = error
            continue
        return line if target.scheme == "http" else _secured(line, target, clock)
    raise failure


def _secured(line: socket.socket, target: Target, clock: Deadline) -> socket.socket:
    try:
        line.settimeout(clock.left())
        context = ssl.create_default_context()
        return context.wrap_socket(line, server_hostname=target.host.rstrip("."))
    except BaseException:
        line.close()
        raise


def _converse(step: _Step, target: Target, line: socket.socket, limits: _Limits) -> Answer:
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = TimedSocket(line, limits.clock)
    own = {"Host": target.authority, "Connection": "close", "Accept-Encoding": "identity"}
    theirs = {name: value for name, value in step.headers.items() if name.title() not in own}
    headers = {"User-Agent": "mlregistry", **theirs, **own}
    connection.request(step.method, target.path, body=step.body, headers=headers)
    with connection.getresponse() as response:
        body = _pour(response, limits, target) if response.status == 200 else _read(response, limits, target)
        fields = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, fields, body)


def _pour(response: http.client.HTTPResponse, limits: _Limits, target: Target) -> bytes:
    if limits.into is None:
        return _read(response, limits, target)
    n_bytes = 0
    while chunk := response.read(CHUNK):
        n_bytes += len(chunk)
        if n_bytes > limits.max_bytes:
            raise Unavailable(f"{target.host} answered with more than {limits.max_bytes:,} bytes.")
        limits.into.write(chunk)
    _check_end(response, target)
    return b""


def _read(response: http.client.HTTPResponse, limits: _Limits, target: Target) -> bytes:
    body = bytearray()
    while len(body) <= limits.max_bytes and (chunk := response.read(CHUNK)):
        body += chunk
    if len(body) > limits.max_bytes:
        if not limits.cut:
            raise Unavailable(f"{target.host} answered with more than {limits.max_bytes:,} bytes.")
        return bytes(body[: limits.max_bytes])
    _check_end(response, target)
    return bytes(body)


def _check_end(response: http.client.HTTPResponse, target: Target) -> None:
    if response.length:
        raise Unavailable(f"{target.host} broke off in the middle of its answer.")


def _redirected(step: _Step, answer: Answer) -> _Step:
    """The next request; another origin gets no header that could carry a credential."""
    url = urljoin(step.url, answer.headers["location"])
    before, after = (parse(each, allow_http=step.allow_http) for each in (step.url, url))
    headers = step.headers
    if (before.scheme, before.host, before.port) != (after.scheme, after.host, after.port):
        headers = {name: value for name, value in headers.items() if name.lower() in KEPT_ELSEWHERE}
    if answer.status in KEEP_METHOD or step.method in SAFE_METHODS:
        return replace(step, url=url, headers=headers)
    return replace(step, url=url, headers=headers, method="GET", body=None)
