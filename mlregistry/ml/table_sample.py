"""Some rows of a stored table as a frame, the same ones each time. Called by the preview of recipes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlregistry.errors import NotFound
from mlregistry.ml import duck
from mlregistry.ml.duck import Paths

if TYPE_CHECKING:
    import pandas as pd

# No column is named so: names hold no control characters.
PART, PLACE = duck.name("\x01part"), duck.name("\x01place")


def sample(
    paths: Paths, columns: list[str], *, n_rows: int, of: int, consecutive: bool = False
) -> pd.DataFrame:
    """About `n_rows` of the table's `of` rows in their order, spread over all of it or the first ones."""
    parts = duck.listed(paths)
    if not all(part.is_file() for part in parts):
        raise NotFound("The table's file is not there.")
    chosen = ", ".join(duck.name(column) for column in columns)
    table = " UNION ALL BY NAME ".join(
        f"SELECT {chosen}, {number} AS {PART}, file_row_number AS {PLACE}"  # noqa: S608  # duck quotes names and paths, the rest is ours
        f" FROM read_parquet({duck.text(part)}, file_row_number = true)"
        for number, part in enumerate(parts)
    )
    every = 1 if consecutive else max(1, of // n_rows)
    where = f" WHERE hash({PART}, {PLACE}) % {every} = 0" if every > 1 else ""
    query = f"SELECT {chosen} FROM ({table}){where} ORDER BY {PART}, {PLACE} LIMIT {n_rows:d}"  # noqa: S608  # duck quotes names and paths, the rest is ours
    with duck.connect(duck.folders(parts)) as connection:
        frame: pd.DataFrame = connection.execute(query).df()
        return frame
