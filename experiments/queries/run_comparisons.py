"""Whether one run is better than another by more than noise, in a sentence. Called by pages and the API."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Concat

from experiments.models import Evaluation, LatestMetric, Run
from mlregistry.lib.lazily import lazily
from mlregistry.ml.metrics import MAXIMIZE, METRICS

from . import test_predictions

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from mlregistry.ml.comparing import paired, rows
else:
    np = lazily("numpy")
    paired, rows = lazily("mlregistry.ml.comparing.paired"), lazily("mlregistry.ml.comparing.rows")

BETTER, WORSE, NO_DIFFERENCE, NOT_COMPARABLE = "better", "worse", "no_difference", "not_comparable"
FOLDS, RESAMPLES = "corrected resampled t-test", "paired bootstrap"
LEVEL = 0.05


@dataclass(frozen=True)
class Comparison:
    """`difference` is the first run's figure less the other's, `low` to `high` its 95 % interval.

    The verdict is on the first run; `reason` says why two runs are not comparable. `mcnemar` are the rows that only
    the first and only the other gets right, with their p.
    """

    run: Run
    other: Run
    metric: str
    verdict: str
    sentence: str
    method: str = ""
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    reason: str = ""
    mcnemar: dict[str, Any] | None = None


def compare(run: Run, other: Run) -> Comparison:
    """By shared folds if there are any, else by shared test rows; with McNemar's test where predictions are kept."""
    return compare_each(run, [other])[0]


def compare_each(run: Run, others: Sequence[Run]) -> list[Comparison]:
    """The same with each of the others, in a number of queries that does not grow with them."""
    known = evaluations([run, *others])
    found = [of_evaluations(run, other, known.get(run.pk), known.get(other.pk)) for other in others]
    told = [one.other for one in found if one.verdict != NOT_COMPARABLE]
    right = test_predictions.right([run, *told]) if told else {}
    return [replace(one, mcnemar=_mcnemar(right.get(run.pk), right.get(one.other.pk))) for one in found]


def evaluations(runs: Iterable[Run]) -> dict[uuid.UUID, Evaluation]:
    """By run, each with its `figure`, the latest value of its metric on test rows."""
    name = Concat(Value("test_"), OuterRef("metric"))
    figure = LatestMetric.objects.filter(run=OuterRef("run"), key=name).values("value")[:1]
    rows = Evaluation.objects.filter(run__in=[run.pk for run in runs]).annotate(figure=Subquery(figure))
    return {row.run_id: row for row in rows}


def of_evaluations(run: Run, other: Run, one: Evaluation | None, two: Evaluation | None) -> Comparison:
    """The comparison of runs by their `evaluations`, without McNemar's test."""
    reason = _reason(run, other, one, two)
    if reason or one is None or two is None:
        metric = one.metric if one else ""
        sentence = f"{run.name} and {other.name} cannot be compared: {reason}."
        return Comparison(run, other, metric, NOT_COMPARABLE, sentence, reason=reason)
    if _by_folds(one, two):
        method, (found, p) = FOLDS, _folds(one, two)
    else:
        method, (found, p) = RESAMPLES, _resamples(one, two)
    return _told(run, other, one.metric, method, found, p)


def _reason(run: Run, other: Run, one: Evaluation | None, two: Evaluation | None) -> str:
    """Why the two cannot be held side by side; '' when they can."""
    for each, evaluation in ((run, one), (other, two)):
        if evaluation is None:
            return f"{each.name} has no evaluation on test rows of ours"
    assert one is not None  # noqa: S101  # else the reason was told above
    assert two is not None  # noqa: S101  # else the reason was told above
    if run.dataset_version_id is None or run.dataset_version_id != other.dataset_version_id:
        return "they were measured on other data"
    if one.target != two.target:
        return f"one predicts {one.target}, the other {two.target}"
    if one.metric != two.metric:
        return f"one was made for {one.metric}, the other for {two.metric}"
    if not _by_folds(one, two) and not _by_resamples(one, two):
        return "they have neither folds nor test rows in common"
    return ""


def _by_folds(one: Evaluation, two: Evaluation) -> bool:
    digests = {each.document.get("fold_digest") for each in (one, two)}
    known = all(one.metric in each.document.get("folds", {}) for each in (one, two))
    return len(digests) == 1 and None not in digests and known


def _by_resamples(one: Evaluation, two: Evaluation) -> bool:
    same = all(
        one.document.get(key) == two.document.get(key) for key in ("test_digest", "drawn", "n_resamples")
    )
    return same and one.replicates is not None and two.replicates is not None


def _folds(one: Evaluation, two: Evaluation) -> tuple[paired.Estimate, float]:
    values = [each.document["folds"][one.metric] for each in (one, two)]
    differences = [a - b for a, b in zip(*values, strict=True)]
    found = paired.estimate(differences, one.document["held_share"])
    return found, paired.p_value(found, len(differences))


def _resamples(one: Evaluation, two: Evaluation) -> tuple[paired.Estimate, float]:
    drawn = [np.frombuffer(bytes(each.replicates or b""), dtype=np.float32) for each in (one, two)]
    figures = [_figure(each) for each in (one, two)]
    shrink = math.sqrt(one.document["n_drawn"] / one.document["n_test"])
    return rows.bootstrapped(drawn[0], drawn[1], figures[0] - figures[1], shrink)


def _figure(evaluation: Evaluation) -> float:
    found = evaluation.figure  # type: ignore[attr-defined]  # of `evaluations`
    return float("nan") if found is None else float(found)


def _told(
    run: Run,
    other: Run,
    metric: str,
    method: str,
    found: paired.Estimate,
    p: float,
) -> Comparison:
    chosen = METRICS[run.problem.kind][metric] if run.problem else None
    maximize = chosen is None or chosen.direction == MAXIMIZE
    title = chosen.title if chosen else metric
    differs = p < LEVEL and (found.low > 0 or found.high < 0)
    verdict = NO_DIFFERENCE if not differs else BETTER if (found.mean > 0) == maximize else WORSE
    span = f"{title} {abs(found.mean):.4g} apart, 95 % interval of the difference {found.low:.4g} to {found.high:.4g}"
    where = "over the same folds" if method == FOLDS else "on the same test rows"
    if verdict == NO_DIFFERENCE:
        sentence = f"No difference between {run.name} and {other.name} is shown {where}: {span}, p = {p:.2g}."
    else:
        better, worse = (run, other) if verdict == BETTER else (other, run)
        sentence = (
            f"{better.name} is better than {worse.name} by more than noise {where}: {span}, p = {p:.2g}."
        )
    return Comparison(run, other, metric, verdict, sentence, method, found.mean, found.low, found.high, p)


def _mcnemar(one: pd.Series[Any] | None, two: pd.Series[Any] | None) -> dict[str, Any] | None:
    """Of classifications whose predictions for at least some of the same test rows are kept."""
    if one is None or two is None:
        return None
    shared = one.index.intersection(two.index)
    if not len(shared):
        return None
    only_one, only_other, p = rows.mcnemar(one.loc[shared].to_numpy(), two.loc[shared].to_numpy())
    return {"n": len(shared), "only_first": only_one, "only_other": only_other, "p": p}
