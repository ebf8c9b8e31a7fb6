"""The same model in a smaller file: what each compression takes in bytes and in seconds to load."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib

from mlregistry.errors import Invalid
from mlregistry.ml.optimising.subject import Made, Subject
from mlregistry.ml.packaging import COMPRESSION

LEVELS: tuple[tuple[str, Any], ...] = (
    ("none", 0), ("zlib 1", ("zlib", 1)), ("zlib 3, as usual", COMPRESSION), ("zlib 9", ("zlib", 9)),
    ("bz2 9", ("bz2", 9)), ("xz 6", ("xz", 6)),
)  # fmt: skip
REPEATS = 3
LEAST_GAIN = 0.95


def compress(subject: Subject) -> Iterator[Made]:
    """One candidate: the smallest file; Invalid where the usual one is as small."""
    lines = []
    with tempfile.TemporaryDirectory(prefix="compressing-") as folder:
        for place, (name, level) in enumerate(LEVELS):
            subject.work.report(place / len(LEVELS), f"Compressing by {name}")
            lines.append(
                {"compression": name, **_tried(subject.pipeline, Path(folder, "model.joblib"), level)}
            )
    best = min(range(len(lines)), key=lambda place: lines[place]["bytes"])
    usual = next(line for line, (_, level) in zip(lines, LEVELS, strict=True) if level == COMPRESSION)
    if lines[best]["bytes"] > LEAST_GAIN * usual["bytes"]:
        raise Invalid(
            f"No compression makes the file of {usual['bytes']:,} bytes a twentieth smaller.", field="methods"
        )
    name, level = LEVELS[best]
    yield Made(
        "compress",
        f"File by {name}",
        subject.pipeline,
        f"The same model in a file of {lines[best]['bytes']:,} bytes instead of {usual['bytes']:,};"
        f" it loads in {1000 * lines[best]['load_seconds']:.1f} ms instead of {1000 * usual['load_seconds']:.1f}.",
        compress=level,
        must_equal=True,
        facts={"levels": lines},
    )


def _tried(pipeline: Any, path: Path, level: Any) -> dict[str, Any]:
    start = time.perf_counter()
    joblib.dump(pipeline, path, compress=level)
    written, loaded = time.perf_counter() - start, []
    for _ in range(REPEATS):
        start = time.perf_counter()
        joblib.load(path)
        loaded.append(time.perf_counter() - start)
    return {
        "bytes": path.stat().st_size,
        "write_seconds": written,
        "load_seconds": sorted(loaded)[REPEATS // 2],
    }
