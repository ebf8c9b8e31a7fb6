"""Frames written as Parquet, in one part or several, and their profiles."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from mlregistry.ml.profiling.building import profile
from mlregistry.ml.profiling.document import Profile

NOW = datetime(2026, 6, 1, tzinfo=UTC)
Profiled = Callable[..., Profile]


def write(frame: pd.DataFrame, path: Path) -> Path:
    connection = duckdb.connect()
    connection.register("frame", frame)
    connection.execute(f"COPY (SELECT * FROM frame) TO '{path}' (FORMAT parquet)")  # noqa: S608  # no text of anybody else's
    return path


@pytest.fixture(scope="session")
def profiled(tmp_path_factory: pytest.TempPathFactory) -> Profiled:
    """The profile of a frame, cut into as many parts as asked for."""

    def make(frame: pd.DataFrame, *, n_parts: int = 1, depth: str = "full", **options: Any) -> Profile:
        size = max(1, -(-len(frame) // n_parts))
        cuts = [frame.iloc[start : start + size] for start in range(0, max(1, len(frame)), size)]
        folder = tmp_path_factory.mktemp("parts")
        parts = [write(cut, folder / f"{place}.parquet") for place, cut in enumerate(cuts)]
        return profile(parts, depth=depth, now=NOW, **options)

    return make
