"""Large matrices of plain numbers, cut out of a body by machine code before the rest of it is read. `decoding` asks."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily

if TYPE_CHECKING:
    import numpy as np

    from mlregistry.lib import json_matrix
else:
    np, json_matrix = lazily("numpy"), lazily("mlregistry.lib.json_matrix")

logger = logging.getLogger(__name__)
LEAST_BYTES = 4_000  # of a body; a smaller one is read as soon without arrays
MOST_BEFORE = 64 * 1024  # bytes of names in front of the rows
STAND_IN = b'"cut out"'  # for the matrix, in what is left of the body
ROWS = re.compile(rb"(?=\[[ \t\r\n]*\[)")
DATA = re.compile(rb'"data"[ \t\r\n]*:[ \t\r\n]*(?=\[)')
Reader = Callable[..., tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows × columns; `whole`, of the same shape, tells which numbers are written without point and exponent."""

    numbers: Any
    whole: Any


_readers: list[Reader] = []  # of rows, and of a list


def prepare() -> None:
    """Has the machine code in memory; without it every body is read by the interpreter, only slower."""
    if _readers:
        return
    try:
        _readers[:] = [json_matrix.read, json_matrix.read_list]
        cut(b'{"data": [[1, 2.5]]}')
        cut(b'{"data": [1, 2.5]}', DATA)
    except Exception:
        # Whatever this machine's processor or folders do not allow: requests are answered all the same.
        logger.exception("matrices of numbers are read without machine code")
        _readers.clear()


def cut(body: bytes, begin: re.Pattern[bytes] = ROWS) -> tuple[bytes, Matrix] | None:
    """What is left of a body, and the first matrix that begins so (or list, which is one row); None where there is
    none of plain numbers, or any doubt.

    The mark that stands in for it is nowhere else in what is left: whoever finds it, has found its place.
    """
    found = begin.search(body, 0, MOST_BEFORE)
    if found is None or not _readers:
        return None
    start = found.end()
    room = (len(body) - start) // 2 + 1  # each number has something behind it
    numbers, whole = np.empty(room), np.empty(room, dtype=np.uint8)
    text = np.frombuffer(body, dtype=np.uint8)
    for read in _readers[: 1 if begin is ROWS else 2]:
        end, n_rows, n_columns = read(text, start, numbers, whole)
        if n_rows:
            break
    else:
        return None
    before, after = body[:start], body[end:]
    if STAND_IN in before or STAND_IN in after:
        return None
    size, shape = n_rows * n_columns, (n_rows, n_columns)
    matrix = Matrix(numbers[:size].reshape(shape), whole[:size].reshape(shape))
    return b"".join((before, STAND_IN, after)), matrix
