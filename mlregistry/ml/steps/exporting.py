"""A recipe as a Python file that stands alone: the code of its steps, the pipeline as an expression, a command line.

The code is that of the server itself, so the features are the same to the bit. User text is in literals only.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

from sklearn.base import BaseEstimator

from mlregistry.errors import Invalid
from mlregistry.ml.steps import compiling, finishing, frames, reading, rows
from mlregistry.ml.steps.catalogue import Making
from mlregistry.ml.steps.parsing import Step

OURS = "mlregistry."
SHIMMED = "mlregistry.errors"  # its one class that is used is written out below
ERROR = '''
class Invalid(ValueError):
    """What is wrong, in a sentence."""

    def __init__(self, message: str, *, field: str | None = None, details: list[str] | None = None) -> None:
        super().__init__(message)
        self.field = field
'''
HEAD = '''"""The features of a recipe, as code that needs NumPy, pandas and scikit-learn only.

    python {file} table.csv --target {hint} --out features.csv

or in a program: `pipeline = make_features()`, `pipeline.fit_transform(training_rows(table, target)[features], y)`.
Fit on training rows; `pipeline.transform` then gives the same features for any other rows.
"""
'''
TAIL = '''

def main() -> None:
    """Fit on a CSV or Parquet file and write its features."""
    options = argparse.ArgumentParser(description=main.__doc__)
    options.add_argument("table")
    options.add_argument("--target", default=TARGET)
    options.add_argument("--out", default="features.csv")
    given = options.parse_args()
    table = read_table(given.table)
    table = training_rows(table[table[given.target].notna()], given.target)
    pipeline = make_features()
    names = FEATURES or [name for name in table.columns if name != given.target]
    matrix = pipeline.fit_transform(table[names], table[given.target].to_numpy())
    pd.DataFrame(matrix, columns=pipeline.get_feature_names_out()).to_csv(given.out, index=False)


if __name__ == "__main__":
    main()
'''


def to_python(
    steps: Sequence[Step], making: Making, *, target: str, features: Sequence[str] = (), gaps: bool = False
) -> str:
    """The file's text. `features` empty: every column but the target; `gaps`: the estimator takes missing values."""
    parts = compiling.features(steps, making, gaps=gaps)
    modules = modules_of([part for _, part in parts], on_rows=any(step.on_rows for step in steps))
    _refuse_collisions(modules)
    imports: set[str] = {"import argparse", "import pandas as pd", "from sklearn.pipeline import Pipeline"}
    bodies = [_body(module, imports) for module in modules]
    expressions = [f"            ({name!r}, {expression(part, imports)})," for name, part in parts]
    pieces = [
        HEAD.format(file="recipe.py", hint="TARGET"),
        "from __future__ import annotations\n",
        sorted_imports(imports),
        ERROR,
        *bodies,
        f"TARGET = {target!r}\nFEATURES: list[str] = {list(features)!r}\n",
        _training_rows(steps),
        "\n\ndef make_features() -> Pipeline:\n"
        '    """The steps, unfitted: from a frame of raw columns to a matrix of float64."""\n'
        "    return Pipeline(\n        [\n" + "\n".join(expressions) + "\n        ]\n    )\n",
        TAIL,
    ]
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(pieces))


def modules_of(parts: Sequence[Any], *, on_rows: bool) -> list[ModuleType]:
    """The modules of ours that the parts come from, and what those build on, each after what it imports."""
    names = [type(one).__module__ for part in parts for one in (part, getattr(part, "transformer", part))]
    wanted = [frames, finishing, reading, *([rows] if on_rows else [])]
    wanted += [import_module(name) for name in names if name.startswith(OURS)]
    ordered: list[ModuleType] = []
    for module in wanted:
        _visit(module, ordered)
    return ordered


def _visit(module: ModuleType, ordered: list[ModuleType]) -> None:
    if module in ordered:
        return
    for name in imported_of_ours(module):
        _visit(import_module(name), ordered)
    if module not in ordered:
        ordered.append(module)


def imported_of_ours(module: ModuleType) -> list[str]:
    """The modules of ours that this one imports from."""
    nodes = ast.parse(inspect.getsource(module)).body
    found = [str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)]
    return [name for name in found if name.startswith(OURS) and name != SHIMMED]


