"""The part of a script that reads its data file and makes sure that it is the one. Put into every script."""

from __future__ import annotations

import argparse
import json
import sys

import duckdb
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from mlregistry.ml.table_digest import table_digest

DATA = ""
TABLE_DIGEST = ""
THREADS: dict[str, int] = {}
EXACT = 2.0**53


def main() -> None:
    """Train on the table and print every metric of the run, to the last bit."""
    options = argparse.ArgumentParser(description=main.__doc__)
    options.add_argument("table", help="the dataset version, downloaded as Parquet")
    options.add_argument("--any-table", action="store_true", help="take another table than that of the run")
    given = options.parse_args()
    table = read_table(given.table)
    if table_digest(table) != TABLE_DIGEST and not given.any_table:
        sys.exit(
            f"{given.table} is not {DATA}, which the run was trained on: the digest of its rows is"
            f" {table_digest(table)}, wanted is {TABLE_DIGEST}."
        )
    with threadpool_limits(THREADS):
        metrics = train(table)
    print(json.dumps(metrics, indent=2, sort_keys=True))


def read_table(path: str) -> pd.DataFrame:
    """The rows in order; whole numbers with gaps become floats unless those would lose digits."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        rows = connection.read_parquet(path)
        table: pd.DataFrame = rows.df()
        for name, kind in zip(rows.columns, rows.types, strict=True):
            if kind == "BIGINT" and table[name].dtype.kind == "f" and table[name].abs().max() >= EXACT:
                quoted = '"' + name.replace('"', '""') + '"'
                found = rows.project(quoted).fetchnumpy()[name]
                table[name] = pd.arrays.IntegerArray(np.asarray(found.data), np.ma.getmaskarray(found))
    return table


def train(table: pd.DataFrame) -> dict[str, float]:
    """Every script has its own."""
    raise NotImplementedError
