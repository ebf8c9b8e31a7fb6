"""FLAML on one table, in an environment of its own: `python flaml_peer.py train.csv test.csv options.json out.json`.

Prints nothing; writes the score on the test rows, the seconds and what was chosen.
"""

import json
import sys
import time
import warnings

import pandas as pd
from flaml import AutoML
from sklearn import metrics


def main() -> None:
    """Fit within the budget, measure once."""
    train, test, options_path, out = sys.argv[1:5]
    with open(options_path) as file:
        options = json.load(file)
    warnings.simplefilter("ignore")
    target = options["target"]
    fitted, held = _read(train, test, target)
    model = AutoML()
    start = time.monotonic()
    model.fit(
        X_train=fitted.drop(columns=target),
        y_train=fitted[target],
        task=options["task"],
        metric=options["metric"],
        time_budget=options["seconds"],
        n_jobs=1,
        seed=options["seed"],
        verbose=0,
        ensemble=options["ensemble"],
    )
    seconds = time.monotonic() - start
    features = held.drop(columns=target)
    if options["task"] == "regression":
        score = metrics.r2_score(held[target], model.predict(features))
    else:
        chances = model.predict_proba(features)
        classes = list(model.classes_)
        truth = held[target].map({name: place for place, name in enumerate(classes)})
        if len(classes) == 2:
            score = metrics.roc_auc_score(truth, chances[:, 1])
        else:
            score = metrics.roc_auc_score(truth, chances, multi_class="ovr", average="macro")
    with open(out, "w") as file:
        json.dump({"score": float(score), "seconds": seconds, "best": str(model.best_estimator)}, file)


def _read(train: str, test: str, target: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    fitted, held = pd.read_csv(train), pd.read_csv(test)
    for name in fitted.columns:
        if name != target and not pd.api.types.is_numeric_dtype(fitted[name]):
            kind = pd.CategoricalDtype(sorted({*fitted[name].dropna(), *held[name].dropna()}))
            fitted[name], held[name] = fitted[name].astype(kind), held[name].astype(kind)
    return fitted, held


if __name__ == "__main__":
    main()
