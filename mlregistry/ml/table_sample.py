"""Some rows of a stored table as a frame, the same ones each time. Called by the preview of recipes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlregistry.errors import NotFound
from mlregistry.ml import duck

if TYPE_CHECKING:
    import pandas as pd


def sample(
    parquet: Path, columns: list[str], *, n_rows: int, of: int, consecutive: bool = False
) -> pd.DataFrame:
    """About `n_rows` of the table's `of` rows in their order, spread over all of it or the first ones."""
    if not parquet.is_file():
        raise NotFound("The table's file is not there.")
    chosen = ", ".join(duck.name(column) for column in columns)
    table = f"read_parquet({duck.text(parquet)}, file_row_number = true)"
    every = 1 if consecutive else max(1, of // n_rows)
    where = f" WHERE hash(file_row_number) % {every} = 0" if every > 1 else ""
    query = f"SELECT {chosen} FROM {table}{where} ORDER BY file_row_number LIMIT {n_rows:d}"  # noqa: S608
    with duck.connect([parquet.parent]) as connection:
        frame: pd.DataFrame = connection.execute(query).df()
        return frame
