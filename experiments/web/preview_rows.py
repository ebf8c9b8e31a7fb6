"""The body of a table of a version's rows as one piece of HTML: templates are slow with many small cells.

Called by the page of a dataset version, and by its table while that is scrolled.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from mlregistry.ml.table_info import NUMERIC_TYPES

LONGEST = 60
MISSING = '<span class="muted">–</span>'


def body(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[Mapping[str, Any]], *, first: int
) -> SafeString:
    """A row of cells for each row, every value escaped and cut to 60 characters; numbers to the right.

    `first` is how many rows lie before them; each begins with its number, counted from 1.
    """
    opening = [(column["name"], _opening(column["type"])) for column in columns]
    lines = [
        f'<tr aria-rowindex="{place + 1}"><th scope="row" class="n">{place:,}</th>'
        + "".join(f"{start}{_cell(row.get(name))}</td>" for name, start in opening)
        + "</tr>"
        for place, row in enumerate(rows, first + 1)
    ]
    return mark_safe("".join(lines))  # noqa: S308  # each cell is escaped


def _opening(type: str) -> str:
    return '<td class="n">' if type in NUMERIC_TYPES else "<td>"


def _cell(value: Any) -> str:
    if value is None:
        return MISSING
    text = str(value)
    return escape(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")
