"""The compiled form of a version on the prediction path, and the sample of its answers that is scored again.

`models` loads it. What it refuses, the native pipeline answers.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily
from mlregistry.lib.processors import at_work
from mlregistry.ml import packaging
from mlregistry.ml.compiling.names import COMPILED
from mlregistry.ml.signature import Signature
from serving.hotpath.snapshot import ModelHandle

if TYPE_CHECKING:
    from mlregistry.ml.compiling import forms, scoring, storing
else:
    forms, scoring = lazily("mlregistry.ml.compiling.forms"), lazily("mlregistry.ml.compiling.scoring")
    storing = lazily("mlregistry.ml.compiling.storing")

logger = logging.getLogger(__name__)
Rows = Sequence[dict[str, Any]]
MANY = 64  # rows: their arithmetic is done without the interpreter's lock


@dataclass(frozen=True, slots=True)
class Compiled:
    """Answers requests of up to `most_rows` rows (None: of any number), to within its `precision`."""

    model: scoring.CompiledModel
    most_rows: int | None = None
    precision: str = "float64"

    def score(self, rows: Rows) -> dict[str, Any] | None:
        """None where the native pipeline is to answer. Invalid names column and row, as it does."""
        n_rows = len(rows)
        if self.most_rows is not None and n_rows > self.most_rows:
            return None
        try:
            if n_rows < MANY:
                return self.model.score(rows)
            with at_work():
                return self.model.score(rows)
        except forms.Refused:
            return None


def load_compiled(handle: ModelHandle, signature: Signature) -> Compiled | None:
    """None for a version without one, and for a file that is not what the gate passed: native serves then."""
    if handle.compiled is None:
        return None
    try:
        path = Path(str(handle.compiled["folder"])) / COMPILED
        _check(path, handle.compiled)
        told = handle.compiled
        return Compiled(
            scoring.CompiledModel(storing.load(path), signature),
            told.get("most_rows"),
            told.get("precision", "float64"),
        )
    except Exception:
        # Whatever is wrong with the file: the version is served all the same, only slower.
        logger.exception("the compiled form of version %s of %s is not used", handle.version, handle.name)
        return None


def _check(path: Path, compiled: Mapping[str, Any]) -> None:
    if packaging.sha256_of(path) != compiled["sha256"]:
        raise ValueError("its SHA-256 is not the recorded one")
