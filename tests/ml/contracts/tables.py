"""Small Parquet parts for the tests of contracts, and the clock they all use."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from mlregistry.ml.contracts import checking, parsing
from mlregistry.ml.contracts.report import Report
from mlregistry.ml.profiling.building import profile
from mlregistry.ml.profiling.document import Profile

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)


def parts(folder: Path, *frames: pd.DataFrame | dict[str, Any], stem: str = "part") -> list[Path]:
    """One Parquet file per frame."""
    paths = []
    for number, frame in enumerate(frames):
        path = folder / f"{stem}-{number}.parquet"
        table = pd.DataFrame(frame)
        with duckdb.connect(":memory:") as connection:
            connection.register("frame", table)
            connection.execute(f"COPY (SELECT * FROM frame) TO '{path}' (FORMAT parquet)")  # noqa: S608  # no text of anybody else's
        paths.append(path)
    return paths


def profiled(folder: Path, *frames: pd.DataFrame | dict[str, Any], stem: str = "part") -> Profile:
    """The quick profile of such parts."""
    return profile(parts(folder, *frames, stem=stem), now=NOW)


def checked(folder: Path, contract: dict[str, Any], *frames: pd.DataFrame | dict[str, Any]) -> Report:
    return checking.check(parsing.parse(contract), parts(folder, *frames), now=NOW)


def column(type: str, **rules: Any) -> dict[str, Any]:
    """A contract of the one column x."""
    return {"columns": [{"name": "x", "type": type, **rules}]}
