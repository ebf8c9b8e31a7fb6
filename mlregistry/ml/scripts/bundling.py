"""Puts the definitions that some functions of ours need into one text, as they stand in the modules. Called by writing.

Only what is reached comes along; a name that two modules use differently gets another one.
"""

from __future__ import annotations

import ast
import builtins
import re
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeGuard

from mlregistry.ml.scripts.sources import Ours, Reference, Source, load, references

ERRORS = "mlregistry.errors"  # its classes carry a status for doors; a script has one of its own
MARKS = re.compile(r"(?m)  # (?:noqa|type: ignore|fmt)[^\n]*$")
"""What tells our linters something."""
Edit = tuple[int, int, int, str, str]
"""Row, first and last byte in it, what stands there, what shall."""
INVALID = '''class Invalid(ValueError):
    """What is wrong, in a sentence."""

    def __init__(self, message: str, *, field: str | None = None, details: list[str] | None = None) -> None:
        super().__init__(message)
        self.field = field
'''


@dataclass(frozen=True)
class Use:
    """A reference and the definition it means; `whole` when the module before the dot is part of the name."""

    reference: Reference
    found: Ours
    whole: bool


@dataclass
class Bundle:
    """`first` are modules whose definitions a person reads; `choices` and `given` are for those alone.

    `given` names what of theirs is written elsewhere; `instead` puts one definition in the place of another.
    """

    first: tuple[str, ...]
    choices: Mapping[str, bool]
    given: frozenset[str]
    instead: Mapping[Ours, Ours]
    roots: set[Ours] = field(default_factory=set)
    aliases: dict[str, Ours] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    reached: dict[Ours, ast.stmt] = field(default_factory=dict)
    uses: dict[Ours, list[Use]] = field(default_factory=dict)
    levels: dict[str, int] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)
    names: dict[Ours, str] = field(default_factory=dict)
    needs_invalid: bool = False

    def reach(self, roots: Iterable[Ours]) -> None:
        """Follow what these need, to the end."""
        self.roots |= {self._home(module, name) for module, name in roots}
        waiting = sorted(self.roots)
        while waiting:
            place = waiting.pop()
            if place in self.reached or place[0] == ERRORS or self._is_given(place):
                continue
            source = self._source(place[0])
            self.reached[place] = source.definitions[place[1]]
            self.uses[place] = []
            for reference in references(source.definitions[place[1]]):
                use = self._follow(source, reference)
                if use is not None:
                    self.uses[place].append(use)
                    if not reference.weak or isinstance(self._node(use.found), ast.Assign):
                        waiting.append(use.found)

    def add_import(self, line: str) -> None:
        """One that the written parts need."""
        name = line.rpartition(" as ")[2] if " as " in line else line.rpartition(" ")[2].partition(".")[0]
        if self.imports.setdefault(name, line) != line:
            raise ValueError(f"{line} and {self.imports[name]} bring the same name")

    def write(self, *, readable: bool) -> str:
        """Either the definitions of `first`, or all others in an order in which they can be read in."""
        if not self.names:
            self._name()
        wanted = [place for place in self.reached if (place[0] in self.first) == readable]
        ordered = sorted(wanted, key=self._order)
        texts = list(dict.fromkeys(self._text(place) for place in ordered))
        if self.needs_invalid and not readable:
            texts.insert(0, INVALID)
        return "\n\n\n".join(texts)

    def _is_given(self, place: Ours) -> bool:
        return place[0] in self.first and place[1] in self.given

    def _source(self, module: str) -> Source:
        if module not in self.sources:
            self.sources[module] = load(module, self.choices if module in self.first else None)
        return self.sources[module]

    def _home(self, module: str, name: str) -> Ours:
        """Where the name is defined, followed through imports."""
        source = self._source(module)
        if name not in source.definitions and name in source.ours:
            return self._home(*source.ours[name])
        place = self.instead.get((module, name), (module, name))
        node = self._source(place[0]).definitions.get(place[1])
        if self._is_plain(node, place) and not self._is_given(place):
            same = f"{place[1]}: {ast.unparse(node)}"  # one statement may give several names
            return self.aliases.setdefault(same, place)  # many modules have the same alias
        return place

    def _is_plain(self, node: ast.stmt | None, place: Ours) -> TypeGuard[ast.Assign]:
        """A constant or an alias that is made of nothing of ours."""
        source = self._source(place[0])
        return isinstance(node, ast.Assign) and not any(
            reference.name in source.ours or reference.name in source.definitions
            for reference in references(node)
            if not isinstance(reference.node.ctx, ast.Store)
        )

    def _node(self, place: Ours) -> ast.stmt | None:
        return None if place[0] == ERRORS else self._source(place[0]).definitions.get(place[1])

    def _follow(self, source: Source, reference: Reference) -> Use | None:
        """What of ours is meant; imports from elsewhere are noted on the way."""
        name = reference.name
        if name in reference.local:
            return None
        if name in source.foreign:
            self.add_import(source.foreign[name])
            return None
        if name in source.definitions:
            return Use(reference, self._home(source.module, name), whole=False)
        if name not in source.ours:
            return None
        module, inner = source.ours[name]
        if module == ERRORS:
            self.needs_invalid = True
            return None
        if inner:
            return Use(reference, self._home(module, inner), whole=False)
        return Use(reference, self._home(module, reference.attribute), whole=True)

    def _name(self) -> None:
        """Their own names, unless taken: by an import, another definition or a variable where it is used."""
        taken = {*self.imports, *dir(builtins), "Invalid", *self.given}
        for place in sorted(
            self.reached, key=lambda one: (one[0] not in self.first, one not in self.roots, one)
        ):
            barred = {
                word
                for uses in self.uses.values()
                for use in uses
                if use.found == place
                for word in use.reference.local
            }
            stem = place[0].rpartition(".")[2]
            tried = [place[1], f"{stem}_{place[1].lstrip('_')}", f"_{stem}_{place[1].lstrip('_')}"]
            free = [name for name in tried if name not in taken and name not in barred]
            self.names[place] = free[0]
            taken.add(free[0])

    def _order(self, place: Ours) -> tuple[int, str, int]:
        """Modules after those that they need, what needs nothing first of all."""
        if self._is_plain(self.reached[place], place):
            return 0, "", self.reached[place].lineno
        return self._level(place[0]), place[0], self.reached[place].lineno

    def _level(self, module: str) -> int:
        if module not in self.levels:
            needed = {
                use.found[0]
                for place, uses in self.uses.items()
                for use in uses
                if place[0] == module and use.found[0] != module and not use.reference.weak
                if not self._is_plain(self._node(use.found), use.found)
            }
            self.levels[module] = 1 + max((self._level(one) for one in needed), default=0)
        return self.levels[module]

    def _text(self, place: Ours) -> str:
        """The lines of the definition, its names replaced."""
        node, source = self.reached[place], self.sources[place[0]]
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
        lines = [line.encode() for line in source.lines[first - 1 : node.end_lineno]]
        edits = [self._edit(use) for use in self.uses[place]]
        edits += self._own_name(node, place)
        for row, start, end, old, new in sorted({edit for edit in edits if edit}, reverse=True):
            line = lines[row - first]
            if line[start:end].decode() != old:
                raise ValueError(f"{old} in {place} stands where it cannot be replaced")
            lines[row - first] = line[:start] + new.encode() + line[end:]
        return MARKS.sub("", textwrap.dedent(b"".join(lines).decode()).rstrip("\n"))

    def _edit(self, use: Use) -> Edit | None:
        node, new = use.reference.node, self.names.get(use.found)
        if new is None:
            return None
        name = node if use.whole or isinstance(node, ast.Name) else node.value
        old = ast.unparse(name)
        return None if new == old else (name.lineno, name.col_offset, int(name.end_col_offset or 0), old, new)

    def _own_name(self, node: ast.stmt, place: Ours) -> list[Edit | None]:
        new = self.names[place]
        if new == place[1]:
            return []
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            word = "def " if isinstance(node, ast.FunctionDef) else "class "
            start = node.col_offset + len(word)
            return [(node.lineno, start, start + len(place[1].encode()), place[1], new)]
        return [
            (part.lineno, part.col_offset, int(part.end_col_offset or 0), part.id, new)
            for part in ast.walk(node)
            if isinstance(part, ast.Name) and part.id == place[1] and isinstance(part.ctx, ast.Store)
        ]
