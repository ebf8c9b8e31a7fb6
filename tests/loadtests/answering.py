"""An HTTP/1.1 server on loopback whose every answer a test decides; it runs in a thread of its own."""

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

Answering = Callable[[str, bytes, dict[str, str]], tuple[int, bytes]]


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that did not wait for its answer is what some tests are about."""


@contextmanager
def serving(answer: Answering) -> Iterator[int]:
    """The port; `answer` is given path, body and headers (in lower case)."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, text = answer(self.path, body, {k.lower(): v for k, v in self.headers.items()})
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:
            """The tests' output stays readable."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def saying(answers: Sequence[bytes]) -> Iterator[int]:
    """The port of a server that gives these bytes in turn, one connection at a time; then it hangs up on everybody."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        thread = Thread(target=_say, args=(listening, list(answers)), daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def _say(listening: socket.socket, answers: list[bytes]) -> None:
    while True:
        try:
            peer = listening.accept()[0]
        except OSError:
            return
        with peer:
            while peer.recv(10_000) and answers:
                text = answers.pop(0)
                peer.sendall(text)
                if b"close" in text:
                    break


def request(body: bytes = b"{}") -> bytes:
    return b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n" % len(body) + body


class Stalling:
    """Answers at once, but for one stretch of seconds in which nobody is answered."""

    def __init__(self, after: float, seconds: float) -> None:
        self._after, self._until = after, after + seconds
        self._began: float | None = None

    def __call__(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        now = time.monotonic()
        self._began = self._began or now
        if self._after <= now - self._began < self._until:
            time.sleep(self._began + self._until - now)
        return 200, b"ok"
