"""Small frames of numbers as Parquet files. Called where a run's test predictions are kept and compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlregistry.lib.lazily import lazily
from mlregistry.ml import duck

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = lazily("pandas")


def write(frame: pd.DataFrame, path: Path) -> None:
    """The frame's columns as they are."""
    with duck.connect([path.parent]) as connection:
        connection.register("given", frame)
        target = f"{duck.text(path)} (FORMAT parquet, COMPRESSION zstd)"
        connection.execute(f"COPY (SELECT * FROM given) TO {target}")  # noqa: S608  # duck quotes names and paths, the rest is ours


def read(path: Path) -> pd.DataFrame:
    """What `write` wrote."""
    with duck.connect([path.parent]) as connection:
        return connection.execute(f"SELECT * FROM {duck.scan(path)}").df()  # noqa: S608  # duck quotes names and paths, the rest is ours
