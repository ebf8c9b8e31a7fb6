"""Tables as CSV that a spreadsheet opens without running anything. Called by doors."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse

from mlregistry.rest_uploads import downloaded

FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def csv_answer(rows: Iterable[Iterable[Any]], name: str) -> HttpResponse:
    """A file to take away; text that a spreadsheet would read as a formula gets an apostrophe before it."""
    text = io.StringIO()
    csv.writer(text).writerows([[_plain(cell) for cell in row] for row in rows])
    return downloaded(text.getvalue(), name, "text/csv")


def _plain(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULAS) else cell
