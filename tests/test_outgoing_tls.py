"""The one way out over TLS: the pinned address, and the certificate of the name."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from mlregistry.errors import Invalid, Unavailable
from mlregistry.outgoing import request
from tests.certificates import certificate_for
from tests.receiver import Receiver, listening


def resolver(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


@pytest.fixture
def tls(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Receiver, list[str]]]:
    """A server with a certificate for hooks.test that this process trusts, and the names it was asked for."""
    settings.ALLOWED_NETWORKS = ["127.0.0.0/8"]
    certificate = certificate_for("hooks.test", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    names: list[str] = []
    context.sni_callback = lambda _line, name, _context: names.append(name)
    with listening(context) as server:
        yield server, names


def test_tls_speaks_to_the_name_though_the_address_is_pinned(tls: tuple[Receiver, list[str]]) -> None:
    server, names = tls
    url = server.url(host="hooks.test", scheme="https")
    answer = request("POST", url, body=b"x" * 300_000, resolve=resolver)
    assert (answer.status, answer.body, names) == (200, b"thanks", ["hooks.test"])
    assert len(server.received[0].body) == 300_000


def test_a_certificate_for_another_name_is_refused(tls: tuple[Receiver, list[str]]) -> None:
    server, _ = tls
    url = server.url(host="other.test", scheme="https")
    with pytest.raises(Unavailable, match=r"certificate of other\.test is not valid"):
        request("GET", url, resolve=resolver)
    assert server.received == []


def test_a_certificate_that_nobody_vouches_for_is_refused(
    tls: tuple[Receiver, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(Unavailable, match=r"certificate of hooks\.test is not valid"):
        request("GET", tls[0].url(host="hooks.test", scheme="https"), resolve=resolver)


def test_https_does_not_fall_back_to_http(tls: tuple[Receiver, list[str]]) -> None:
    server, _ = tls
    server.answer(302, Location=server.url(host="hooks.test", scheme="http"))
    with pytest.raises(Invalid, match="must begin with https://"):
        request("GET", server.url(host="hooks.test", scheme="https"), resolve=resolver)