def names_in(module: ModuleType) -> set[str]:
    """What the module defines at its top."""
    found: set[str] = set()
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        found |= {
            part.id for target in targets if target for part in ast.walk(target) if isinstance(part, ast.Name)
        }
    return found


def _refuse_collisions(modules: Sequence[ModuleType]) -> None:
    """In one file two modules may not define the same name; a test holds those of the steps to it."""
    seen: set[str] = set()
    for module in modules:
        double = seen & names_in(module)
        if double:
            name = module.__name__.rpartition(".")[2]
            raise Invalid(f"A recipe with a step of '{name}' cannot be written as Python yet.", field="steps")
        seen |= names_in(module)


def _body(module: ModuleType, imports: set[str]) -> str:
    """The module's code without its docstring and imports; imports of other libraries are collected."""
    source = inspect.getsource(module)
    lines = source.splitlines()
    tree = ast.parse(source)
    skipped: set[int] = set()
    for place, node in enumerate(tree.body):
        docstring = place == 0 and isinstance(node, ast.Expr)
        if docstring or isinstance(node, ast.Import | ast.ImportFrom):
            skipped |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        if isinstance(node, ast.Import):
            imports.add(ast.unparse(node))
        if isinstance(node, ast.ImportFrom) and not str(node.module).startswith(("mlregistry", "__future__")):
            imports |= {f"from {node.module} import {alias.name}" for alias in node.names}
    return "\n".join(line for number, line in enumerate(lines, 1) if number not in skipped).strip() + "\n\n"


def sorted_imports(imports: set[str]) -> str:
    """Whole modules first; what must be switched on before all others."""
    ordered = sorted(
        imports,
        key=lambda line: ("enable_iterative_imputer" not in line, not line.startswith("import"), line),
    )
    return "\n".join(ordered) + "\n"


def expression(value: Any, imports: set[str], ours: set[tuple[str, str]] | None = None) -> str:
    """Python that makes the value again: an estimator by its class and what differs from its defaults.

    What it names is added to `imports`, or to `ours` as (module, name) when it is a part of this package.
    """
    if isinstance(value, BaseEstimator):
        kind = type(value)
        _note(kind.__module__, kind.__name__, imports, ours)
        defaults = {name: one.default for name, one in inspect.signature(kind.__init__).parameters.items()}
        given = {
            name: one
            for name, one in value.get_params(deep=False).items()
            if not _same(one, defaults.get(name))
        }
        written = [f"{name}={expression(one, imports, ours)}" for name, one in given.items()]
        return f"{kind.__name__}({', '.join(written)})"
    if callable(value):
        _note(value.__module__, value.__name__, imports, ours)
        return str(value.__name__)
    if type(value) in (list, tuple):
        inner = ", ".join(expression(one, imports, ours) for one in value)
        return f"[{inner}]" if type(value) is list else f"({inner}{',' * (len(value) == 1)})"
    if isinstance(value, float) and value != value:
        return 'float("nan")'
    return repr(value)


def _note(module: str, name: str, imports: set[str], ours: set[tuple[str, str]] | None) -> None:
    if module.startswith(OURS):
        if ours is not None:
            ours.add((module, name))
        return
    imports.add(f"from {module.partition('._')[0]} import {name}")
    if name == "IterativeImputer":
        imports.add("from sklearn.experimental import enable_iterative_imputer")


def _same(one: Any, default: Any) -> bool:
    return one is default or (type(one) is type(default) and bool(one == default))


def _training_rows(steps: Sequence[Step]) -> str:
    lines = []
    for step in steps:
        if step.on_rows:
            function = "without_gaps" if step.kind == "drop_rows" else "without_duplicates"
            which = f", {step.options['which']!r}" if step.kind == "drop_rows" else ""
            lines.append(f"    table = table[{function}(table, target, {step.columns!r}{which})]")
    body = "\n".join([*lines, "    return table"])
    doc = '"""The rows of a training table that the recipe keeps; predictions keep all of theirs."""'
    return f"\n\ndef training_rows(table: pd.DataFrame, target: str) -> pd.DataFrame:\n    {doc}\n{body}\n"
