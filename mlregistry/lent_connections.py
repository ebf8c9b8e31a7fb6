"""Few database connections for many web threads: a request borrows one while Django or the MLflow door answers it.

`wsgi` puts it behind the prediction door, which needs no database. So a process may have as many predictions under way
as their queue is long, and its pages and API still hold no more connections than `MLREGISTRY_WEB_THREADS`.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
Wrapper = Any  # Django's DatabaseWrapper


def with_lent_connections(application: Application, n_connections: int) -> Application:
    """The application, answering so many requests at once; others wait. Nothing is opened before it is needed.

    A thread that comes with a connection of its own keeps it.
    """
    free: queue.LifoQueue[Wrapper] = queue.LifoQueue()  # the last one used is the surest to be alive
    for _ in range(n_connections):
        free.put(_new_wrapper())

    def door(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if connections.all(initialized_only=True):
            return application(environ, start_response)
        lent = _Lent(free)
        try:
            answer = application(environ, start_response)
        except BaseException:
            lent.give_back()
            raise
        if isinstance(answer, list):
            lent.give_back()
            return answer
        return _Answer(answer, lent)

    return door


def _new_wrapper() -> Wrapper:
    wrapper = connections.create_connection(DEFAULT_DB_ALIAS)
    wrapper.inc_thread_sharing()
    return wrapper


class _Lent:
    """One connection while a thread has it."""

    def __init__(self, free: queue.LifoQueue[Wrapper]) -> None:
        self._free = free
        self._wrapper: Wrapper = free.get()
        self.use()

    def use(self) -> None:
        """In this thread from now on."""
        connections[DEFAULT_DB_ALIAS] = self._wrapper

    def give_back(self) -> None:
        """Once is enough, more does no harm."""
        wrapper, self._wrapper = self._wrapper, None
        if wrapper is not None:
            if connections.all(initialized_only=True) == [wrapper]:
                del connections[DEFAULT_DB_ALIAS]
            self._free.put(wrapper)


class _Answer:
    """A body that may still ask the database while it is sent; then the connection goes back.

    A server that forgets an answer without closing it does not keep the connection either.
    """

    def __init__(self, body: Iterable[bytes], lent: _Lent) -> None:
        self._body = body
        self._chunks: Iterator[bytes] | None = None
        self._lent = lent

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        self._lent.use()
        if self._chunks is None:
            self._chunks = iter(self._body)
        return next(self._chunks)

    def close(self) -> None:
        self._lent.use()
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._lent.give_back()

    def __del__(self) -> None:
        self._lent.give_back()
