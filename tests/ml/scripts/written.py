"""Trains as the server does and by the script of the run, in a process without this package."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import threadpoolctl

from mlregistry.ml import environment, pipelines, recipes, tables, training, training_steps
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recipes import Recipe
from mlregistry.ml.scripts import writing
from mlregistry.ml.scripts.writing import Script
from mlregistry.ml.supervised.adjusting import fit_adjusted
from mlregistry.ml.supervised.crossing import cross_validate, means
from mlregistry.ml.supervised.fitting import measure_parts
from mlregistry.ml.supervised.table import SUPERVISED, part, prepare
from mlregistry.ml.table_digest import table_digest

THREADS = {"blas": 2, "openmp": 2}
ALL = """
import contextlib, io, json, runpy, sys, warnings
warnings.simplefilter("ignore")
found = {}
for name in sys.argv[1:]:
    out = io.StringIO()
    sys.argv = [name + "/run.py", name + "/table.parquet"]
    with contextlib.redirect_stdout(out):
        runpy.run_path(name + "/run.py", run_name="__main__")
    found[name] = json.loads(out.getvalue())
foreign = [name for name in sys.modules if name.split(".")[0] in ("mlregistry", "django", "experiments")]
assert not foreign, foreign
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Case:
    folder: Path
    spec: ProblemSpec
    text: str
    metrics: dict[str, float]


def case(folder: Path, spec: ProblemSpec, frame: pd.DataFrame, **recipe: Any) -> Case:
    """Data file and script of a training in `folder`, with the metrics that the server's own training gave."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "table.parquet"
    with duckdb.connect() as connection:
        connection.register("made", frame)
        connection.execute(f"COPY (SELECT * FROM made) TO '{path}' (FORMAT parquet)")  # noqa: S608  # no text of anybody else's
    table = tables.load(path)
    parsed = recipes.parse(recipe, kind=spec.kind)
    with threadpoolctl.threadpool_limits(THREADS):
        metrics = trained(spec, parsed, table)
    wanted = Script(
        name="run.py",
        data='It\'s "a table" v1',
        spec=spec,
        recipe=parsed,
        columns=list(table.columns),
        table_digest=table_digest(table),
        libraries=environment.libraries(),
        threads=THREADS,
    )
    text = writing.to_script(wanted)
    (folder / "run.py").write_text(text, encoding="utf-8")
    return Case(folder, spec, text, metrics)


def trained(spec: ProblemSpec, recipe: Recipe, table: pd.DataFrame) -> dict[str, float]:
    """The metrics of a training; without intervals and curves, which take most of its time."""
    if spec.kind not in SUPERVISED:
        return training.train(spec, recipe, table, quiet).metrics
    work = prepare(spec, recipe, table, quiet)
    parts = part(work)
    pipeline = pipelines.build(spec.kind, work.recipe)
    fit_adjusted(work, pipeline, parts.train)
    training_steps.settle(pipeline, work.warnings)
    with training_steps.lenient(pipeline):
        measured, _ = measure_parts(work, pipeline, parts)
    if recipe.folds:
        measured |= means(list(cross_validate(work, pipeline, parts.train)))
    return measured


def quiet(fraction: float, message: str) -> None:
    """A report that goes nowhere."""


def alone(made: Case, *options: str) -> subprocess.CompletedProcess[str]:
    """The script in a fresh process that sees installed libraries only."""
    command = [sys.executable, "-I", "run.py", "table.parquet", *options]
    return subprocess.run(command, cwd=made.folder, capture_output=True, text=True, timeout=240, check=False)


def together(folder: Path, names: Sequence[str]) -> dict[str, dict[str, float]]:
    """The metrics of many scripts, one after the other in one fresh process."""
    (folder / "all.py").write_text(ALL)
    command = [sys.executable, "-I", "all.py", *names]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, dict[str, float]] = json.loads(done.stdout)
    return found


def same_bits(one: dict[str, float], other: dict[str, float]) -> bool:
    return {name: value.hex() for name, value in one.items()} == {
        name: float(value).hex() for name, value in other.items()
    }
