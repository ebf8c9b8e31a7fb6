"""`python -m benchmarks.model_tests`: seconds of every model test on a version trained on `--rows` rows.

Four models: logistic regression, a forest of 100 trees and gradient boosting on 19 mixed columns with gaps, and a ridge
regression; each with its compiled form and a champion to be compared with.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.compiling import STEPS, _mixed
from mlregistry.ml import packaging, recipes, training
from mlregistry.ml.compiling import compiler
from mlregistry.ml.compiling.forms import Unsupported
from mlregistry.ml.compiling.scoring import CompiledModel
from mlregistry.ml.model_tests import expectations, running
from mlregistry.ml.model_tests import table as checks
from mlregistry.ml.model_tests.check import Check
from mlregistry.ml.model_tests.running import Line
from mlregistry.ml.model_tests.subject import Data, Rival, Subject
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.supervised import table as tables

DECLARED = [
    {"name": "a tenth moves little", "column": "x0", "change": "add", "value": 0.1, "expected": "same",
     "tolerance": 0.5},
]  # fmt: skip
MODELS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("logistic regression", "classification", "logistic_regression", {}),
    ("forest of 100 trees", "classification", "random_forest", {"n_estimators": 100}),
    ("gradient boosting", "classification", "hist_gradient_boosting", {}),
    ("ridge regression", "regression", "ridge", {}),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--lines", action="store_true", help="what each check found, too")
    options = parser.parse_args()
    found = {}
    for title, kind, estimator, params in MODELS:
        start = time.perf_counter()
        lines = list(running.run(_subject(kind, estimator, params, options.rows), _checks(kind)))
        found[title] = (lines, time.perf_counter() - start)
        if options.lines:
            _tell(title, lines)
    _print(found)


def _checks(kind: str) -> list[Check]:
    own = [check for check in checks.CHECKS if kind in check.kinds]
    return [*own, *checks.checks_of(expectations.parse(DECLARED))]


def _subject(kind: str, estimator: str, params: dict[str, Any], n_rows: int) -> Subject:
    frame = _mixed(n_rows)
    metric, direction = ("roc_auc", "maximize") if kind == "classification" else ("rmse", "minimize")
    if kind == "regression":
        frame["y"] = (frame["y"] == "yes") + frame.select_dtypes("number").fillna(0).sum(axis=1)
    spec = ProblemSpec(kind, (), "y", metric, direction, None)
    recipe = recipes.parse({"estimator": estimator, "params": params, "steps": STEPS}, kind=kind)
    result = training.train(spec, recipe, frame, lambda fraction, message: None)
    work = tables.prepare(spec, recipe, frame, lambda fraction, message: None)
    folder = Path(tempfile.mkdtemp(prefix="model-tests-"))
    files = packaging.save(result.pipeline, folder)
    try:
        compiled = CompiledModel(compiler.compile_model(result.pipeline, result.signature), result.signature)
    except Unsupported:
        compiled = None
    data = Data(work, tables.part(work))
    return Subject(
        result.pipeline, result.signature, spec, result.input_example, result.metrics, data,
        frame=work.frame.iloc[data.parts.test], newest=frame, compiled=compiled,
        rival=Rival("the champion", result.pipeline, result.signature), file_bytes=max(file.size for file in files),
        reloads={file.format: partial(packaging.load, folder, file) for file in files},
        declared=expectations.parse(DECLARED),
    )  # fmt: skip


def _tell(title: str, lines: Sequence[Line]) -> None:
    print(f"\n{title}")
    for line in lines:
        print(f"  {line.result.outcome:8} {line.check.title}: {line.result.sentence}")


def _print(found: dict[str, tuple[list[Line], float]]) -> None:
    print(f"\n| check | {' | '.join(found)} |")
    print("|---" * (len(found) + 1) + "|")
    names = dict.fromkeys(line.check.title for lines, _ in found.values() for line in lines)
    for name in names:
        cells = []
        for lines, _ in found.values():
            line = next((one for one in lines if one.check.title == name), None)
            cells.append("–" if line is None or line.result.outcome == "skipped" else f"{line.seconds:.2f} s")
        print(f"| {name} | {' | '.join(cells)} |")
    print(f"| **all** | {' | '.join(f'**{seconds:.1f} s**' for _, seconds in found.values())} |")
    n_run = [sum(line.result.outcome != "skipped" for line in lines) for lines, _ in found.values()]
    print(f"| checks run | {' | '.join(map(str, n_run))} |")


if __name__ == "__main__":
    main()
