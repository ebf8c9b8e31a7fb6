"""Counters as bytes for one database row, and back. The first byte after the mark is the version of the format.

Counts take the narrowest type that holds them; a cell's mean offset is a fraction of the cell in 32 bits, so that sums
come back to within 1e-7 of a cell's width per row.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily
from mlregistry.ml.drift.baselines import Baseline
from mlregistry.ml.drift.counters import Counters

if TYPE_CHECKING:
    import numpy as np

    from mlregistry.ml.drift.sides import Floats
else:
    np = lazily("numpy")

MARK = b"MLDC"
VERSION = 1
HEAD = struct.Struct("<4sB8sQBI")  # mark, version, digest, rows, bytes of a count, bytes of the body
WIDTHS = {1: "<u1", 2: "<u2", 4: "<u4", 8: "<u8"}
MOST_BYTES = 64 * 1024 * 1024


def to_bytes(counters: Counters, baseline: Baseline) -> bytes:
    most = int(counters.counts.max(initial=0))
    size = next(size for size in WIDTHS if most < 1 << 8 * size)
    spans = _spans(baseline, counters.limits) * np.maximum(counters.counts, 1)
    fractions = np.divide(counters.offsets, spans, out=np.zeros(len(spans)), where=spans > 0)
    body = b"".join(
        [
            counters.counts.astype(WIDTHS[size]).tobytes(),
            fractions.astype("<f4").tobytes(),
            counters.figures.astype("<f8").tobytes(),
            counters.limits.astype("<f8").tobytes(),
        ]
    )
    packed = zlib.compress(body, 6)
    return HEAD.pack(MARK, VERSION, counters.digest, counters.n_rows, size, len(body)) + packed


def from_bytes(data: bytes, baseline: Baseline) -> Counters:
    """Invalid when these are no counters, of another version, or of another baseline."""
    if len(data) < HEAD.size or data[:4] != MARK:
        raise Invalid("These bytes are no drift counters.")
    _, version, digest, n_rows, size, length = HEAD.unpack_from(data)
    if version != VERSION:
        raise Invalid(f"These drift counters are of version {version}; {VERSION} is known here.")
    if digest != baseline.digest:
        raise Invalid("These drift counters belong to another baseline.")
    n, k = baseline.n_cells, len(baseline.columns)
    if size not in WIDTHS or length != n * (size + 4) + k * 40 or length > MOST_BYTES:
        raise Invalid("These drift counters are damaged.")
    return _read(_unpacked(data[HEAD.size :], length), baseline, n_rows, size)


def _unpacked(packed: bytes, length: int) -> bytes:
    try:
        body = zlib.decompressobj().decompress(packed, length)
    except zlib.error as error:
        raise Invalid("These drift counters are damaged.") from error
    if len(body) != length:
        raise Invalid("These drift counters are damaged.")
    return body


def _read(body: bytes, baseline: Baseline, n_rows: int, size: int) -> Counters:
    n, k = baseline.n_cells, len(baseline.columns)
    counts = np.frombuffer(body, WIDTHS[size], n).astype(np.int64)
    fractions = np.frombuffer(body, "<f4", n, n * size).astype(np.float64)
    rest = np.frombuffer(body, "<f8", 5 * k, n * (size + 4))
    figures, limits = rest[: 3 * k].reshape(k, 3), rest[3 * k :].reshape(k, 2)
    offsets = fractions * _spans(baseline, limits) * counts
    return Counters(baseline.digest, n_rows, counts, offsets, figures, limits)


def _spans(baseline: Baseline, limits: Floats) -> Floats:
    """The width of each cell; the outermost reach to the least and the greatest value. Zero for categories."""
    found = baseline.widths.copy()
    for place, column in enumerate(baseline.columns):
        if column.numbers is not None:
            cells, edges = baseline.places[column.name], column.numbers.edges
            found[cells.start] = max(0.0, edges[0] - limits[place, 0])
            found[cells.stop - 1] = max(0.0, limits[place, 1] - edges[-1])
    return found
