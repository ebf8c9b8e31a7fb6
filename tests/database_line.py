"""A line on the loopback to the session's PostgreSQL, that can be held up or cut in the middle of an answer."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection


@dataclass
class Line:
    """`cut_after` bytes of answers the line breaks; with `silent` nothing more comes, and it stays open."""

    port: int = 0
    cut_after: int | None = None
    silent: bool = False


@contextlib.contextmanager
def database_line() -> Iterator[Line]:
    line = Line()
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        line.port = listener.getsockname()[1]
        listener.settimeout(0.1)
        thread = threading.Thread(target=_serve, args=(listener, line, stop), daemon=True)
        thread.start()
        try:
            yield line
        finally:
            stop.set()
            thread.join(5)


def _serve(listener: socket.socket, line: Line, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            client, _ = listener.accept()
        except TimeoutError:
            continue
        server = _connected()
        for one, two, answers in ((client, server, False), (server, client, True)):
            threading.Thread(target=_pump, args=(one, two, line if answers else None), daemon=True).start()


def _connected() -> socket.socket:
    database = connection.settings_dict
    host, port = str(database["HOST"]), int(database["PORT"] or 5432)
    if host.startswith("/"):
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server
    return socket.create_connection((host, port))


def _pump(source: socket.socket, target: socket.socket, line: Line | None) -> None:
    n_bytes = 0
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            n_bytes += len(data)
            if line is not None and line.cut_after is not None and n_bytes > line.cut_after:
                if line.silent:
                    continue
                break
            target.sendall(data)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
