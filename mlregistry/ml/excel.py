"""Turns an Excel workbook into delimited text, after looking for bombs inside it. Called by tables.

The archive's declared sizes are not believed: each member is unpacked under a limit, its farthest cell found.
"""

from __future__ import annotations

import csv
import datetime
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import python_calamine

from mlregistry.errors import Invalid, TooLarge
from mlregistry.ml.table_info import Limits

MAX_MEMBERS = 5_000
RATIO_FROM_BYTES = 1024 * 1024
CHUNK_BYTES = 64 * 1024
CELL = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{1,3})(\d{1,7})["']""")


def write_text(source: Path, target: Path, *, format: str, sheet: str = "", limits: Limits) -> None:
    """Write the named or first filled sheet as comma-separated UTF-8; Invalid or TooLarge before it is opened."""
    if format == "xlsx":
        check_archive(source, limits)
    try:
        workbook = python_calamine.CalamineWorkbook.from_path(str(source))
        rows = _rows_of_sheet(workbook, sheet, limits)
    except (python_calamine.CalamineError, zipfile.BadZipFile, OSError, ValueError) as error:
        raise Invalid(f"The workbook cannot be read: {error}", field="file") from error
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
        for row in _trimmed(rows):
            writer.writerow([_text(cell) for cell in row])


def check_archive(source: Path, limits: Limits) -> None:
    """Invalid when the zip is no workbook, TooLarge when it would unpack to more than the limits."""
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise Invalid(f"The workbook is damaged: {error}", field="file") from error
    names = {member.filename for member in members}
    if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
        raise Invalid("The file is a zip archive but no Excel workbook.", field="file")
    if len(members) > MAX_MEMBERS:
        raise TooLarge(
            f"The workbook holds {len(members):,} parts; at most {MAX_MEMBERS:,} are allowed.", field="file"
        )
    declared = sum(member.file_size for member in members)
    if declared > limits.max_excel_bytes:
        raise _bomb(declared, limits)
    for member in members:
        if member.file_size > RATIO_FROM_BYTES and member.file_size > limits.max_excel_ratio * max(
            1, member.compress_size
        ):
            raise TooLarge(
                f"The workbook's part '{member.filename}' is packed more than {limits.max_excel_ratio} to 1;"
                " that is no ordinary workbook. Save the sheet as CSV.",
                field="file",
            )
    _check_members(source, members, limits)


def _check_members(source: Path, members: list[zipfile.ZipInfo], limits: Limits) -> None:
    total = 0
    for member in members:
        sheet = member.filename.lower().startswith("xl/worksheets/")
        last_row = last_column = 0
        tail = b""
        for chunk in _unpacked(source, member):
            total += len(chunk)
            if total > limits.max_excel_bytes:
                raise _bomb(total, limits)
            if sheet:
                text = tail + chunk
                for match in CELL.finditer(text):
                    last_column = max(last_column, _column_number(match[1]))
                    last_row = max(last_row, int(match[2]))
                tail = text[-40:]
        if last_row * last_column > limits.max_excel_cells:
            raise TooLarge(
                f"The sheet reaches to row {last_row:,} and column {last_column:,}; at most"
                f" {limits.max_excel_cells:,} cells are allowed. Save the sheet as CSV.",
                field="file",
            )


def _unpacked(source: Path, member: zipfile.ZipInfo) -> Iterator[bytes]:
    with source.open("rb") as file:
        file.seek(member.header_offset)
        header = file.read(30)
        if len(header) < 30:
            raise Invalid("The workbook is damaged: a part is missing.", field="file")
        n_name, n_extra = struct.unpack("<HH", header[26:30])
        file.seek(n_name + n_extra, 1)
        left = member.compress_size
        unpacker = zlib.decompressobj(-15) if member.compress_type == zipfile.ZIP_DEFLATED else None
        if unpacker is None and member.compress_type != zipfile.ZIP_STORED:
            raise Invalid("The workbook is packed with an unknown method.", field="file")
        while left > 0 and (packed := file.read(min(CHUNK_BYTES, left))):
            left -= len(packed)
            if unpacker is None:
                yield packed
                continue
            while packed:
                try:
                    yield unpacker.decompress(packed, CHUNK_BYTES)
                except zlib.error as error:
                    raise Invalid(f"The workbook is damaged: {error}", field="file") from error
                packed = unpacker.unconsumed_tail


def _rows_of_sheet(
    workbook: python_calamine.CalamineWorkbook, wanted: str, limits: Limits
) -> Iterator[list[Any]]:
    names = workbook.sheet_names
    if wanted and wanted not in names:
        shown = ", ".join(f"'{name}'" for name in names[:20])
        raise Invalid(f"The workbook has no sheet '{wanted}'; it has {shown}.", field="sheet")
    for name in [wanted] if wanted else names:
        sheet = workbook.get_sheet_by_name(name)
        if sheet.height * sheet.width > limits.max_excel_cells:
            raise TooLarge(
                f"The sheet '{name}' holds more than {limits.max_excel_cells:,} cells.", field="file"
            )
        if sheet.height and sheet.width:
            return iter(sheet.iter_rows())
    raise Invalid(
        f"The sheet '{wanted}' holds no cells." if wanted else "The workbook holds no cells.", field="file"
    )


def _trimmed(rows: Iterator[list[Any]]) -> Iterator[list[Any]]:
    width = 0
    for row in rows:
        if not any(_text(cell).strip() for cell in row):
            continue
        if not width:
            width = max(i for i, cell in enumerate(row, start=1) if _text(cell).strip())
        beyond = [cell for cell in row[width:] if _text(cell).strip()]
        if beyond:
            raise Invalid(
                f"A cell right of the last named column holds {beyond[0]!r}; name its column.", field="file"
            )
        yield row[:width]


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
    if isinstance(cell, datetime.date | datetime.datetime):
        return cell.isoformat()
    return str(cell)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _bomb(size: int, limits: Limits) -> TooLarge:
    return TooLarge(
        f"The workbook unpacks to {size:,} bytes or more; at most {limits.max_excel_bytes:,} are allowed."
        " Save the sheet as CSV.",
        field="file",
    )
