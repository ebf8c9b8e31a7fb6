"""How one row of the table of checks is written. The modules of checks and plugin files make them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlregistry.ml.model_tests.result import Result

if TYPE_CHECKING:
    from mlregistry.ml.model_tests.subject import Subject

BLOCKS, WARNS = "blocks", "warns"
CLASSIFICATION, REGRESSION = ("classification",), ("regression",)
SUPERVISED = ("classification", "regression")
ON_ROWS = ("classification", "regression", "clustering")
ALL = ("classification", "regression", "clustering", "recommendation")
DATA, CHAMPION, COMPILED, NEWEST, FILE = "test rows", "champion", "compiled form", "newest data", "model file"


@dataclass(frozen=True)
class Check:
    """`about` says what it looks at, for people; `needs` names what must be there, or it is skipped."""

    name: str
    title: str
    group: str
    function: Callable[[Subject], Result]
    about: str
    kinds: tuple[str, ...] = ALL
    needs: tuple[str, ...] = ()
    severity: str = BLOCKS
