"""A light HTTP/1.1 client on one kept-alive socket; the load clients and the set-up of every server use it."""

import json
import re
import socket
from dataclasses import dataclass
from typing import Any

LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:\s*chunked", re.IGNORECASE)
CLOSING = re.compile(rb"\r\nconnection:\s*close", re.IGNORECASE)
TIMEOUT_SECONDS = 120.0


class Refused(RuntimeError):
    """An answer that is not 200; the message holds method, path, status and the start of the body."""


@dataclass(frozen=True)
class Target:
    """Where a server listens on loopback, and the token it wants."""

    name: str
    port: int
    token: str = ""


class Client:
    """One connection; made again when the server has closed it."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._socket: socket.socket | None = None
        token = f"Authorization: Bearer {target.token}\r\n" if target.token else ""
        self._head = f"Host: 127.0.0.1:{target.port}\r\nContent-Type: application/json\r\n{token}".encode()

    def ask(self, method: str, path: str, body: bytes = b"") -> bytes:
        """The body of a 200; a path without a leading slash lies under MLflow's."""
        full = path if path.startswith("/") else f"/api/2.0/mlflow/{path}"
        request = f"{method} {full} HTTP/1.1\r\n".encode() + self._head
        request += f"Content-Length: {len(body)}\r\n\r\n".encode() + body if body else b"\r\n"
        status, answer = self._exchange(request)
        if status != 200:
            text = answer[:300].decode(errors="replace")
            raise Refused(f"{self._target.name}: {method} {full.split('?')[0]} answered {status}: {text}")
        return answer

    def ask_json(self, method: str, path: str, **fields: Any) -> Any:
        return json.loads(self.ask(method, path, json.dumps(fields).encode() if fields else b""))

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _exchange(self, request: bytes) -> tuple[int, bytes]:
        """Sent once more when a kept connection turns out to be closed before a byte has come back."""
        fresh = self._socket is None
        try:
            self._connected().sendall(request)
            return self._read()
        except (BrokenPipeError, ConnectionResetError):
            self.close()
            if fresh:
                raise
        self._connected().sendall(request)
        return self._read()

    def _connected(self) -> socket.socket:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._target.port), TIMEOUT_SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket

    def _read(self) -> tuple[int, bytes]:
        buffer = bytearray()
        while (end := buffer.find(b"\r\n\r\n")) < 0:
            buffer += self._receive()
        head, rest = bytes(buffer[:end]), buffer[end + 4 :]
        if CHUNKED.search(head):
            body = self._read_chunks(rest)
        else:
            found = LENGTH.search(head)
            size = int(found[1]) if found else 0
            while len(rest) < size:
                rest += self._receive()
            body = bytes(rest)
        if CLOSING.search(head):
            self.close()
        return int(head[9:12]), body

    def _read_chunks(self, rest: bytearray) -> bytes:
        body, start = bytearray(), 0
        while True:
            while (end := rest.find(b"\r\n", start)) < 0:
                rest += self._receive()
            size = int(rest[start:end].split(b";")[0], 16)
            while len(rest) < end + 4 + size:
                rest += self._receive()
            if size == 0:
                return bytes(body)
            body += rest[end + 2 : end + 2 + size]
            start = end + 4 + size

    def _receive(self) -> bytes:
        assert self._socket is not None
        data = self._socket.recv(1 << 20)
        if not data:
            raise ConnectionResetError("the server closed the connection")
        return data
