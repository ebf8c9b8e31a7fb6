"""Trained models for the tests of compiling: a table of mixed columns with gaps, and recipes on it."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mlregistry.ml import recipes, training
from mlregistry.ml.compiling import measuring, parity, probes
from mlregistry.ml.compiling.candidates import CANDIDATES, Candidate
from mlregistry.ml.compiling.measuring import Outcome
from mlregistry.ml.compiling.parity import Native
from mlregistry.ml.problems import ProblemSpec


@functools.cache
def mixed(n: int = 240, target: str = "two") -> pd.DataFrame:
    """Numbers with gaps, whole numbers, truth values, categories with gaps, a time, and a target `y`."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "age": rng.normal(40, 12, n).round(1),
            "income": rng.lognormal(8, 1, n),
            "visits": rng.integers(0, 50, n),
            "member": rng.random(n) < 0.5,
            "plan": rng.choice(["basic", "plus", "pro"], n),
            "city": rng.choice(["Bern", "Köln", "Łódź", "大阪"], n),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1500, n), unit="D"),
        }
    )
    score = frame["age"] / 12 + (frame["plan"] == "pro") * 2 + frame["member"] + rng.normal(size=n)
    frame.loc[rng.random(n) < 0.1, "age"] = np.nan
    frame.loc[rng.random(n) < 0.1, "city"] = None
    targets: dict[str, Any] = {
        "two": np.where(score > score.median(), "yes", "no"),
        "three": np.select([score < 4, score < 5.5], ["low", "middle"], "high"),
        "number": score * 10,
    }
    frame["y"] = targets[target]
    return frame


def trained(
    estimator: str, params: dict[str, Any] | None = None, *, target: str = "two", **recipe: Any
) -> Native:
    """A pipeline trained as the training job does it."""
    kind = "regression" if target == "number" else "classification"
    metric, direction = ("rmse", "minimize") if kind == "regression" else ("accuracy", "maximize")
    frame = mixed(target=target)
    spec = ProblemSpec(kind, (), "y", metric, direction, None)
    wanted = recipes.parse({"estimator": estimator, "params": params or {}, "seed": 1, **recipe}, kind=kind)
    result = training.train(spec, wanted, frame, lambda fraction, message: None)
    return Native(result.pipeline, result.signature)


def rows_of(native: Native, target: str = "two") -> list[probes.Row]:
    return probes.plain_rows(mixed(target=target), native.signature, 240)


def gated(native: Native, *, target: str = "two", candidates: list[Candidate] | None = None) -> Outcome:
    """What the gate says of the NumPy form, or of these candidates."""
    chosen = [CANDIDATES["numpy"]] if candidates is None else candidates
    with tempfile.TemporaryDirectory() as folder:
        return measuring.compile_best(native, rows_of(native, target), Path(folder), tried=chosen)


def line_of(outcome: Outcome, name: str = "numpy") -> dict[str, Any]:
    found: dict[str, Any] = next(line for line in outcome.report["candidates"] if line["name"] == name)
    return found


def quick(monkeypatch: Any) -> None:
    """Measures as short as can be: these tests are about answers."""
    monkeypatch.setattr(measuring, "SECONDS", 0.0)
    monkeypatch.setattr(measuring, "N_MANY", 20)


__all__ = ["gated", "line_of", "mixed", "parity", "quick", "rows_of", "trained"]
