"""The benchmark's own HTTP client, against a real socket that answers byte for byte."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks.side_by_side.wire import Client, Refused, Target


@contextmanager
def _answering(*connections: list[bytes]) -> Iterator[tuple[Client, list[bytes]]]:
    """A server that gives each connection its answers in turn, one per request, and then closes it."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for answers in connections:
                connection, _ = server.accept()
                with connection:
                    for answer in answers:
                        asked.append(connection.recv(65536))
                        for byte in range(0, len(answer), 7):
                            connection.sendall(answer[byte : byte + 7])

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        client = Client(Target("server", server.getsockname()[1], token="secret"))
        yield client, asked
        client.close()
        thread.join(5)


def test_an_answer_of_known_length_is_read_and_the_connection_kept() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n" + b"hello, world"
    with _answering([answer, answer]) as (client, asked):
        assert client.ask("POST", "runs/search", b"{}") == b"hello, world"
        assert client.ask("GET", "/health") == b"hello, world"
    assert asked[0].startswith(b"POST /api/2.0/mlflow/runs/search HTTP/1.1\r\n")
    assert b"Authorization: Bearer secret\r\n" in asked[0]
    assert asked[1].startswith(b"GET /health HTTP/1.1\r\n")


def test_an_answer_in_chunks_is_put_together() -> None:
    chunks = b"5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\n\r\n"
    with _answering([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks]) as (client, _):
        assert client.ask("GET", "/") == b"hello, world"


def test_a_connection_that_the_server_has_closed_is_made_again() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    with _answering([answer], [answer]) as (client, asked):
        assert client.ask("GET", "/one") == b"{}"
        assert client.ask_json("GET", "/two") == {}
    assert len(asked) == 2


def test_an_answer_other_than_200_is_refused_with_its_text() -> None:
    with (
        _answering([b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope"]) as (client, _),
        pytest.raises(Refused, match="answered 404: nope"),
    ):
        client.ask("GET", "runs/get?run_id=1")
