"""`python -m benchmarks.compiling`: one row and 1,000 rows, native against compiled, with the parity gate's verdict.

Three models: logistic regression on 30 numbers, a forest of 100 trees on them, and imputer, scaler, one-hot and forest
on 19 mixed columns with gaps, each as a recipe trains it. `--rows` sets the size of the training table.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mlregistry.ml import packaging, recipes, training
from mlregistry.ml.compiling import candidates, measuring, probes
from mlregistry.ml.compiling.parity import Native
from mlregistry.ml.problems import ProblemSpec

SPEC = ProblemSpec("classification", (), "y", "roc_auc", "maximize", None)
STEPS = [
    {"step": "impute", "columns": {"type": "numeric"}, "method": "median"},
    {"step": "scale", "columns": {"type": "numeric"}},
    {"step": "encode", "columns": {"type": "categorical"}},
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000)
    n_rows = parser.parse_args().rows
    print(
        "| model | form | verdict | inputs | largest difference | one row | times | 1,000 rows | times | size |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    numbers, mixed = _numbers(n_rows), _mixed(n_rows)
    _measure("logistic regression, 30 numbers", numbers, "logistic_regression", {})
    _measure("forest of 100 trees, 30 numbers", numbers, "random_forest", {"n_estimators": 100})
    _measure("boosting, 30 numbers", numbers, "hist_gradient_boosting", {})
    _measure(
        "imputer, scaler, one-hot, forest of 100; 19 mixed columns",
        mixed,
        "random_forest",
        {"n_estimators": 100},
        STEPS,
    )
    _measure(
        "imputer, scaler, one-hot, logistic regression; 19 mixed columns",
        mixed,
        "logistic_regression",
        {},
        STEPS,
    )


def _measure(
    title: str, frame: pd.DataFrame, estimator: str, params: dict[str, Any], steps: Any = None
) -> None:
    given = {"estimator": estimator, "params": params, "seed": 1, **({"steps": steps} if steps else {})}
    recipe = recipes.parse(given, kind=SPEC.kind)
    result = training.train(SPEC, recipe, frame, lambda fraction, message: None)
    rows = probes.plain_rows(frame, result.signature, measuring.N_MANY)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = packaging.save(result.pipeline, folder)[0].size
        native = Native(result.pipeline, result.signature)
        outcome = measuring.compile_best(native, rows, folder, native_size=size, tried=candidates.available())
    first = outcome.report["candidates"][0]
    for line in outcome.report["candidates"]:
        print(_line(title, first, line, outcome.report["n_inputs"]), flush=True)


def _line(title: str, native: dict[str, Any], line: dict[str, Any], n_inputs: int) -> str:
    if line["seconds_one"] is None:
        return f"| {title} | {line['title']} | {line['verdict']}: {line['reason']} | | | | | | | |"
    one, many = line["seconds_one"], line["seconds_many"]
    return (
        f"| {title} | {line['title']} | {line['verdict']} | {n_inputs:,} | {line['worst']:.1e}"
        f" | {1e3 * one:.3f} ms | {native['seconds_one'] / one:.0f} × | {1e3 * many:.1f} ms"
        f" | {native['seconds_many'] / many:.1f} × | {line['size'] / 1e6:.2f} MB |"
    )


def _numbers(n_rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(n_rows, 30))
    frame = pd.DataFrame(values, columns=[f"x{place}" for place in range(30)])
    score = values[:, 0] + values[:, 1] * values[:, 2] + rng.normal(size=n_rows)
    return frame.assign(y=np.where(score > 0, "yes", "no"))


def _mixed(n_rows: int) -> pd.DataFrame:
    """Eight numbers, two of them with gaps, and eleven categories, one of them with gaps."""
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({f"x{place}": rng.normal(size=n_rows) for place in range(8)})
    for place in range(11):
        frame[f"c{place}"] = rng.choice([f"value {number}" for number in range(3 + place)], n_rows)
    score = frame["x0"] + (frame["c1"] == "value 1") - frame["x1"] ** 2 + rng.normal(size=n_rows)
    for name in ("x0", "x5", "c3"):
        frame.loc[rng.random(n_rows) < 0.1, name] = None
    return frame.assign(y=np.where(score > score.median(), "yes", "no"))


if __name__ == "__main__":
    main()
