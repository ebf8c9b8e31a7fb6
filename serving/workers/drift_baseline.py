"""What a version's baseline is made of: the inputs of all its training rows, and its answers to those it never saw.

Answers to rows that it was trained on would be surer than those of live ones. The job serving.make_baseline calls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.queries.datasets import local_paths
from experiments.queries.provenance import spec_for
from mlregistry.errors import Invalid, MlregistryError
from mlregistry.lib.lazily import lazily
from mlregistry.ml import tables
from mlregistry.ml.drift.baselines import (
    INPUT,
    MOST_COLUMNS,
    PREDICTION,
    PROBABILITY,
    TRUTH,
    Baseline,
    WatchedColumn,
    baseline_of,
)
from mlregistry.ml.drift.counters import Counters, counted_values
from mlregistry.ml.drift.folding import values_of
from mlregistry.ml.drift.parquet_rows import open_table
from mlregistry.ml.drift.values import CATEGORICAL, Values, of_array
from mlregistry.ml.metrics import class_numbers
from mlregistry.ml.monitoring import calibrations, estimated, loss_models
from mlregistry.ml.recipes import parse
from mlregistry.ml.signature import kind_of, plain
from mlregistry.ml.supervised import table
from models_app.models import ModelVersion
from serving.model_files import load_whole
from serving.models import DriftBaseline
from serving.queries.routing import handle_of

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
else:
    np, pd = lazily("numpy"), lazily("pandas")

MOST_ANSWERED = 20_000
MOST_LEARNT = 10_000  # rows that a regression's errors are learnt on
CHUNK = 500
SEED = 20_241
Report = Callable[[float, str], None]


@dataclass
class Found:
    """The values of each watched column; `calibration` is that of a classifier's probabilities, or what
    tells a regression's errors, learnt on its test rows."""

    values: dict[str, Values] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    n_rows: int = 0
    calibration: Any = None

    def laid_out(self) -> tuple[Baseline, Counters]:
        """The grids and what lies in them."""
        baseline = baseline_of(self.values)
        return baseline, counted_values(baseline, self.values, n_rows=self.n_rows)


@dataclass(frozen=True)
class _Unseen:
    """Test rows, at most 20,000: their inputs and truths."""

    inputs: pd.DataFrame
    truths: Any


def made(row: DriftBaseline, report: Report) -> Found:
    """What there is to compare with, and what could not be had; Invalid where the training rows are not known here."""
    version = row.version
    data = version.run.dataset_version if version.run is not None else None
    if data is None:
        raise Invalid(
            "It was not trained on a dataset version of this server, so there are no rows to compare with."
        )
    DriftBaseline.objects.filter(pk=row.pk).update(dataset_version=data)
    found = Found()
    with local_paths(data) as paths:
        _inputs(version, paths, found, report)
        _outcomes(version, paths, found, report)
    report(0.95, "Laying out the cells")
    return found


def _inputs(version: ModelVersion, paths: Sequence[Path], found: Found, report: Report) -> None:
    """Of all rows, one column in memory at a time."""
    names = [str(one["name"]) for one in version.served_signature.get("inputs") or ()][:MOST_COLUMNS]
    with open_table(paths) as rows:
        found.n_rows = rows.n_rows
        for place, name in enumerate(names):
            report(0.6 * place / len(names), f"Reading {name}")
            if name in rows.fields:
                found.values[INPUT + name] = rows.values(name)
            else:
                found.notes.append(f"The training data have no column “{name}”.")


