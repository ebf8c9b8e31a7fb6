"""`python -m benchmarks.training`: “Just train it” beside FLAML and untuned boosting, on the same rows and time.

Each table is split once per seed; both sides get its training rows and one thread, and are measured on its test rows.
Classes by ROC-AUC (one against the rest where there are several), numbers by R²; each side searches for that metric.
A finished row is kept in --out at once, and a row that is there already is not run again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from benchmarks.just_train import data, ours
from benchmarks.just_train.data import Case
from benchmarks.side_by_side import peers
from mlregistry.ml import metrics, recipes
from mlregistry.ml.ensembling.held import outcome_of
from mlregistry.ml.supervised import table

PEER = Path(__file__).parent / "just_train" / "flaml_peer.py"
SIDES = ("ours", "flaml", "boosting")
GRACE_SECONDS = 1800
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Rows:
    """Training and test rows of one split, with the target."""

    case: Case
    train: pd.DataFrame
    test: pd.DataFrame


def main() -> None:
    options = _options()
    if os.environ.get("OMP_NUM_THREADS") != "1":
        os.execve(  # noqa: S606  # the same command, before a library has made its threads
            sys.executable,
            [sys.executable, "-m", "benchmarks.training", *sys.argv[1:]],
            {**os.environ, **ONE_THREAD},
        )
    out = Path(options.out)
    done = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []
    budget = options.minutes * 60 if options.minutes else options.budget
    _head(budget)
    for name in options.datasets.split(","):
        case = data.case(name, Path(options.data))
        if case is None:
            print(f"{name}: {data.FILES[name]} is not in {options.data}; left out.", file=sys.stderr)
            continue
        for seed in range(options.seeds):
            for row in _missing(case, seed, budget, options, done):
                done.append(row)
                with out.open("a") as file:
                    file.write(json.dumps(row) + "\n")
            _line(name, seed, _of(done, name, seed, budget))
    _summary(done, options.datasets.split(","), budget)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", type=float, default=300.0, help="seconds of each side for each fit")
    parser.add_argument("--minutes", type=float, help="the same in minutes")
    parser.add_argument("--datasets", default=",".join(data.NAMES))
    parser.add_argument("--seeds", type=int, default=1, help="splits of each table")
    parser.add_argument("--data", default=os.environ.get("MLREGISTRY_BENCHMARK_DATA", "."))
    parser.add_argument("--out", default="training.jsonl", help="finished rows; read again at the next start")
    parser.add_argument("--peers", default=".venv/peers", help="where FLAML's environment is or is made")
    parser.add_argument("--sides", default=",".join(SIDES))
    parser.add_argument("--flaml-ensemble", action="store_true", help="let FLAML stack at its end")
    return parser.parse_args()


def _missing(
    case: Case, seed: int, budget: float, options: argparse.Namespace, done: list[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    known = _of(done, case.name, seed, budget)
    wanted = [side for side in options.sides.split(",") if side not in known]
    if not wanted:
        return
    rows = _rows(case, seed)
    for side in wanted:
        if side == "ours":
            found = _ours(case, seed, budget)
        elif side == "flaml":
            found = _flaml(rows, seed, budget, options)
        else:
            found = _boosting(rows, seed)
        yield {"dataset": case.name, "seed": seed, "budget": budget, "side": side, **found}


def _rows(case: Case, seed: int) -> Rows:
    """The split that a recipe of this seed makes."""
    recipe = recipes.parse({"estimator": "dummy", "seed": seed, "steps": []}, kind=case.spec.kind)
    work = table.prepare(case.spec, recipe, case.frame, lambda share, text: None)
    parts = table.part(work)
    return Rows(case, work.frame.iloc[parts.train], work.frame.iloc[parts.test])


def _ours(case: Case, seed: int, budget: float) -> dict[str, Any]:
    found = ours.just_train(case.spec, case.frame, budget, seed)
    return {
        "score": found.scores[found.chosen],
        "seconds": found.seconds,
        "best": found.chosen,
        "n_trials": found.n_trials,
    }


def _flaml(rows: Rows, seed: int, budget: float, options: argparse.Namespace) -> dict[str, Any]:
    spec = rows.case.spec
    metric = {"classification": "roc_auc", "regression": "r2"}[spec.kind]
    if spec.kind == "classification" and rows.train[spec.target].nunique() > 2:
        metric = "roc_auc_ovr"
    asked = {
        "target": spec.target, "task": spec.kind, "metric": metric, "seconds": budget, "seed": seed,
        "ensemble": options.flaml_ensemble,
    }  # fmt: skip
    program = peers.program("flaml", Path(options.peers))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        rows.train.to_csv(place / "train.csv", index=False)
        rows.test.to_csv(place / "test.csv", index=False)
        (place / "options.json").write_text(json.dumps(asked))
        files = [str(place / name) for name in ("train.csv", "test.csv", "options.json", "out.json")]
        subprocess.run(
            [program, str(PEER), *files],
            check=True, timeout=budget + GRACE_SECONDS, env={**os.environ, **ONE_THREAD}, stdout=sys.stderr,
        )  # fmt: skip
        found: dict[str, Any] = json.loads((place / "out.json").read_text())
    return found


def _boosting(rows: Rows, seed: int) -> dict[str, Any]:
    """Scikit-learn's histogram boosting as it comes, with its own treatment of gaps and categories."""
    spec, start = rows.case.spec, time.monotonic()
    whole = pd.concat([rows.train, rows.test]).drop(columns=spec.target)
    words = [name for name in whole.columns if not pd.api.types.is_numeric_dtype(whole[name])]
    whole = whole.astype(dict.fromkeys(words, "category"))
    fitted, held = whole.iloc[: len(rows.train)], whole.iloc[len(rows.train) :]
    truth = rows.test[spec.target].to_numpy()
    if spec.kind == "regression":
        model: Any = HistGradientBoostingRegressor(random_state=seed)
        predicted = model.fit(fitted, rows.train[spec.target]).predict(held)
        outcome = outcome_of(truth, predicted, 0)
    else:
        model = HistGradientBoostingClassifier(random_state=seed)
        predicted = model.fit(fitted, rows.train[spec.target]).predict_proba(held)
        outcome = outcome_of(np.searchsorted(model.classes_, truth), predicted, len(model.classes_))
    score = metrics.measure(spec.kind, outcome)[spec.primary_metric]
    return {"score": score, "seconds": time.monotonic() - start, "best": "untuned"}


