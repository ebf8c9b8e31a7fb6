"""Stored bytes on their way out: in pieces, whole or in part, checked against what was stored.

Called by the doors that answer with files.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass

from mlregistry.errors import MlregistryError

from . import store
from .models import StoredFile

PIECE_BYTES = 256 * 1024


class Changed(MlregistryError):
    """The store no longer holds what was put there."""

    code = "changed"


@dataclass(frozen=True, slots=True)
class Span:
    """`length` bytes from `start` on."""

    start: int
    length: int


class Pieces:
    """An iterable over the bytes; a whole file is hashed on the way and breaks off before its end if it differs."""

    def __init__(self, stored: StoredFile, span: Span | None = None) -> None:
        self._stored = stored
        self._left = stored.size if span is None else span.length
        self._digest = hashlib.sha256() if self._left == stored.size else None
        self._file = store.open_file(stored)
        try:
            self._begin(span.start if span else 0)
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if not self._left:
            self.close()
            raise StopIteration
        piece: bytes = self._file.read(min(PIECE_BYTES, self._left))
        self._left -= len(piece)
        self._check(piece)
        return piece

    def close(self) -> None:
        self._file.close()

    def _begin(self, start: int) -> None:
        size = self._file.seek(0, os.SEEK_END)
        if size != self._stored.size:
            raise self._changed()
        self._file.seek(start)

    def _check(self, piece: bytes) -> None:
        if not piece:
            raise self._changed()
        if self._digest is not None:
            self._digest.update(piece)
            if not self._left and self._digest.hexdigest() != self._stored.sha256:
                raise self._changed()

    def _changed(self) -> Changed:
        self.close()
        return Changed(
            f"The bytes of {self._stored.key} have changed in the store; restore them from a copy."
        )


def span(header: str, size: int) -> Span | None:
    """What a Range header asks for: None for the whole; a length of 0 when it lies beyond the end."""
    unit, _, asked = header.partition("=")
    first, dash, last = asked.strip().partition("-")
    if unit.strip().lower() != "bytes" or not dash or not _digits(first) or not _digits(last):
        return None
    if not first:
        return _suffix(int(last), size) if last else None
    start, end = int(first), min(int(last), size - 1) if last else size - 1
    if last and int(last) < start:
        return None
    return Span(start, end - start + 1) if start < size else Span(0, 0)


def _suffix(length: int, size: int) -> Span:
    length = min(length, size)
    return Span(size - length, length)


def _digits(text: str) -> bool:
    return not text or (text.isascii() and text.isdigit() and len(text) < 20)
