"""Ensembles of a leaderboard's best: weights by out-of-fold predictions of the training rows, then fitted on them all.

The members are recipes; each is fitted anew on the same folds, so that no prediction is of a row its model has seen.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import clone

from mlregistry.errors import Invalid
from mlregistry.ml import pipelines
from mlregistry.ml.ensembling import held, offering
from mlregistry.ml.ensembling.offering import Offer
from mlregistry.ml.ensembling.pooling import Candidate
from mlregistry.ml.estimators import CATALOGUE
from mlregistry.ml.optimising.subject import Made, Subject
from mlregistry.ml.recipes import parse
from mlregistry.ml.supervised.crossing import predict_fold
from mlregistry.ml.supervised.folding import folds

N_FOLDS = 4
OFFERS = "offers"
OFFERED_AS = {"vote": "vote", "weigh": "greedy", "stack": "stack"}


def mix(method: str, subject: Subject) -> Iterator[Made]:
    """One candidate; Invalid where the method keeps a single member."""
    found = [one for one in _offers(subject) if one.method == OFFERED_AS[method]]
    if not found:
        raise Invalid("It keeps one member alone: the others add nothing on held-out rows.", field="methods")
    offer = found[0]
    recipe = replace(parse(offer.recipe, kind=subject.kind), folds=0, repeats=1)
    told = ", ".join(f"{weight:.2f} × {_name(subject, number)}" for number, weight in offer.members)
    subject.work.report(0.9, f"Fitting {len(offer.members)} members")
    yield Made(
        method,
        f"{offer.title} of {len(offer.members)}",
        subject.train(recipe, subject.parts.train),
        f"{told}; weights by {N_FOLDS} folds of the training rows, where parts that had no say in them expect"
        f" {offer.honest.mean:.4g} ± {offer.honest.error:.2g}.",
        recipe,
        facts={"members": [[_name(subject, number), weight] for number, weight in offer.members],
               "expected": offer.honest.mean, "error": offer.honest.error},
    )  # fmt: skip


vote, weigh, stack = partial(mix, "vote"), partial(mix, "weigh"), partial(mix, "stack")


def _offers(subject: Subject) -> list[Offer]:
    """Worked out once for all methods."""
    if OFFERS not in subject.kept:
        candidates = [_candidate(subject, number) for number in range(len(subject.rivals))]
        candidates.sort(key=lambda one: -subject.sign * one.value)
        best = candidates[: subject.wish.n_members]
        subject.kept[OFFERS] = offering.offers(
            subject.kind, subject.metric.name, best, seed=subject.recipe.seed
        )
    found: list[Offer] = subject.kept[OFFERS]
    return found


def _candidate(subject: Subject, number: int) -> Candidate:
    """Its predictions for every training row by copies that were not fitted on it."""
    recipe = parse(subject.rivals[number], kind=subject.kind)
    subject.work.report(0.8 * number / len(subject.rivals), f"Measuring {_name(subject, number)}")
    work = replace(subject.work, recipe=recipe, warnings=[], seconds={})
    pipeline, start, parts = pipelines.build(subject.kind, recipe), time.perf_counter(), []
    for inside, outside in folds(
        work, subject.parts.train, n_folds=N_FOLDS, repeats=1, seed=subject.recipe.seed + 1
    ):
        parts.append((outside, predict_fold(work, clone(pipeline), inside, outside)))
    value = float(np.mean([subject.value(outcome) for _, outcome in parts]))
    seconds = time.perf_counter() - start
    return Candidate(number, recipe.to_json(), held.collect(parts), value, seconds)


def _name(subject: Subject, number: int) -> str:
    rival: dict[str, Any] = subject.rivals[number]
    return CATALOGUE[subject.kind][rival["estimator"]].title.lower()
