"""Modules that are imported at their first use, so that a process that never trains or predicts stays small.

`mlregistry.ml` names pandas, scikit-learn and the like through it; the type checker sees the plain import.
"""

from importlib import import_module
from typing import Any


class Lazily:
    """Stands for a module until something of it is asked for; what was asked for once is then its own."""

    def __init__(self, name: str) -> None:
        self.__dict__["_name_of_the_module"] = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)  # inspection and copying must not start an import
        value = getattr(import_module(self._name_of_the_module), name)
        self.__dict__[name] = value
        return value

    def __repr__(self) -> str:
        return f"<{self._name_of_the_module}, imported at its first use>"


def lazily(name: str) -> Any:
    """The module of that full name; an ImportError comes at its first use."""
    return Lazily(name)
