"""One keep-alive connection that sends ready-made HTTP/1.1 requests and hears the status of each. `load` holds them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

HEAD_END = b"\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
LARGEST_HEAD = 64 * 1024
BROKEN = 0  # the status of a request whose connection ended before its answer


class Connection(asyncio.Protocol):
    """`answered` is told of each request: the connection, the status, and the answer's body."""

    def __init__(self, answered: Callable[[Connection, int, bytes], None]) -> None:
        self._answered = answered
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._body_at = 0
        self._length: int | None = None  # of the body; None: chunked
        self._status = 0
        self._closes = False
        self.busy = False
        self.planned = 0.0
        self.sent_at = 0.0

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def send(self, request: bytes, *, planned: float, now: float) -> None:
        """`planned` is when it should have been sent, in the loop's seconds."""
        if self._transport is None:
            raise ConnectionError("The connection is closed.")
        self.busy, self.planned, self.sent_at = True, planned, now
        self._transport.write(request)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if self.busy:
            self._end(BROKEN, b"")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._body_at and not self._read_head():
            return
        body = self._whole_body()
        if body is None:
            return
        status, closes = self._status, self._closes
        self._buffer.clear()
        self._body_at = 0
        if closes:
            self.close()
        self._end(status, body)

    def _read_head(self) -> bool:
        end = self._buffer.find(HEAD_END)
        if end < 0:
            if len(self._buffer) > LARGEST_HEAD:
                self.close()
            return False
        head = bytes(self._buffer[:end]).lower()
        try:
            self._status = int(head[9:12])
            found = head.find(b"\r\ncontent-length:")
            text = head[found + 17 :].partition(b"\r\n")[0] if found >= 0 else b""
            self._length = int(text) if found >= 0 else None
        except ValueError:  # no HTTP: the connection's end counts it as broken
            self.close()
            return False
        self._closes = b"\r\nconnection: close" in head
        if self._length is None and b"\r\ntransfer-encoding:" not in head:
            self._length = 0
        self._body_at = end + len(HEAD_END)
        return True

    def _whole_body(self) -> bytes | None:
        if self._length is not None:
            end = self._body_at + self._length
            return bytes(self._buffer[self._body_at : end]) if len(self._buffer) >= end else None
        return bytes(self._buffer[self._body_at :]) if self._buffer.endswith(LAST_CHUNK) else None

    def _end(self, status: int, body: bytes) -> None:
        if self.busy:
            self.busy = False
            self._answered(self, status, body)
