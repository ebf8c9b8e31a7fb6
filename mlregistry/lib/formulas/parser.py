"""Text to tree, by recursive descent with Python's precedence; limits on depth, size and powers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mlregistry.lib.formulas.functions import FUNCTIONS
from mlregistry.lib.formulas.tokens import Token, cut, wrong
from mlregistry.lib.formulas.trees import Tree, calls_of, height

DEEPEST = 50  # parentheses, signs and functions within each other
HIGHEST = 100  # levels of the tree, to which a sum of many terms adds one each
MOST_PARTS = 300
LARGEST_POWER = 100
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


def parse(text: str) -> Tree:
    """The tree of `text`; Invalid says at which character it goes wrong."""
    reader = _Reader(cut(text))
    tree = reader.expression()
    rest = reader.take()
    if rest.kind != "end":
        raise wrong(f"{_shown(rest)} is not expected here; an operator such as + is missing.", rest.place)
    if height(tree) > HIGHEST:
        raise wrong(f"the formula has more than {HIGHEST} operations within each other; make two of it.", 1)
    return tree


def _shown(token: Token) -> str:
    return "the end" if token.kind == "end" else f"'{str(token.value)[:40]}'"


class _Reader:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.next, self.depth, self.n_parts = tokens, 0, 0, 0

    def take(self) -> Token:
        token = self.tokens[self.next]
        self.next += token.kind != "end"
        return token

    def took(self, kind: str, *values: str) -> Token | None:
        token = self.tokens[self.next]
        return self.take() if token.kind == kind and token.value in values else None

    def expression(self) -> Tree:
        return self._chain(("word", "or"), lambda: self._chain(("word", "and"), self._negation))

    def _chain(self, signs: tuple[str, ...], part: Callable[[], Tree]) -> Tree:
        """Parts joined from the left by operators of one rank."""
        kind, *values = signs
        left = part()
        while token := self.took(kind, *values):
            left = self._call(token, str(token.value), left, part())
        return left

    def _negation(self) -> Tree:
        token = self.took("word", "not")
        if token is None:
            return self._comparison()
        with self._deeper(token):
            return self._call(token, "not", self._negation())

    def _comparison(self) -> Tree:
        left = self._sum()
        token = self.took("mark", *COMPARISONS)
        if token is None:
            return left
        tree = self._call(token, str(token.value), left, self._sum())
        second = self.took("mark", *COMPARISONS)
        if second:
            raise wrong("comparisons do not chain; join two of them with and.", second.place)
        return tree

    def _sum(self) -> Tree:
        return self._chain(("mark", "+", "-"), lambda: self._chain(("mark", "*", "/", "%"), self._signed))

    def _signed(self) -> Tree:
        token = self.took("mark", "-", "+")
        if token is None:
            return self._power()
        with self._deeper(token):
            inner = self._signed()
        return self._call(token, "negative", inner) if token.value == "-" else inner

    def _power(self) -> Tree:
        base = self._atom()
        token = self.took("mark", "**")
        if token is None:
            return base
        with self._deeper(token):
            exponent = self._signed()
        if "**" in calls_of(exponent):
            raise wrong(
                "a power may not hold another power; put the inner one in a column of its own.", token.place
            )
        size = _constant(exponent)
        if size is not None and abs(size) > LARGEST_POWER:
            raise wrong(f"the largest power is {LARGEST_POWER}.", token.place)
        return self._call(token, "**", base, exponent)

    def _atom(self) -> Tree:
        token = self.take()
        self._count(token)
        if token.kind == "mark" and token.value == "(":
            with self._deeper(token):
                tree = self.expression()
            self._close(token)
            return tree
        if token.kind in ("number", "text", "column"):
            return (token.kind, token.value)
        if token.kind == "word" and token.value in ("true", "false", "null"):
            return ("null",) if token.value == "null" else ("boolean", token.value == "true")
        if token.kind == "name":
            return self._function(token) if self.took("mark", "(") else ("column", str(token.value))
        raise wrong(f"a number, a column or a function is expected, not {_shown(token)}.", token.place)

    def _function(self, token: Token) -> Tree:
        name = str(token.value)
        known = FUNCTIONS.get(name)
        if known is None:
            raise wrong(f"there is no function '{name[:40]}'; known: {', '.join(FUNCTIONS)}.", token.place)
        given: list[Tree] = []
        with self._deeper(token):
            if not self.took("mark", ")"):
                given.append(self.expression())
                while self.took("mark", ","):
                    given.append(self.expression())
                self._close(token)
        if not known.least <= len(given) <= known.most:
            most = "" if known.most == known.least else f" to {known.most}"
            raise wrong(f"{name} takes {known.least}{most} values, not {len(given)}.", token.place)
        return self._call(token, name, *given)

    def _close(self, opened: Token) -> None:
        if not self.took("mark", ")"):
            at = self.take()
            raise wrong(f"')' is expected, not {_shown(at)}; it closes character {opened.place}.", at.place)

    def _call(self, token: Token, name: str, *parts: Tree) -> Tree:
        self._count(token)
        return ("call", name, *parts)

    @contextmanager
    def _deeper(self, token: Token) -> Iterator[None]:
        self.depth += 1
        if self.depth > DEEPEST:
            raise wrong(f"the formula is nested more than {DEEPEST} levels deep.", token.place)
        yield
        self.depth -= 1

    def _count(self, token: Token) -> None:
        self.n_parts += 1
        if self.n_parts > MOST_PARTS:
            raise wrong(f"the formula has more than {MOST_PARTS} parts; make two of it.", token.place)


def _constant(tree: Tree) -> float | None:
    if tree[0] == "number":
        return float(tree[1])
    if tree[:2] == ("call", "negative"):
        return _constant(tree[2])
    return None
