"""One whole supervised training: splits, fits, scores, curves, signature. Called by ml.training."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from mlregistry.ml import curves, in_time, metrics, pipelines, signature, splits, targets, training_steps
from mlregistry.ml.metrics import MAXIMIZE, Outcome
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recipes import Recipe
from mlregistry.ml.signature import Signature
from mlregistry.ml.supervised import table
from mlregistry.ml.supervised.carrying import Carrier
from mlregistry.ml.supervised.crossing import means
from mlregistry.ml.supervised.evaluating import Evaluation, digest, evaluate
from mlregistry.ml.supervised.fitting import measure_parts, outcome_of
from mlregistry.ml.supervised.table import Report, Work
from mlregistry.ml.training_result import Told, TrainingResult, nobody

N_EXAMPLE_ROWS = 5
NO_TIME = "There was no time left for all of the intervals and drawings."


def train(
    spec: ProblemSpec,
    recipe: Recipe,
    frame: pd.DataFrame,
    report: Report,
    tell: Told = nobody,
    carrier: Carrier | None = None,
) -> TrainingResult:
    """Train on `frame` (raw columns); the same spec, recipe and frame give the same result, whatever the carrier.

    Raises Invalid naming the column or field for data or recipes that cannot be trained.
    """
    start = time.perf_counter()
    report(0.0, "Checking the table")
    work = table.prepare(spec, recipe, frame, report)
    with work.timed("prepare"):
        parts = table.part(work)
        pipeline = pipelines.build(spec.kind, work.recipe)
    carrier = carrier or Carrier()
    report(0.1, f"Fitting {work.recipe.estimator} on {len(parts.train):,} rows")
    with work.timed("fit"):
        carrier.fit(work, pipeline, parts.train)
        used = training_steps.settle(pipeline, work.warnings)
    report(0.3, "Measuring")
    with work.timed("evaluate"), training_steps.lenient(pipeline):
        measured, outcome = measure_parts(work, pipeline, parts)
    tell(measured, digest(work.numbers[parts.test]))
    with work.timed("cross_validation"):
        by_fold = carrier.folds(work, pipeline, parts.train)
    measured |= means(by_fold)
    found, drawn = Evaluation({}), dict[str, dict[str, Any]]()
    with in_time.until(carrier.leave_by) as left_out:
        report(0.8, "Measuring how sure the figures are")
        with work.timed("intervals"):
            found = evaluate(work, pipeline, parts, outcome, by_fold)
        report(0.85, "Drawing curves")
        with work.timed("curves"), training_steps.lenient(pipeline):
            drawn = _draw(work, pipeline, used, outcome, parts)
    if left_out:
        work.warnings.append(NO_TIME)
    examples = training_steps.example_rows(pipeline, work.frame[used], parts.test, N_EXAMPLE_ROWS)
    work.seconds["total"] = round(time.perf_counter() - start, 6)
    report(1.0, "Finished")
    return TrainingResult(
        pipeline=pipeline,
        metrics=measured,
        curves=drawn,
        signature=_signature(work, work.frame[used]),
        n_rows=work.n_rows,
        input_example=[
            {str(k): signature.plain(v) for k, v in row.items()} for row in examples.to_dict("records")
        ],
        warnings=list(dict.fromkeys(work.warnings)),
        seconds=work.seconds,
        evaluation=found.document,
        replicates=found.replicates,
        predictions=found.predictions,
        split_digest=splits.digest(
            *(work.numbers[rows] for rows in (parts.train, parts.validation, parts.test))
        ),
    )


def _draw(
    work: Work, pipeline: Pipeline, used: list[str], outcome: Outcome, parts: splits.Parts
) -> dict[str, dict[str, Any]]:
    rows, frame, earlier = parts.test, work.frame[used].iloc[parts.test], work.frame[used].iloc[parts.train]
    drawn = curves.classification(outcome, work.classes) if work.classes else curves.regression(outcome)
    chosen = metrics.metric(work.spec.kind, work.spec.primary_metric)
    targets_by_row = pd.Series(list(work.target[rows]), index=frame.index)

    def scores(pieces: list[pd.DataFrame]) -> list[float]:
        truth = np.array(targets_by_row.loc[pieces[0].index].tolist() * len(pieces))
        if training_steps.looks_back(pipeline):
            one = truth[: len(pieces[0])]
            return [
                float(chosen.function(outcome_of(work, pipeline, piece, one, earlier))) for piece in pieces
            ]
        outcome = outcome_of(work, pipeline, pd.concat(pieces), truth)
        return [float(chosen.function(outcome.part(i, len(pieces)))) for i in range(len(pieces))]

    gain = 1.0 if chosen.direction == MAXIMIZE else -1.0
    drawn["importance"] = curves.importance(
        scores, frame, gain=gain, metric=chosen.title, seed=work.recipe.seed
    )
    return drawn


def _signature(work: Work, frame: pd.DataFrame) -> Signature:
    output = targets.class_type(work.classes) if work.classes else "float"
    return signature.infer(frame, target=work.spec.target, output_type=output, classes=work.classes)
