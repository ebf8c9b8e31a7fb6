"""The one way out: what may be asked, pinned addresses, redirects, limits — against real servers."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from pytest_django import Settings

from mlregistry.errors import Invalid, Unavailable
from mlregistry.outgoing import Answer, check_url, request
from tests.receiver import Receiver, listening

PUBLIC = "93.184.215.14"


def resolver(*addresses: str) -> Callable[[str, int], list[str]]:
    return lambda host, port: list(addresses)


@pytest.fixture
def loopback(settings: Settings) -> None:
    settings.ALLOWED_NETWORKS = ["127.0.0.0/8"]


@pytest.fixture
def receiver(loopback: None) -> Iterator[Receiver]:
    with listening() as server:
        yield server


def get(url: str, **options: object) -> Answer:
    return request("GET", url, allow_http=True, **options)  # type: ignore[arg-type]  # words by name


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.255.254", "0.0.0.1", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "100.64.0.1", "169.254.169.254", "192.0.0.170", "192.0.2.1", "198.18.0.1", "198.51.100.7",
        "203.0.113.9", "192.88.99.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::10.0.0.1",
        "64:ff9b:1::1", "fe80::1", "fe80::1%1", "fec0::1", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1",
        "2002:7f00:1::", "2001::1", "100::1", "3fff::1", "5f00::1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(Invalid, match="not a public address") as caught:
        check_url("https://hooks.test/", resolve=resolver(address))
    assert caught.value.field == "url"
    assert address not in caught.value.message  # names of the inner network are not told


@pytest.mark.parametrize(
    "address", [PUBLIC, "8.8.8.8", "172.32.0.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]
)
def test_a_public_address_is_accepted(address: str) -> None:
    assert check_url("https://hooks.test/x", resolve=resolver(address)).host == "hooks.test"


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(Invalid, match="not a public address"):
        check_url("https://hooks.test/", resolve=resolver(PUBLIC, "10.0.0.1"))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "[::ffff:7f00:1]", "①②⑦.⓪.⓪.①"],
)
def test_every_spelling_of_the_loopback_is_refused(host: str) -> None:
    with pytest.raises((Invalid, Unavailable)) as caught:
        check_url(f"https://{host}/")
    assert "public address" in caught.value.message or "no host" in caught.value.message


def test_a_name_of_this_machine_is_refused() -> None:
    with pytest.raises(Invalid, match="not a public address"):
        check_url("https://localhost/")


def test_the_operator_may_allow_a_network_and_nothing_beside_it(settings: Settings) -> None:
    settings.ALLOWED_NETWORKS = ["10.1.0.0/16", "fd00::/8"]
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "fd12::1"):
        check_url("https://inner.test/", resolve=resolver(address))
    for address in ("10.2.0.1", "fe80::1", "127.0.0.1"):
        with pytest.raises(Invalid):
            check_url("https://inner.test/", resolve=resolver(address))


def test_a_resolver_that_answers_no_address_is_refused() -> None:
    with pytest.raises(Invalid, match="not a public address"):
        check_url("https://hooks.test/", resolve=resolver("nonsense"))


def test_a_name_that_nobody_knows_is_said_so() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(Unavailable, match=r"no host named hooks\.test"):
        check_url("https://hooks.test/", resolve=unknown)


def test_a_resolver_that_hangs_is_given_up() -> None:
    answered = threading.Event()

    def hang(host: str, port: int) -> list[str]:
        answered.wait(120)
        return [PUBLIC]

    start = time.monotonic()
    with pytest.raises(Unavailable, match="looked up in time"):
        request("GET", "https://hooks.test/", timeout_seconds=0.2, resolve=hang)
    assert time.monotonic() - start < 60
    answered.set()


# ---------------------------------------------------------------- rebinding and pinning


def test_a_name_that_turns_private_after_the_check_is_refused_when_it_is_asked() -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])

    def rebinding(host: str, port: int) -> list[str]:
        return next(answers)

    check_url("https://hooks.test/", resolve=rebinding)
    with pytest.raises(Invalid, match="not a public address"):
        request("POST", "https://hooks.test/", body=b"{}", resolve=rebinding)


def test_the_connection_goes_to_the_address_that_was_checked(receiver: Receiver) -> None:
    asked: list[str] = []

    def once(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    answer = get(receiver.url(host="hooks.test"), resolve=once)
    assert (answer.status, answer.body) == (200, b"thanks")
    assert asked == ["hooks.test"]
    assert receiver.received[0].headers["host"] == f"hooks.test:{receiver.port}"


def test_the_next_address_is_tried_when_the_first_does_not_answer(receiver: Receiver) -> None:
    answer = get(receiver.url(host="hooks.test"), resolve=resolver("127.0.0.99", "127.0.0.1"))
    assert answer.status == 200


# ---------------------------------------------------------------- the URL and the request


@pytest.mark.parametrize(
    "url",
    [
        "", "hooks.test", "//hooks.test/", "ftp://hooks.test/", "file:///etc/passwd", "gopher://hooks.test/",
        "https://", "https:///path", "https://user@hooks.test/", "https://user:word@hooks.test/",
        "https://@hooks.test/", "https://hooks.test:0/", "https://hooks.test:70000/", "https://hooks.test:x/",
        "https://hooks test/", "https://hooks.test/\r\nX: y", "https://hooks.test\\@inner/", "https://[::1",
        "https://ho$t/", "https://a%00b/", "https://[fe80::1%25eth0]/", "https://hooks.test/" + "x" * 8000,
        "https://" + "ü" * 70 + ".test/", "https://ℂ\u2100/",
    ],
)  # fmt: skip
def test_a_url_that_may_not_be_asked_is_refused_before_any_look_up(url: str) -> None:
    def never(host: str, port: int) -> list[str]:
        raise AssertionError("looked up")

    with pytest.raises(Invalid):
        check_url(url, allow_http=True, resolve=never)


def test_plain_http_needs_to_be_allowed() -> None:
    with pytest.raises(Invalid, match="must begin with https://"):
        check_url("http://hooks.test/", resolve=resolver(PUBLIC))
    assert check_url("http://hooks.test/", allow_http=True, resolve=resolver(PUBLIC)).port == 80


def test_names_and_paths_in_other_scripts_are_encoded() -> None:
    target = check_url("https://bücher.test/ä b?q=ö#part".replace(" ", "%20"), resolve=resolver(PUBLIC))
    assert (target.authority, target.path) == ("xn--bcher-kva.test", "/%C3%A4%20b?q=%C3%B6")


def test_a_body_and_headers_arrive_as_given(receiver: Receiver) -> None:
    request(
        "POST",
        receiver.url("/in?x=1"),
        headers={"Content-Type": "application/json", "Host": "elsewhere"},
        body=b'{"a": 1}',
        allow_http=True,
    )
    got = receiver.received[0]
    assert (got.method, got.path, got.body) == ("POST", "/in?x=1", b'{"a": 1}')
    assert got.headers["content-type"] == "application/json"
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize("headers", [{"X": "a\r\nY: b"}, {"X\r\nY": "a"}, {"X": "☃"}])
def test_a_header_cannot_carry_another(receiver: Receiver, headers: dict[str, str]) -> None:
    with pytest.raises(Invalid, match="header"):
        get(receiver.url(), headers=headers)
    assert receiver.received == []


def test_a_method_that_is_none_is_refused(receiver: Receiver) -> None:
    with pytest.raises(Invalid, match="no HTTP method"):
        request("GET / HTTP/1.1\r\n", receiver.url(), allow_http=True)


def test_proxies_of_the_environment_are_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert get(receiver.url()).status == 200


# ---------------------------------------------------------------- redirects


def test_a_redirect_is_followed_when_its_address_is_fine(receiver: Receiver) -> None:
    receiver.answers = [(302, {"Location": "/there"}, b""), (200, {}, b"here")]
    assert get(receiver.url()).body == b"here"
    assert [got.path for got in receiver.received] == ["/hook", "/there"]


def test_a_redirect_to_a_private_address_is_refused(receiver: Receiver) -> None:
    receiver.answer(302, Location="http://169.254.169.254/latest/meta-data/")
    with pytest.raises(Invalid, match="not a public address"):
        get(receiver.url())


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "http://user:word@127.0.0.1/", "ftp://127.0.0.1/"]
)
def test_a_redirect_to_something_else_than_the_web_is_refused(receiver: Receiver, location: str) -> None:
    receiver.answer(302, Location=location)
    with pytest.raises(Invalid):
        get(receiver.url())


def test_redirects_in_a_circle_come_to_an_end(receiver: Receiver) -> None:
    receiver.answer(302, Location="/hook")
    with pytest.raises(Unavailable, match="redirects more than 3 times"):
        get(receiver.url())
    assert len(receiver.received) == 4


def test_a_post_follows_no_redirect(receiver: Receiver) -> None:
    receiver.answer(307, Location="/there")
    assert request("POST", receiver.url(), body=b"{}", allow_http=True).status == 307
    assert len(receiver.received) == 1


@pytest.mark.parametrize(("status", "method"), [(302, "GET"), (307, "POST")])
def test_a_post_that_may_follow_changes_its_method_as_the_web_does(
    receiver: Receiver, status: int, method: str
) -> None:
    receiver.answers = [(status, {"Location": "/there"}, b""), (200, {}, b"")]
    request("POST", receiver.url(), body=b"{}", allow_http=True, redirects=1)
    assert (receiver.received[1].method, receiver.received[1].body) == (method, b"{}" * (method == "POST"))


def test_another_origin_gets_no_credentials(receiver: Receiver) -> None:
    with listening() as other:
        receiver.answer(302, Location=other.url("/there"))
        get(receiver.url(), headers={"Authorization": "Bearer x", "X-Key": "y", "Accept": "text/csv"})
        got = other.received[0].headers
        assert "authorization" not in got
        assert "x-key" not in got
        assert got["accept"] == "text/csv"


# ---------------------------------------------------------------- limits and failures


def test_an_answer_over_the_limit_is_refused_or_cut(receiver: Receiver) -> None:
    receiver.answer(200, b"x" * 200_000)
    with pytest.raises(Unavailable, match="more than 100,000 bytes"):
        get(receiver.url(), max_bytes=100_000)
    assert get(receiver.url(), max_bytes=100_000, cut=True).body == b"x" * 100_000
    assert len(get(receiver.url(), max_bytes=200_000).body) == 200_000


def test_an_answer_that_breaks_off_is_no_answer(receiver: Receiver) -> None:
    receiver.answers = [(200, {"Content-Length": "50"}, b"short")]
    with pytest.raises(Unavailable, match="broke off"):
        get(receiver.url())


@contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    def serve() -> None:
        line, _ = listener.accept()
        with line:
            try:
                line.recv(65536)
                talk(line)
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


def _drip(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\n")
    for _ in range(2400):
        line.sendall(b"X: y\r\n"[:1])
        time.sleep(0.05)


@pytest.mark.parametrize("talk", [_drip, lambda line: time.sleep(120)], ids=["drips", "is silent"])
def test_the_time_limit_is_for_the_whole_conversation(
    loopback: None, talk: Callable[[socket.socket], None]
) -> None:
    start = time.monotonic()
    with raw_server(talk) as url, pytest.raises(Unavailable, match=r"within 0\.4 seconds"):
        get(url, timeout_seconds=0.4)
    assert time.monotonic() - start < 60


def test_a_server_that_does_not_speak_http_is_unavailable(loopback: None) -> None:
    with (
        raw_server(lambda line: line.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")) as url,
        pytest.raises(Unavailable, match="failed"),
    ):
        get(url)


def test_a_port_where_nobody_listens_is_unavailable(loopback: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Unavailable, match="ConnectionRefusedError"):
        get(f"http://127.0.0.1:{port}/")
