"""Tells from the bytes of a delimited text whether a code could stand there that DuckDB would read as a number.

Called by csv_text: DuckDB takes 007 and 1_000 for numbers. Where nothing of that kind occurs, its own reading of
decimals is as strict as column_types, and a search through the bytes costs a tenth of asking every value.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlregistry.lib.lazily import lazily

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
else:
    np = lazily("numpy")

CHUNK_BYTES = 256 * 1024
REACH = 4
CODES, JOINTS = "codes", "joints"
ZERO, SPACE, TAB, UNDERSCORE = b"0 \t_"


def look(source: Path, delimiter: str) -> frozenset[str]:
    """CODES for a blank, or a zero before another digit, at the start of a value; JOINTS for 1_000."""
    starts = _table(f'{delimiter}"\r\n'.encode())
    signs = _table(b"+-")
    blanks = [SPACE] if delimiter == "\t" else [SPACE, TAB]
    tail, codes = b"\n", False
    with source.open("rb") as file:
        file.readline(CHUNK_BYTES)  # the header
        while chunk := file.read(CHUNK_BYTES):
            block = tail + chunk
            if _has_joint(block):
                return frozenset({CODES, JOINTS})
            codes = codes or _has_code(block, starts, signs) or _has_blank(block, starts, blanks)
            tail = block[-REACH:]
    return frozenset({CODES}) if codes else frozenset()


def _has_code(block: bytes, starts: npt.NDArray[np.bool_], signs: npt.NDArray[np.bool_]) -> bool:
    letters = np.frombuffer(block, np.uint8)
    digits = letters[1:] - np.uint8(ZERO) < 10
    places = np.flatnonzero((letters[:-1] == ZERO) & digits)
    before = letters[places[places > 0] - 1]
    if bool(starts[before].any()):
        return True
    signed = places[places > 1]
    signed = signed[signs[letters[signed - 1]]]
    return bool(starts[letters[signed - 2]].any())


def _has_blank(block: bytes, starts: npt.NDArray[np.bool_], blanks: list[int]) -> bool:
    letters = np.frombuffer(block, np.uint8)
    for blank in blanks:
        if bytes([blank]) in block:
            places = np.flatnonzero(letters[1:] == blank)
            if bool(starts[letters[places]].any()):
                return True
    return False


def _has_joint(block: bytes) -> bool:
    if b"_" not in block:
        return False
    letters = np.frombuffer(block, np.uint8)
    places = np.flatnonzero(letters[1:-1] == UNDERSCORE)
    digits = _table(b"0123456789")
    return bool((digits[letters[places]] & digits[letters[places + 2]]).any())


def _table(letters: bytes) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, dtype=np.bool_)
    table[list(letters)] = True
    return table
