"""What model files take when loaded: memory and seconds, each in a fork of one small process of its own.

`measured` starts the process; the module's main function is that process.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import joblib

WARM_UP = ("numpy", "pandas", "sklearn.pipeline", "sklearn.ensemble", "sklearn.linear_model")
MOST_SECONDS = 120.0
REPEATS = 3
Measured = dict[str, float | None]
NOTHING: Measured = {"memory_mb": None, "load_seconds": None}


def measured(paths: Sequence[Path]) -> list[Measured]:
    """Per file; without figures where the process could not load it or took too long."""
    here = str(Path(__file__).resolve().parents[3])
    command = [sys.executable, "-m", "mlregistry.ml.optimising.footprint", *map(str, paths)]
    known = os.environ | {"PYTHONPATH": here, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        ended = subprocess.run(  # this interpreter on files that were just written here
            command, capture_output=True, text=True, timeout=MOST_SECONDS, env=known, check=True
        )
        found: list[Measured] = json.loads(ended.stdout)
    except (subprocess.SubprocessError, OSError, ValueError):
        return [dict(NOTHING) for _ in paths]
    return found


def main(paths: Sequence[str]) -> None:
    for name in WARM_UP:
        __import__(name)
    for path in paths:
        _warm(path)
    gc.collect()
    gc.freeze()
    print(json.dumps([_in_fork(path) for path in paths]))


def _warm(path: str) -> None:
    """The code that a model needs is no part of what it takes: it is imported before."""
    try:
        joblib.load(path)
    except Exception:  # it is told again in the fork
        return


def _in_fork(path: str) -> Measured:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        with os.fdopen(writer, "w") as told:
            told.write(json.dumps(_loaded(path)))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        text = told.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else dict(NOTHING)


def _loaded(path: str) -> Measured:
    """The growth of private memory while the model is held, and the median time of a few loads."""
    try:
        models: list[Any] = []
        seconds: list[float] = []
        before = _private_mb()
        for _ in range(REPEATS):
            start = time.perf_counter()
            models.append(joblib.load(path))
            seconds.append(time.perf_counter() - start)
        grown = (_private_mb() - before) / REPEATS
        return {"memory_mb": round(max(0.0, grown), 3), "load_seconds": sorted(seconds)[REPEATS // 2]}
    except Exception:  # whatever the file is
        return dict(NOTHING)


def _private_mb() -> float:
    """Resident pages of this process that no file or other process shares."""
    with open("/proc/self/smaps_rollup") as lines:
        kilobytes = [int(line.split()[1]) for line in lines if line.startswith("Private_")]
    return sum(kilobytes) / 1024


if __name__ == "__main__":
    main(sys.argv[1:])
