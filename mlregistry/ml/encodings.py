"""Text of any common encoding as UTF-8, with the row of what fits none. Used by tables before it reads text.

UTF-8 and UTF-16 are told by their marks and their bytes; what remains is Windows-1252, of which Latin-1 is a part.
A file in which some rows are UTF-8 and others are not is refused: one of them would be garbled.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from mlregistry.errors import Invalid

CHUNK_BYTES = 1024 * 1024
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
KNOWN = (
    "utf-8",
    "utf-16",
    "utf-32",
    "cp1252",
    "latin-1",
    "iso-8859-15",
    "cp1250",
    "cp1251",
    "shift_jis",
    "gb18030",
    "big5",
    "euc-kr",
    "mac_roman",
)
UTF8 = ("utf-8", "utf-8-sig")
TITLES = {
    "cp1252": "Windows-1252",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-16": "UTF-16",
    "utf-32": "UTF-32",
}
UNLIKELY = (0x81, 0x8D, 0x8F, 0x90, 0x9D, 0xFF)
"""Bytes that Windows-1252 leaves undefined, and ÿ, which begins no text but many binary files."""


def as_utf8(source: Path, scratch: Path, *, encoding: str = "") -> tuple[Path, str | None]:
    """The text as a UTF-8 file (the source itself when it is one) and a note about its encoding."""
    if _is_ascii(source) and (not encoding or _named(encoding) in UTF8):
        return source, None
    named = _named(encoding) if encoding else _sniffed(source)
    if named in UTF8:
        _check(source, "utf-8")
        return source, None
    target = scratch / "utf8.txt"
    with target.open("w", encoding="utf-8", newline="") as file:
        for text in _decoded(source, named):
            file.write(text)
    return target, f"The text is read as {TITLES.get(named, named)}."


def _is_ascii(source: Path) -> bool:
    """Plain text in the letters that nearly all encodings share."""
    with source.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            if not chunk.isascii() or b"\x00" in chunk:
                return False
    return True


def _named(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
    except (LookupError, ValueError) as error:
        raise _unknown(encoding) from error
    if name not in {codecs.lookup(known).name for known in KNOWN} | {"utf-8-sig"}:
        raise _unknown(encoding)
    return {"cp1252": "cp1252", "iso8859-1": "latin-1"}.get(name, name)


def _unknown(encoding: str) -> Invalid:
    return Invalid(
        f"'{encoding[:40]}' is no encoding that is read here; name one of: {', '.join(KNOWN)}.",
        field="encoding",
    )


def _sniffed(source: Path) -> str:
    """By mark, by the zeros of UTF-16, or by whether the bytes are UTF-8."""
    with source.open("rb") as file:
        head = file.read(4096)
    for mark, name in MARKS:
        if head.startswith(mark):
            return name
    even, odd = head[::2].count(0), head[1::2].count(0)
    if len(head) >= 4 and max(even, odd) > 0.4 * len(head) / 2 and min(even, odd) < 0.05 * len(head):
        return "utf-16-be" if even > odd else "utf-16-le"
    return _utf8_or_windows(source)


def _utf8_or_windows(source: Path) -> str:
    """utf-8, or cp1252 when not one row beyond ASCII is UTF-8; Invalid names the row for a mixture."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    first_utf8 = first_other = 0
    cut_off = 0
    for number, line in _lines_beyond_ascii(source):
        decoder.reset()
        try:
            decoder.decode(line, final=True)
            first_utf8 = first_utf8 or number
        except UnicodeDecodeError as error:
            cut_off = number if error.reason == "unexpected end of data" else 0
            first_other = first_other or number
            if any(byte in UNLIKELY for byte in line):
                raise _bad(number) from error
        if first_utf8 and first_other:
            raise Invalid(
                f"Row {max(first_utf8, first_other)} is not in the encoding of row {min(first_utf8, first_other)}:"
                " UTF-8 and another are mixed. Save the file with the encoding UTF-8.",
                field="file",
            )
    if first_other and cut_off == first_other and not _ends_a_line(source):
        raise _bad(first_other)
    return "cp1252" if first_other else "utf-8"


def _ends_a_line(source: Path) -> bool:
    with source.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) in b"\r\n"


def _lines_beyond_ascii(source: Path) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of each line with other than ASCII letters; Invalid for a NUL."""
    number = 1
    rest = b""
    with source.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            _refuse_nul(chunk, number)
            block = rest + chunk
            end = block.rfind(b"\n") + 1
            if not end and len(block) < 16 * CHUNK_BYTES:
                rest = block
                continue
            whole, rest = (block[:end], block[end:]) if end else (block, b"")
            if not whole.isascii():
                for place, line in enumerate(whole.split(b"\n")):
                    if not line.isascii():
                        yield number + place, line
            number += whole.count(b"\n")
    if not rest.isascii():
        for place, line in enumerate(rest.split(b"\n")):
            if not line.isascii():
                yield number + place, line


def _check(source: Path, encoding: str) -> None:
    for _ in _decoded(source, encoding):
        continue


def _decoded(source: Path, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    row = 1
    with source.open("rb") as file:
        while True:
            chunk = file.read(CHUNK_BYTES)
            if encoding == "utf-8" and chunk.isascii() and not decoder.getstate()[0]:
                _refuse_nul(chunk, row)
                row += chunk.count(b"\n")
                if not chunk:
                    return
                continue
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                row += bytes(error.object[: error.start]).count(b"\n")
                raise _bad(row, encoding) from error
            if "\x00" in text:
                row += text[: text.index("\x00")].count("\n")
                raise Invalid(f"Row {row} holds a NUL byte; this is not a text file.", field="file")
            row += text.count("\n")
            yield text
            if not chunk:
                return


def _refuse_nul(chunk: bytes, row: int) -> None:
    if b"\x00" in chunk:
        row += chunk[: chunk.index(b"\x00")].count(b"\n")
        raise Invalid(f"Row {row} holds a NUL byte; this is not a text file.", field="file")


def _bad(row: int, encoding: str = "utf-8") -> Invalid:
    title = "UTF-8" if encoding == "utf-8" else TITLES.get(encoding, encoding)
    return Invalid(
        f"Row {row} is not valid {title}; save the file with the encoding UTF-8, or name its encoding.",
        field="file",
    )
