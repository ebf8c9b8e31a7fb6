"""Reads the text of a GraphQL query: operations and fragments as trees of wanted fields. Called by `graphql`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from mlregistry.errors import Invalid

MOST_NESTING = 60
TOKEN = re.compile(
    r"[\s,\ufeff]+|\#[^\n\r]*"
    r"|(?P<name>[_A-Za-z][_0-9A-Za-z]*)|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r'|"""(?P<block>.*?)"""|(?P<text>"(?:[^"\\\n\r]|\\.)*")|(?P<sign>\.\.\.|[!$&():=@\[\]{}|])',
    re.DOTALL,
)
WORDS = {"true": True, "false": False, "null": None}
Token = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Variable:
    """Stands in the place of a value until the request's variables are known."""

    name: str


@dataclass(slots=True)
class Wanted:
    """A field, or (without a name) the fields of a fragment: `spread` names it, else they stand here."""

    name: str = ""
    alias: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    directives: dict[str, dict[str, Any]] = field(default_factory=dict)
    fields: list[Wanted] | None = None
    spread: str = ""


Operation = tuple[list[Wanted], dict[str, Any]]


class Parser:
    """One pass over the text; Invalid says where it cannot be read."""

    def __init__(self, text: str) -> None:
        self.tokens, self.place, self.nesting = list(_tokens(text)), 0, 0

    def document(self) -> tuple[dict[str, Operation], dict[str, list[Wanted]]]:
        """Operations by name, each with its variables' defaults, and fragments by name."""
        operations: dict[str, Operation] = {}
        fragments: dict[str, list[Wanted]] = {}
        while self.tokens[self.place][0] != "end":
            if self._at("{"):
                operations[""] = (self._fields(), {})
                continue
            word = self._name()
            if word == "fragment":
                name = self._name()
                self._name(), self._name(), self._directives()
                fragments[name] = self._fields()
            elif word in ("query", "mutation"):
                name = self._name() if self.tokens[self.place][0] == "name" else ""
                defaults = self._defaults()
                self._directives()
                operations[name] = (self._fields(), defaults)
            else:
                raise self._wrong(word)
        return operations, fragments

    def _fields(self) -> list[Wanted]:
        self._take("{")
        self.nesting += 1
        if self.nesting > MOST_NESTING:
            raise Invalid("Query exceeds maximum depth of 10")
        found = []
        while not self._skip("}"):
            found.append(self._fragment() if self._skip("...") else self._field())
        self.nesting -= 1
        return found

    def _field(self) -> Wanted:
        first = self._name()
        name = self._name() if self._skip(":") else ""
        wanted = Wanted(name or first, first if name else "", self._arguments(), self._directives())
        if self._at("{"):
            wanted.fields = self._fields()
        return wanted

    def _fragment(self) -> Wanted:
        kind, word = self.tokens[self.place]
        if kind == "name" and word != "on":
            return Wanted(spread=self._name(), directives=self._directives())
        if kind == "name":
            self._name(), self._name()
        return Wanted(directives=self._directives(), fields=self._fields())

    def _arguments(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self._skip("("):
            while not self._skip(")"):
                name = self._name()
                self._take(":")
                found[name] = self._value()
        return found

    def _directives(self) -> dict[str, dict[str, Any]]:
        found = {}
        while self._skip("@"):
            name = self._name()
            found[name] = self._arguments()
        return found

    def _defaults(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self._skip("("):
            while not self._skip(")"):
                self._take("$")
                name = self._name()
                self._take(":")
                self._type()
                found[name] = self._value() if self._skip("=") else None
        return found

    def _type(self) -> None:
        while self._skip("["):
            pass
        self._name()
        while self._skip("]") or self._skip("!"):
            pass

    def _value(self) -> Any:
        kind, word = self.tokens[self.place]
        self.place += 1
        if kind == "name":
            return WORDS.get(word, word)
        if kind == "number":
            return float(word) if re.search(r"[.eE]", word) else int(word[:40])
        if kind == "text":
            return _unquoted(word)
        if kind == "block":
            return word
        if word == "$":
            return Variable(self._name())
        return self._nested(word)

    def _nested(self, sign: str) -> Any:
        self.nesting += 1
        if sign not in ("[", "{") or self.nesting > MOST_NESTING:
            raise self._wrong(sign)
        values: list[Any] = []
        names: list[str] = []
        while not self._skip("]" if sign == "[" else "}"):
            if sign == "{":
                names.append(self._name())
                self._take(":")
            values.append(self._value())
        self.nesting -= 1
        return values if sign == "[" else dict(zip(names, values, strict=True))

    def _name(self) -> str:
        kind, word = self.tokens[self.place]
        if kind != "name":
            raise self._wrong(word)
        self.place += 1
        return word

    def _at(self, sign: str) -> bool:
        return self.tokens[self.place] == ("sign", sign)

    def _skip(self, sign: str) -> bool:
        if self._at(sign):
            self.place += 1
            return True
        return False

    def _take(self, sign: str) -> None:
        if not self._skip(sign):
            raise self._wrong(self.tokens[self.place][1])

    def _wrong(self, word: str) -> Invalid:
        return Invalid(f"Syntax Error: Unexpected {word[:100] or '<EOF>'}.", field="query")


def _tokens(text: str) -> Iterator[Token]:
    place = 0
    while place < len(text):
        found = TOKEN.match(text, place)
        if found is None:
            raise Invalid(f"Syntax Error: Unexpected character {text[place]!r}.", field="query")
        place = found.end()
        if found.lastgroup:
            yield found.lastgroup, found[found.lastgroup]
    yield "end", ""


def _unquoted(word: str) -> str:
    try:
        return msgspec.json.decode(word, type=str)
    except msgspec.DecodeError as error:
        raise Invalid(f"Syntax Error: a string cannot be read: {str(error)[:100]}.", field="query") from None
