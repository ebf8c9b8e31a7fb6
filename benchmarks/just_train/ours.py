"""'Just train it' in one process: the plan, measurements, proposals and ensembles of the server, without its rows.

Called by benchmarks.training.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import threadpoolctl

from mlregistry.jobs import forked
from mlregistry.jobs.forked import Limits, Send
from mlregistry.ml import estimators, metrics, pipelines, recipes, tables
from mlregistry.ml.ensembling import blends, held, offering
from mlregistry.ml.ensembling.offering import Offer
from mlregistry.ml.ensembling.pooling import Candidate
from mlregistry.ml.portfolio import planning
from mlregistry.ml.portfolio.planning import Portfolio
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.search import measuring, pruning, sampling
from mlregistry.ml.search import space as ml_space
from mlregistry.ml.search.sampling import COMPLETE, PRUNED, Past
from mlregistry.ml.steps import suggesting
from mlregistry.ml.supervised import table
from mlregistry.ml.supervised.fitting import fit, outcome_of

MOST_TRIALS = 10_000
MEMORY_MB = 4096


@dataclass
class Search:
    """One search under way."""

    spec: ProblemSpec
    frame: pd.DataFrame
    base: dict[str, Any]
    portfolio: Portfolio
    seed: int
    folder: Path
    past: list[Past] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    def step(self, deadline: float) -> None:
        number = len(self.past)
        space = self.portfolio.space
        starts = self.portfolio.starts
        params = (
            starts[number]
            if number < len(starts)
            else sampling.propose(
                space, "portfolio", seed=self.seed, number=number, directions=["maximize"], past=self.past
            ).params
        )
        recipe = ml_space.recipe_of(space, self.base, params)
        path = self.folder / f"{number}.npz"
        found: dict[int, float] = {}
        others = [one.intermediate for one in self.past]

        def work(send: Send) -> None:
            parts = []
            with threadpoolctl.threadpool_limits(1):
                for step in measuring.measure(
                    self.spec,
                    recipes.parse(recipe, kind=self.spec.kind),
                    self.frame,
                    most_folds=self.portfolio.measured_folds,
                ):
                    assert step.rows is not None
                    assert step.outcome is not None
                    parts.append((step.rows, step.outcome))
                    held.collect(parts).save(path)
                    send({"step": step.number, "metrics": step.metrics, "last": step.is_last})

        def hear(message: dict[str, Any]) -> str | None:
            value = message["metrics"].get(f"cv_{self.spec.primary_metric}_mean")
            if value is None:
                return None
            found[message["step"]] = value
            if message["last"]:
                return None
            return "pruned" if pruning.should_prune("racing", found, others, direction="maximize") else None

        limits = Limits(self.portfolio.trial_seconds, MEMORY_MB)
        ended = forked.run(
            work,
            limits=limits,
            hear=hear,
            tick=lambda: "time" if time.monotonic() > deadline else None,
        )
        forked.warm(ended.modules)
        if (ended.problem and ended.reason == "pruned") or not found or not path.exists():
            self.past.append(Past(PRUNED, params, (), found))
        else:
            value = found[max(found)]
            self.past.append(Past(COMPLETE, params, (value,), found))
            self.candidates.append(Candidate(number, recipe, held.load(path), value, ended.seconds))
        last = f"{found[max(found)]:.5f}" if found else "-"
        shown = {k: (round(v, 5) if isinstance(v, float) else v) for k, v in params.items()}
        self.log.append(f"{number} {ended.seconds:.1f}s {last} {ended.problem or 'ok'} {shown}")


@dataclass(frozen=True)
class Outcome:
    """`scores` by offer title on the test rows, the chosen one first; seconds in all."""

    chosen: str
    scores: dict[str, float]
    offers: list[Offer]
    seconds: float
    n_trials: int
    log: list[str]


def just_train(
    spec: ProblemSpec, frame: pd.DataFrame, seconds: float, seed: int, *, all_offers: bool = False
) -> Outcome:
    """Search, ensembles, refit and one look at the test rows, within `seconds` of one thread."""
    start = time.monotonic()
    base = {"folds": planning.FOLDS, "seed": seed, "steps": _steps(spec, frame), "estimator": "dummy"}
    work = table.prepare(spec, recipes.parse(base, kind=spec.kind), frame, lambda share, text: None)
    rows = table.part(work).train
    counts = np.unique(work.target[rows], return_counts=True)[1] if work.classes else None
    portfolio = planning.plan(
        spec.kind,
        n_rows=len(rows),
        n_columns=len(work.features),
        smallest_class=None if counts is None else int(counts.min()),
        seconds=seconds,
    )
    base["folds"] = portfolio.folds
    for name in portfolio.space.estimators:
        estimators.make(spec.kind, name, {}, seed=seed)  # imported here, not in every fork
    with tempfile.TemporaryDirectory() as folder:
        search = Search(spec, frame, base, portfolio, seed, Path(folder))
        deadline = start + portfolio.search_seconds
        while time.monotonic() < deadline and len(search.past) < MOST_TRIALS:
            search.step(deadline)
    left = seconds - (time.monotonic() - start)
    found = offering.offers(
        spec.kind, spec.primary_metric, search.candidates, seed=seed, most_seconds=0.6 * left
    )
    scores: dict[str, float] = {}
    with threadpoolctl.threadpool_limits(1), blends.sharing():
        for place, offer in enumerate(found):
            scores[offer.title] = _score(spec, offer, frame)
            if place == 0:
                took = time.monotonic() - start
            if not all_offers:
                break
    return Outcome(found[0].title, scores, found, took, len(search.past), search.log)


def _steps(spec: ProblemSpec, frame: pd.DataFrame) -> list[dict[str, Any]]:
    """What the server suggests for the table."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "t.csv"), Path(folder, "t.parquet")
        frame.to_csv(source, index=False)
        info = tables.convert(source, source.name, target)
    return [step.to_json() for step in suggesting.suggest(spec, info).steps]


def _score(spec: ProblemSpec, offer: Offer, frame: pd.DataFrame) -> float:
    recipe = recipes.parse(offer.recipe, kind=spec.kind)
    work = table.prepare(spec, recipe, frame, lambda share, text: None)
    parts = table.part(work)
    pipeline = pipelines.build(spec.kind, recipe)
    fit(work, pipeline, parts.train)
    outcome = outcome_of(work, pipeline, work.frame[work.features].iloc[parts.test], work.target[parts.test])
    return metrics.measure(spec.kind, outcome)[spec.primary_metric]
