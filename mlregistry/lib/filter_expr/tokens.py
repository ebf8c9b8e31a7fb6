"""Text of a filter or an order cut into tokens, in one pass. Called by the parser and by the orders.

Quotes end where sqlparse, MLflow's own reader, ends them: a doubled or backslashed quote belongs to the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mlregistry.errors import Invalid
from mlregistry.lib.names import UNFIT_IN_TEXT

LONGEST_QUOTE = 80

_SINGLE = r"'(?:''|\\'|[^'])*'"
_DOUBLE = r'"(?:""|\\"|[^"])*"'
_TICKED = r"`(?:``|[^`])*`"
_PATTERNS = {
    "space": r"\s+",
    "string": _SINGLE,
    "number": r"[-+]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][-+]?[0-9]++)?(?![\w.])",
    "name": rf"(?:[^\W\d]\w*|{_TICKED}|{_DOUBLE})(?:\.(?:\w+|{_TICKED}|{_DOUBLE}|{_SINGLE}))*",
    "operator": r"[<>=!~]+",
    "mark": r"[(),]",
    "other": r"[^\s(),<>=!~'\"`]+",
}
_TOKEN = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _PATTERNS.items()))


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of the text: `kind` is a key of the patterns, `start` its place in the text."""

    kind: str
    text: str
    start: int = 0

    @property
    def word(self) -> str:
        """The keyword this may be, in capitals; a quoted name never is one."""
        return self.text.upper() if self.kind == "name" else ""


class Reader:
    """Tokens taken one after the other; `take` past the end gives None.

    `at` is the number of the next token, `seen` that of the one looked at last: where a mistake is found, it is
    there, unless the finder sets another.
    """

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self.seen = 0
        self.comparisons = 0

    @property
    def at(self) -> int:
        return self._next

    def place(self) -> tuple[int, int] | None:
        """Where the token seen last begins and ends in the text; None behind the last one."""
        if self.seen >= len(self._tokens):
            return None
        token = self._tokens[self.seen]
        return token.start, token.start + len(token.text)

    def peek(self, ahead: int = 0) -> Token | None:
        self.seen = place = self._next + ahead
        return self._tokens[place] if place < len(self._tokens) else None

    def take(self) -> Token | None:
        token = self.peek()
        self._next += 1
        return token

    def took_word(self, *words: str) -> str:
        """The keyword that comes next, taken when it is one of these; "" otherwise."""
        token = self.peek()
        if token is None or token.word not in words:
            return ""
        self._next += 1
        return token.word

    def took_mark(self, mark: str) -> bool:
        token = self.peek()
        if token is None or token.kind != "mark" or token.text != mark:
            return False
        self._next += 1
        return True


def cut(text: str, *, field: str) -> list[Token]:
    """The tokens of the text without its blanks; a quote that is never closed is Invalid."""
    if UNFIT_IN_TEXT.search(text):
        raise bad_clause("\\0", "Take the characters out that no database can store.", field=field)
    tokens = []
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            unclosed = bad_clause(text[place:], "A quote is opened there and never closed.", field=field)
            unclosed.place = (place, len(text))
            raise unclosed
        if found.lastgroup and found.lastgroup != "space":
            tokens.append(Token(found.lastgroup, found.group(), place))
        place = found.end()
    return tokens


def short(text: str) -> str:
    """The piece as a message quotes it, cut when it is long."""
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"


def bad_clause(piece: str, advice: str, *, field: str) -> Invalid:
    """The error for text that does not fit the grammar."""
    if field == "order_by":
        return Invalid(f"Invalid order_by clause '{short(piece)}'. {advice}", field=field)
    return Invalid(f"Invalid clause(s) in filter string: '{short(piece)}'. {advice}", field=field)
