"""Few database connections for many web threads: lent for a request, given back whatever happens."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from mlregistry.lent_connections import with_lent_connections

pytestmark = pytest.mark.django_db(transaction=True)
N_CONNECTIONS, N_THREADS = 2, 8
Act = Callable[[], Iterable[bytes]]


def backend() -> bytes:
    """The number of the process of PostgreSQL behind this thread's connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return str(cursor.fetchone()[0]).encode()


class Server:
    """Threads that ask the door, as a web server's do; what a request does it is told in the environ."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(N_THREADS)
        self.door = with_lent_connections(lambda environ, start_response: environ["act"](), N_CONNECTIONS)

    def ask(self, act: Act) -> bytes:
        return self.pool.submit(self._answer, act).result(60)

    def ask_at_once(self, acts: list[Act]) -> list[bytes]:
        return [future.result(60) for future in [self.pool.submit(self._answer, act) for act in acts]]

    def _answer(self, act: Act) -> bytes:
        answer = self.door({"act": act}, lambda *given: None)
        try:
            return b"".join(answer)
        finally:
            getattr(answer, "close", lambda: None)()

    def close(self) -> None:
        together = threading.Barrier(N_CONNECTIONS)

        def shut() -> list[bytes]:
            together.wait(60)  # each has another connection
            connection.close()
            return []

        self.ask_at_once([shut] * N_CONNECTIONS)
        self.pool.shutdown()


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.close()


def test_many_threads_share_the_connections_and_no_two_have_one_at_once(server: Server) -> None:
    inside: list[bytes] = []
    doubled: list[bytes] = []
    seen: set[bytes] = set()
    lock = threading.Lock()

    def act() -> list[bytes]:
        own = backend()
        with lock:
            doubled.extend([own] if own in inside else [])
            inside.append(own)
        backend()
        with lock:
            inside.remove(own)
            seen.add(own)
        return [own]

    server.ask_at_once([act] * 50)
    assert not doubled
    assert 1 <= len(seen) <= N_CONNECTIONS


def test_a_failure_gives_the_connection_back(server: Server) -> None:
    def fail() -> list[bytes]:
        raise RuntimeError("no")

    for _ in range(N_CONNECTIONS + 1):
        with pytest.raises(RuntimeError):
            server.ask(fail)
    assert server.ask(lambda: [backend()])


def test_an_answer_that_is_sent_in_pieces_keeps_its_connection_until_it_is_closed(server: Server) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(3):
            yield backend() + b" "

    found = server.ask(pieces).split()
    assert len(found) == 3
    assert len(set(found)) == 1
    for _ in range(N_CONNECTIONS + 1):
        server.ask(pieces)


def test_an_answer_that_nobody_reads_or_closes_does_not_keep_it(server: Server) -> None:
    def forgotten() -> None:
        server.door({"act": lambda: iter([b"x"])}, lambda *given: None)

    for _ in range(N_CONNECTIONS + 1):
        server.pool.submit(forgotten).result(60)
    assert server.ask(lambda: [backend()])


def test_a_thread_with_a_connection_of_its_own_keeps_it(server: Server) -> None:
    own = backend()
    assert b"".join(server.door({"act": lambda: [backend()]}, lambda *given: None)) == own


def test_threads_without_a_request_hold_no_connection(server: Server) -> None:
    server.ask_at_once([lambda: [backend()]] * N_THREADS)

    def own() -> bool:
        return hasattr(connection, "connection") and connection.connection is not None

    together = threading.Barrier(N_THREADS)

    def look() -> bool:
        together.wait(60)
        return own()

    assert not any(future.result(60) for future in [server.pool.submit(look) for _ in range(N_THREADS)])
