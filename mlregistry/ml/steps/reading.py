"""Reads a table file as the server does: blanks and words for missing, numbers, truth values, ISO dates by column.

An exported recipe has it, so that a raw CSV file gives the columns that the recipe was written for.
"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

NO_VALUE = frozenset(
    ("", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "-nan", "-NaN", "NULL", "null", "<NA>", "NaT")
)
NO_NUMBER = frozenset(("None", "none", "-", "--", "?", ".", "*", "missing", "unknown"))
TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
BLANK_LETTERS = " \t\n\r\xa0"
A_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
A_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9:.]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?")


def read_table(path: str) -> pd.DataFrame:
    """A Parquet file as it is; the columns of any other as CSV, by what all their values are."""
    if path.endswith(".parquet"):
        return pd.read_parquet(path)
    raw = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[])
    return pd.DataFrame({name: read_values(raw[name].tolist()) for name in raw.columns})


def read_values(texts: list[Any]) -> pd.Series[Any]:
    """One column: numbers, truth values or times when all that is known is such, else text."""
    clean = [str(text).strip(BLANK_LETTERS) for text in texts]
    known = {text for text in clean if text not in NO_VALUE}
    numbers = known - NO_NUMBER
    if numbers and all(A_NUMBER.fullmatch(text) for text in numbers):
        return pd.Series([float(text) if text in numbers else None for text in clean], dtype="float64")
    if known and known <= set(TRUTHS):
        return pd.Series([TRUTHS.get(text) for text in clean], dtype="boolean")
    values = pd.Series([text if text in known else None for text in clean], dtype=object)
    if known and all(A_MOMENT.fullmatch(text) for text in known):
        return pd.to_datetime(values, format="ISO8601", utc=True).dt.tz_localize(None)
    return values
