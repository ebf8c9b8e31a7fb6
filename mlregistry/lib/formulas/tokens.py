"""Cuts a formula into tokens, each with its position; errors say where. Called by the parser."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass

from mlregistry.errors import Invalid

LONGEST = 2_000
LONGEST_NUMBER = 40
LONGEST_NAME = 200
FIELD = "formula"
RESERVED = frozenset({"and", "or", "not", "true", "false", "null"})
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_BLANK = re.compile(r"[ \t\r\n]+")
_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<column>`(?:``|[^`])*`)"
    r"|(?P<text>'(?:''|[^'])*'|\"(?:\"\"|[^\"])*\")"
    r"|(?P<mark>\*\*|<=|>=|==|!=|[-+*/%<>(),])"
)


@dataclass(frozen=True, slots=True)
class Token:
    """kind: number, name, word, column, text, mark or end; `place` counts characters from 1."""

    kind: str
    value: str | float
    place: int


def wrong(message: str, place: int) -> Invalid:
    """The error for what stands at `place`."""
    return Invalid(f"Character {place}: {message}", field=FIELD)


def cut(text: str) -> list[Token]:
    """The tokens and an end; Invalid for what is no part of a formula."""
    if len(text) > LONGEST:
        raise Invalid(
            f"The formula has {len(text):,} characters; at most {LONGEST:,} are allowed.", field=FIELD
        )
    if not text.strip():
        raise Invalid("The formula is empty; write one such as a / b.", field=FIELD)
    unstorable = _UNSTORABLE.search(text)
    if unstorable:
        raise wrong("NUL or half of a character stands here; no text can hold it.", unstorable.start() + 1)
    tokens, place = [], 0
    while place < len(text):
        blank = _BLANK.match(text, place)
        if blank:
            place = blank.end()
            continue
        found = _TOKEN.match(text, place)
        if found is None:
            raise _stranger(text, place)
        tokens.append(_token(found, place + 1))
        place = found.end()
    return [*tokens, Token("end", "", len(text) + 1)]


def _token(found: re.Match[str], place: int) -> Token:
    kind, piece = str(found.lastgroup), found.group()
    if kind == "number":
        return Token(kind, _number(piece, place), place)
    if kind == "column":
        name = piece[1:-1].replace("``", "`")
        if not 0 < len(name) <= LONGEST_NAME:
            raise wrong(f"a column's name has 1 to {LONGEST_NAME} characters.", place)
        return Token(kind, name, place)
    if kind == "text":
        return Token(kind, piece[1:-1].replace(piece[0] * 2, piece[0]), place)
    if kind == "name" and piece.lower() in RESERVED:
        return Token("word", piece.lower(), place)
    return Token(kind, piece, place)


def _number(piece: str, place: int) -> float:
    if len(piece) > LONGEST_NUMBER:
        raise wrong(f"the number is longer than {LONGEST_NUMBER} characters.", place)
    value = float(piece)
    if not math.isfinite(value):
        raise wrong(f"the number {piece} is too large.", place)
    return value


def _stranger(text: str, place: int) -> Invalid:
    letter = text[place]
    if letter in "`'\"":
        return wrong(f"the quote {letter} is never closed.", place + 1)
    if letter == "=":
        return wrong("write == to compare.", place + 1)
    if letter == "." or letter in "[]{}":
        return wrong(f"'{letter}' has no meaning here: there are no attributes, items or lists.", place + 1)
    if letter.isalpha() or letter.isdigit():
        return wrong(
            f"'{letter}' needs back-ticks: write a column's name with other letters as `{letter}…`.",
            place + 1,
        )
    if letter.isascii():
        return wrong(f"{letter!r} has no meaning in a formula.", place + 1)
    name = unicodedata.name(letter, "a character without a name").lower()
    return wrong(
        f"U+{ord(letter):04X} ({name}) has no meaning in a formula; was it pasted? Type it on the keyboard.",
        place + 1,
    )
