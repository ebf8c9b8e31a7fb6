"""The load and the verdicts of the benchmark of faults: it must see what fails."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from typing import Any, cast

import pytest

from benchmarks.serving_faults.lines import Line, table
from benchmarks.serving_faults.load import DROPPED, Load, told
from benchmarks.serving_faults.once import Kept, kept
from benchmarks.serving_faults.server import Server


class Faulty(BaseHTTPRequestHandler):
    """Of four requests it answers the third with 503 and drops the fourth."""

    protocol_version = "HTTP/1.1"
    numbers = count(1)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        number = next(self.numbers)
        if number % 4 == 0:
            self.close_connection = True
            return
        refused = number % 4 == 3
        body = b"too many" if refused else json.dumps({"prediction_ids": [f"id-{number}"]}).encode()
        self.send_response(503 if refused else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Model-Version", "7")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *given: Any) -> None:
        """Nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Faulty)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_a_refusal_and_a_dropped_connection_are_failures_and_sent_once(port: int) -> None:
    with Load(port, "/", b"{}", {}, connections=1) as load:
        load.await_answers(8)
    seen = load.seen()[:8]
    assert [one.status for one in seen] == [200, 200, 503, DROPPED] * 2
    assert {one.version for one in seen if one.status == 200} == {"7"}
    assert load.answered_ids()[:4] == ["id-1", "id-2", "id-5", "id-6"]
    failures = [one for one in seen if one.status != 200]
    assert load.failures()[:4] == failures
    assert told(failures).startswith(" (2 × 503 too many, 2 × dropped RemoteDisconnected")
    assert told([]) == ""


class Logged:
    """A log with these prediction ids."""

    def __init__(self, *ids: str) -> None:
        self.ids = list(ids)

    def logged_ids(self, name: str) -> list[str]:
        return self.ids


def test_what_is_missing_or_doubled_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.serving_faults.once.PATIENCE_SECONDS", -1.0)
    whole, faulty = cast(Server, Logged("a-0", "b-0", "c-0")), cast(Server, Logged("a-0", "a-0", "b-0"))
    assert kept(whole, "any", ["a-0", "b-0"]) == Kept(2, 0, 0)
    assert kept(whole, "any", ["a-0", "b-0"]).right
    assert kept(faulty, "any", ["a-0", "b-0", "c-0"]) == Kept(3, 1, 1)
    assert not kept(faulty, "any", ["a-0", "b-0", "c-0"]).right
    assert not Kept(0, 0, 0).right


def test_a_line_without_a_goal_has_no_verdict() -> None:
    text = table([Line("a", "1", "≤ 2", True), Line("b", "3", "≤ 2", False), Line("c", "4")])
    assert text.splitlines()[2:] == ["| a | 1 | ≤ 2 | met |", "| b | 3 | ≤ 2 | missed |", "| c | 4 | – | – |"]
