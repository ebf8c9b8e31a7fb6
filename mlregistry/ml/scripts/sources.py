"""One module of ours taken apart: what it defines, imports and which names a definition needs. Called by bundling."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module, util

OURS = "mlregistry."
Ours = tuple[str, str]
"""A module of ours and a name in it; '' for the module itself."""


@dataclass(frozen=True)
class Reference:
    """A name, or an attribute of a name; `local` are the names bound in the function around it.

    A `weak` one stands in an annotation, which is never evaluated.
    """

    node: ast.Name | ast.Attribute
    name: str
    attribute: str
    local: frozenset[str]
    weak: bool


@dataclass
class Source:
    """`text` may differ from the file's: see `with_choices`."""

    module: str
    text: str
    ours: dict[str, Ours] = field(default_factory=dict)
    foreign: dict[str, str] = field(default_factory=dict)
    definitions: dict[str, ast.stmt] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for node in ast.parse(self.text).body:
            self._take(node)

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines(keepends=True)

    def _take(self, node: ast.stmt) -> None:
        if isinstance(node, ast.If):  # TYPE_CHECKING: its imports are the real ones, the others come late
            for inner in node.body:
                self._take(inner)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                self.foreign[alias.asname or alias.name.partition(".")[0]] = ast.unparse(ast.Import([alias]))
        elif isinstance(node, ast.ImportFrom):
            self._take_import(node)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            self.definitions[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for part in (part for target in targets for part in ast.walk(target)):
                if isinstance(part, ast.Name):
                    self.definitions[part.id] = node

    def _take_import(self, node: ast.ImportFrom) -> None:
        module = str(node.module)
        for alias in node.names:
            name = alias.asname or alias.name
            if not f"{module}.".startswith(OURS):
                if module != "__future__":
                    self.foreign[name] = f"from {module} import {ast.unparse(alias)}"
            elif util.find_spec(module) and _is_module(f"{module}.{alias.name}"):
                self.ours[name] = (f"{module}.{alias.name}", "")
            else:
                self.ours[name] = (module, alias.name)


def load(module: str, choices: Mapping[str, bool] | None = None) -> Source:
    """The source of a module of ours, with what `choices` decide decided."""
    text = inspect.getsource(import_module(module))
    return Source(module, with_choices(text, choices) if choices else text)


def with_choices(text: str, choices: Mapping[str, bool]) -> str:
    """The text in which each `if NAME:` or `if not NAME:` of a chosen NAME is only the branch that is taken."""
    while True:
        found = next(_chosen(ast.parse(text), choices), None)
        if found is None:
            return text
        node, branch = found
        lines = text.splitlines(keepends=True)
        kept = lines[branch[0].lineno - 1 : branch[-1].end_lineno] if branch else []
        indent = (branch[0].col_offset - node.col_offset) if branch else 0
        moved = [line[indent:] if line.strip() else line for line in kept]
        lines[node.lineno - 1 : node.end_lineno] = moved
        text = "".join(lines)


def _chosen(tree: ast.Module, choices: Mapping[str, bool]) -> Iterator[tuple[ast.If, list[ast.stmt]]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.If):
            continue
        negated = isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not)
        test = node.test.operand if isinstance(node.test, ast.UnaryOp) else node.test
        if isinstance(test, ast.Name) and test.id in choices:
            yield node, node.body if choices[test.id] != negated else node.orelse


def references(node: ast.stmt) -> Iterator[Reference]:
    """Those of a definition at the top of a module; of a class, each method has local names of its own."""
    if isinstance(node, ast.ClassDef):
        for part in [*node.bases, *node.decorator_list, *node.keywords]:
            yield from _within(part, frozenset())
        for member in node.body:
            yield from _within(member, _bound(member) if isinstance(member, ast.FunctionDef) else frozenset())
    else:
        yield from _within(node, _bound(node) if isinstance(node, ast.FunctionDef) else frozenset())


def _within(node: ast.AST, local: frozenset[str], weak: bool = False) -> Iterator[Reference]:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        yield Reference(node, node.value.id, node.attr, local, weak)
        return
    if isinstance(node, ast.Name):
        yield Reference(node, node.id, "", local, weak)
        return
    for name, value in ast.iter_fields(node):
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ast.AST):
                yield from _within(part, local, weak or name in ("annotation", "returns"))


def _bound(function: ast.FunctionDef) -> frozenset[str]:
    """Arguments, what is assigned to, and functions inside."""
    found: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.ExceptHandler | ast.FunctionDef) and node is not function and node.name:
            found.add(node.name)
    return frozenset(found)


def _is_module(name: str) -> bool:
    try:
        return util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
