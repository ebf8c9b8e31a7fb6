"""The faster forms that are tried for a model: ours, and those of packages where they are installed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mlregistry.ml.compiling import onnx_forms
from mlregistry.ml.compiling.compiler import compile_model
from mlregistry.ml.compiling.forms import Form
from mlregistry.ml.signature import Signature


@dataclass(frozen=True)
class Candidate:
    """`precision` decides the tolerance; `make` raises Unsupported; `available` is False without its package."""

    name: str
    title: str
    precision: str
    make: Callable[[Any, Signature], Form]
    available: Callable[[], bool] = lambda: True


CANDIDATES: Mapping[str, Candidate] = {
    one.name: one
    for one in (
        Candidate("numpy", "NumPy and Numba", "float64", compile_model),
        Candidate(
            "onnx_float64", "ONNX Runtime, 64 bits", "float64", onnx_forms.double, onnx_forms.is_installed
        ),
        Candidate(
            "onnx_float32", "ONNX Runtime, 32 bits", "float32", onnx_forms.single, onnx_forms.is_installed
        ),
    )
}


def available() -> list[Candidate]:
    return [candidate for candidate in CANDIDATES.values() if candidate.available()]