def _outcomes(version: ModelVersion, paths: Sequence[Path], found: Found, report: Report) -> None:
    """Truths of all rows, and answers to some of the test rows; without them inputs are watched all the same."""
    kind = kind_of(version.served_signature)
    if kind not in table.SUPERVISED:
        found.notes.append(f"Answers of models for {kind} are not compared.")
        return
    try:
        report(0.6, "Parting the rows")
        work = _work(version, paths)
        found.values[TRUTH + work.spec.target] = _values(work.frame[work.spec.target], kind)
        report(0.7, "Asking the model about rows it has not seen")
        _answers(version, _unseen(version, work), kind, found, report)
    except MlregistryError as error:
        found.notes.append(f"Answers are not compared: {error.message}")
    except (KeyError, ValueError, OSError) as error:
        found.notes.append(f"Answers are not compared: {type(error).__name__}: {error}"[:500])


def _work(version: ModelVersion, paths: Sequence[Path]) -> table.Work:
    run = version.run
    spec = spec_for(run) if run is not None else None
    if run is None or spec is None or not run.recipe:
        raise Invalid("The version's recipe or problem is not known here.")
    return table.prepare(spec, parse(run.recipe, kind=spec.kind), tables.load(list(paths)), _silent)


def _unseen(version: ModelVersion, work: table.Work) -> _Unseen:
    test = np.asarray(table.part(work).test)
    if len(test) > MOST_ANSWERED:
        test = np.sort(np.random.default_rng(SEED).choice(test, MOST_ANSWERED, replace=False))
    names = [str(one["name"]) for one in version.served_signature["inputs"]]
    return _Unseen(work.frame.iloc[test][names], work.target[test])


def _answers(version: ModelVersion, unseen: _Unseen, kind: str, found: Found, report: Report) -> None:
    model, frame = load_whole(handle_of(version)), unseen.inputs
    names = [str(name) for name in frame.columns]
    rows: list[dict[str, Any]] = []
    predictions: list[Any] = []
    probabilities: list[Any] = []
    for start in range(0, len(frame), CHUNK):
        cells = frame.iloc[start : start + CHUNK].itertuples(index=False, name=None)
        asked = [dict(zip(names, map(plain, row), strict=True)) for row in cells]
        scores = model.score(asked)
        predictions += scores["predictions"]
        probabilities += scores.get("probabilities") or []
        rows += asked[: max(0, MOST_LEARNT - len(rows))] if kind == "regression" else []
        report(0.7 + 0.25 * start / len(frame), f"{len(predictions):,} rows answered")
    found.values[PREDICTION] = _values(predictions, kind)
    if probabilities:
        _sure(version, np.array(probabilities, dtype=float), unseen.truths, found)
    if kind == "regression":
        _losses(version, rows, predictions, unseen.truths, found)


def _sure(version: ModelVersion, probabilities: Any, truths: Any, found: Found) -> None:
    """A column for each class, and what probabilities are worth."""
    classes = list(version.served_signature.get("classes") or ())
    for place, each in enumerate(classes):
        found.values[f"{PROBABILITY}{each}"] = of_array(probabilities[:, place])
    try:
        calibration = estimated.calibrated(probabilities, class_numbers(truths, classes))
    except MlregistryError as error:
        found.notes.append(f"Quality is not estimated: {error.message}")
    else:
        found.calibration = calibrations.to_json(calibration)


def _losses(
    version: ModelVersion,
    rows: Sequence[dict[str, Any]],
    predictions: Sequence[Any],
    truths: Any,
    found: Found,
) -> None:
    """How large a regression's errors are on rows like these."""
    types = {str(one["name"]): str(one["type"]) for one in version.served_signature["inputs"]}
    n = len(rows)
    predicted, truth = (np.asarray(side[:n], dtype=np.float64) for side in (predictions, truths))
    try:
        found.calibration = loss_models.learnt(types, rows, predicted, truth).to_json()
    except MlregistryError as error:
        found.notes.append(f"Quality is not estimated: {error.message}")


def _values(values: Any, kind: str) -> Values:
    """Classes are categories, whatever they are written as."""
    if kind == "classification":
        return values_of(WatchedColumn("", CATEGORICAL), values)
    return of_array(np.asarray(values, dtype=np.float64))


def _silent(fraction: float, message: str) -> None:
    """Parting the rows is a small part of the job."""
