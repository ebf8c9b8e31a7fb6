"""Which results keep a gate shut. Called by gates and pages, which need nothing else of the checks."""

from __future__ import annotations

from collections.abc import Sequence

from mlregistry.ml.model_tests.check import BLOCKS

DECLARED = "declared: "
PLUGIN = "plugin: "


def is_blocking(name: str, severity: str, chosen: Sequence[str] | None) -> bool:
    """By the model's own choice; without one, the checks whose severity is to block.

    Declared expectations and the operator's own checks are not chosen by name: their severity decides.
    """
    if chosen is None or name.startswith((DECLARED, PLUGIN)):
        return severity == BLOCKS
    return name in chosen