def _of(done: list[dict[str, Any]], name: str, seed: int, budget: float) -> dict[str, dict[str, Any]]:
    return {
        row["side"]: row
        for row in done
        if (row["dataset"], row["seed"], row["budget"]) == (name, seed, budget)
    }


def _head(budget: float) -> None:
    print(f"{budget:g} seconds and one thread for each side; scikit-learn's estimators only on our side.\n")
    print(
        "| table | split | just train it | seconds | trials | made of | FLAML | seconds | untuned boosting |"
    )
    print("|---|---:|---:|---:|---:|---|---:|---:|---:|", flush=True)


def _line(name: str, seed: int, found: dict[str, dict[str, Any]]) -> None:
    mine, peer, plain = (found.get(side, {}) for side in SIDES)
    cells = [
        name, str(seed), _figure(mine), f"{mine.get('seconds', 0):.0f}", str(mine.get("n_trials", "–")),
        str(mine.get("best", "–")), _figure(peer), f"{peer.get('seconds', 0):.0f}", _figure(plain),
    ]  # fmt: skip
    print(f"| {' | '.join(cells)} |", flush=True)


def _figure(row: dict[str, Any]) -> str:
    return f"{row['score']:.4f}" if "score" in row else "–"


def _summary(done: list[dict[str, Any]], names: list[str], budget: float) -> None:
    """Means over the splits, the distance to the better of both, and the mean of the differences."""
    print("\n| table | metric | just train it | FLAML | untuned boosting | to the best of both |")
    print("|---|---|---:|---:|---:|---:|")
    differences = []
    for name in names:
        rows = [row for row in done if row["dataset"] == name and row["budget"] == budget]
        means = {
            side: fmean(scores)
            for side in SIDES
            if (scores := [row["score"] for row in rows if row["side"] == side])
        }
        if not {"ours", "flaml"} <= set(means):
            continue
        best = max(means["ours"], means["flaml"])
        differences.append(means["ours"] - means["flaml"])
        metric = "R²" if name in data.REGRESSIONS else "ROC-AUC"
        shown = [f"{means[side]:.4f}" if side in means else "–" for side in SIDES]
        print(f"| {name} | {metric} | {' | '.join(shown)} | {(means['ours'] - best) / abs(best):+.2%} |")
    if differences:
        print(f"\nOn average {fmean(differences):+.4f} beside FLAML.")


if __name__ == "__main__":
    main()
