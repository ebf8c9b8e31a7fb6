"""The tables of an HTML page as rows of text, by the standard library's parser. Called by web_page."""

from __future__ import annotations

import html.parser
from dataclasses import dataclass, field

from mlregistry.errors import Invalid, TooLarge

MOST_TABLES = 500
MOST_CELLS = 2_000_000
WIDEST_SPAN = 1_000
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
SILENT = frozenset({"script", "style", "template"})


@dataclass
class Table:
    """`title` is the caption, or the heading before the table."""

    title: str = ""
    name: str = ""
    rows: list[list[str]] = field(default_factory=list)
    header_rows: int = 0


@dataclass
class _Cell:
    is_header: bool
    columns: int
    rows: int
    text: list[str] = field(default_factory=list)


def read(text: str) -> list[Table]:
    """The tables that have cells, in order."""
    parser = _Parser()
    parser.feed(text)
    parser.close()
    return [table for table in parser.tables if table.rows]


def choose(tables: list[Table], wanted: str) -> Table:
    """By number from 1 on, or by a part of the title or the id; the one with most cells when nothing is wanted."""
    if not tables:
        raise Invalid("The page holds no table.", field="table")
    if not wanted:
        return max(tables, key=lambda table: len(table.rows) * max(map(len, table.rows)))
    if wanted.isdecimal():
        if not 1 <= int(wanted[:9]) <= len(tables):
            raise Invalid(
                f"The page holds {len(tables)} tables; there is no number {wanted[:9]}.", field="table"
            )
        return tables[int(wanted[:9]) - 1]
    for table in tables:
        if wanted.lower() in table.title.lower() or wanted == table.name:
            return table
    titles = ", ".join(repr(table.title[:60]) for table in tables if table.title) or "none has a title"
    raise Invalid(f"No table of the page is titled {wanted[:60]!r}; there are: {titles}.", field="table")


def filled(table: Table) -> list[list[str]]:
    """A header and rows of one width: empty names are numbered, doubled ones too, short rows filled up."""
    width = max(map(len, table.rows))
    rows = [row + [""] * (width - len(row)) for row in table.rows]
    n_header = max(1, table.header_rows)
    if len(rows) <= n_header:
        raise Invalid("The table holds a header but no rows.", field="table")
    names: list[str] = []
    for place in range(width):
        parts = dict.fromkeys(row[place] for row in rows[:n_header] if row[place])
        name = " ".join(parts)[:200] or f"column {place + 1}"
        taken = {other.lower() for other in names}
        numbered, n = name, 1
        while numbered.lower() in taken:
            n += 1
            numbered = f"{name} {n}"
        names.append(numbered)
    return [names, *rows[n_header:]]


class _Parser(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[Table] = []
        self._open: list[Table] = []
        self._cells: list[_Cell | None] = []
        self._row: list[list[_Cell] | None] = []
        self._below: list[dict[int, tuple[int, str]]] = []
        self._words: list[str] | None = None
        self._heading = ""
        self._silent = 0
        self._n_cells = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in SILENT:
            self._silent += 1
        elif tag in HEADINGS or tag == "caption":
            self._words = []
        elif tag == "table":
            self._begin_table(values.get("id") or "")
        elif tag == "tr" and self._open:
            self._end_row()
            self._row[-1] = []
        elif tag in ("td", "th") and self._open:
            self._end_cell()
            if self._row[-1] is None:
                self._row[-1] = []
            self._cells[-1] = _Cell(tag == "th", _span(values.get("colspan")), _span(values.get("rowspan")))
        elif tag == "br":
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in HEADINGS and self._words is not None:
            self._heading, self._words = _joined(self._words), None
        elif tag == "caption" and self._words is not None:
            if self._open:
                self._open[-1].title = _joined(self._words)
            self._words = None
        elif tag in ("td", "th") and self._open:
            self._end_cell()
        elif tag == "tr" and self._open:
            self._end_row()
        elif tag == "table" and self._open:
            self._end_table()

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if self._words is not None:
            self._words.append(data)
        elif self._cells and self._cells[-1] is not None:
            self._cells[-1].text.append(data)

    def close(self) -> None:
        super().close()
        while self._open:
            self._end_table()

    def _begin_table(self, name: str) -> None:
        if len(self.tables) >= MOST_TABLES:
            raise TooLarge(f"The page holds more than {MOST_TABLES} tables.")
        table = Table(title=self._heading, name=name)
        self.tables.append(table)
        self._open.append(table)
        self._cells.append(None)
        self._row.append(None)
        self._below.append({})

    def _end_table(self) -> None:
        self._end_row()
        self._open.pop()
        self._cells.pop()
        self._row.pop()
        self._below.pop()

    def _end_cell(self) -> None:
        cell, row = self._cells[-1], self._row[-1]
        if cell is not None and row is not None:
            row.append(cell)
        self._cells[-1] = None

    def _end_row(self) -> None:
        """The cells laid out, with those that reach down from rows above."""
        self._end_cell()
        cells, below, table = self._row[-1], self._below[-1], self._open[-1]
        self._row[-1] = None
        if not cells:
            return
        values: list[str] = []
        after: dict[int, tuple[int, str]] = {}
        queue = list(cells)
        while queue or len(values) in below:
            place = len(values)
            if place in below:
                left, text = below[place]
                if left > 1:
                    after[place] = (left - 1, text)
                values.append(text)
                continue
            cell = queue.pop(0)
            text = _joined(cell.text)
            for column in range(place, place + cell.columns):
                values.append(text)
                if cell.rows > 1:
                    after[column] = (cell.rows - 1, text)
        self._n_cells += len(values)
        if self._n_cells > MOST_CELLS:
            raise TooLarge(f"The tables of the page have more than {MOST_CELLS:,} cells.")
        self._below[-1] = after
        if all(cell.is_header for cell in cells) and table.header_rows == len(table.rows):
            table.header_rows += 1
        table.rows.append(values)


def _joined(words: list[str]) -> str:
    return " ".join("".join(words).split())


def _span(text: str | None) -> int:
    value = text or ""
    return min(WIDEST_SPAN, max(1, int(value[:9]))) if value.isascii() and value.isdecimal() else 1
