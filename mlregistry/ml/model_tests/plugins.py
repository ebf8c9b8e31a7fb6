"""Checks of the operator's own: Python files of one folder. Only the job's process reads them as code.

Each file has CHECKS, a tuple of `Check`; a file that cannot be read becomes a check that breaks and says why.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlregistry.ml.model_tests.blocking import PLUGIN
from mlregistry.ml.model_tests.check import ALL, BLOCKS, WARNS, Check
from mlregistry.ml.model_tests.result import Result, broke

if TYPE_CHECKING:
    from mlregistry.ml.model_tests.subject import Subject

GROUP = "Plugins"
NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
MOST_FILES = 100
MOST_BYTES = 1_000_000
MOST_CHECKS = 100
LONGEST_TEXT = 300


@dataclass(frozen=True)
class File:
    """A plugin file as it lies there."""

    name: str
    size: int
    sha256: str


def files(folder: str) -> list[File]:
    """What lies in the folder, by name, without running any of it."""
    return [
        File(path.name, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in _paths(folder)
    ]


def checks(folder: str) -> list[Check]:
    """Those of every file, named after the file; runs the files."""
    return [check for path in _paths(folder) for check in _of_file(path)]


def is_plugin(check: Check) -> bool:
    return check.name.startswith(PLUGIN)


def _paths(folder: str) -> list[Path]:
    """The Python files of the folder itself; no link that leads out of it."""
    place = Path(folder)
    if not folder or not place.is_dir():
        return []
    inside = place.resolve()
    found = [
        path for path in sorted(place.glob("*.py")) if path.resolve().parent == inside and path.is_file()
    ]
    return [path for path in found if path.stat().st_size <= MOST_BYTES][:MOST_FILES]


def _of_file(path: Path) -> list[Check]:
    try:
        brought = list(_loaded(path).CHECKS)
        if len(brought) > MOST_CHECKS:
            raise ValueError(f"it has more than {MOST_CHECKS} checks")
        return [_named(path, one, brought) for one in brought]
    except Exception as error:  # a file may raise anything; the others are read
        return [_unreadable(path, f"{type(error).__name__}: {error}")]


def _loaded(path: Path) -> Any:
    name = f"mlregistry_model_tests_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError("it is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses of the file look themselves up there
    spec.loader.exec_module(module)
    return module


def _named(path: Path, one: Any, brought: Sequence[Any]) -> Check:
    if not isinstance(one, Check):
        raise TypeError(f"{one!r} is no Check")
    if not NAME.fullmatch(one.name) or [other.name for other in brought].count(one.name) > 1:
        raise ValueError(f"the name {one.name!r} is none of small letters, digits and _, or comes twice")
    if one.severity not in (BLOCKS, WARNS) or not set(one.kinds) <= set(ALL) or not callable(one.function):
        raise ValueError(f"{one.name} has a severity, kinds or function that there is not")
    title, about = str(one.title)[:LONGEST_TEXT], str(one.about)[:LONGEST_TEXT]
    return replace(one, name=f"{PLUGIN}{path.stem}.{one.name}"[:190], title=title, about=about, group=GROUP)


def _unreadable(path: Path, why: str) -> Check:
    def report(subject: Subject) -> Result:
        return broke(f"The file {path.name} brings no checks: {why}"[:400])

    return Check(f"{PLUGIN}{path.stem}"[:190], f"File {path.name}", GROUP, report, "its checks can be read")
