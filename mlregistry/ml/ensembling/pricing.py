"""What a model costs to use: milliseconds of one request, and of a row in a batch. Called by the closing job."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mlregistry.ml import packaging
from mlregistry.ml.compiling import compiler, parity, probes
from mlregistry.ml.compiling.scoring import CompiledModel
from mlregistry.ml.signature import Signature

BATCH = 1000
REPEATS = 7
MOST_SECONDS = 1.5
NATIVE, COMPILED = "native", "compiled"


@dataclass(frozen=True)
class Price:
    """Of the model as it is served, on this machine; `form` answers a request: compiled or native."""

    ms_per_request: float
    ms_per_row: float
    form: str


def price(pipeline: Any, signature: Signature, frame: pd.DataFrame) -> Price:
    """The least of a few tries, which other work on the machine disturbs least; `frame` has a row or more."""
    one, many = frame.iloc[:1], _repeated(frame)
    packaging.predict(pipeline, signature, one)
    request = _least(lambda: packaging.predict(pipeline, signature, one))
    batch = _least(lambda: packaging.predict(pipeline, signature, many))
    form, compiled = NATIVE, compiled_form(pipeline, signature, frame)
    if compiled is not None:
        rows = probes.plain_rows(many, signature, BATCH)
        quick = _least(lambda: compiled.score(rows[:1]))
        form, request = (COMPILED, quick) if quick < request else (NATIVE, request)
        batch = min(batch, _least(lambda: compiled.score(rows)))
    return Price(round(request * 1000, 3), round(batch * 1000 / len(many), 5), form)


def compiled_form(pipeline: Any, signature: Signature, frame: pd.DataFrame) -> CompiledModel | None:
    """The form that will serve if the gate lets it: one that answers these rows as the pipeline does."""
    rows = probes.plain_rows(frame, signature, len(frame))
    try:
        found = CompiledModel(compiler.compile_model(pipeline, signature), signature)
        told = found.score(rows)
    except Exception:  # there is no form, or it does not take these rows: the native model serves
        return None
    apart, wrong = parity.answers_apart(packaging.predict(pipeline, signature, signature.frame(rows)), told)
    return found if not wrong and apart <= parity.TOLERANCES["float64"] else None


def _repeated(frame: pd.DataFrame) -> pd.DataFrame:
    copies = -(-BATCH // len(frame))
    return pd.concat([frame] * copies, ignore_index=True).iloc[:BATCH]


def _least(call: Callable[[], Any]) -> float:
    least, started = float("inf"), time.perf_counter()
    for _ in range(REPEATS):
        before = time.perf_counter()
        call()
        least = min(least, time.perf_counter() - before)
        if time.perf_counter() - started > MOST_SECONDS:
            break
    return least
