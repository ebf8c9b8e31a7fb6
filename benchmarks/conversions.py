"""`python -m benchmarks.conversions`: every classifier, regressor and transformer of scikit-learn through the compiler.

Does it compile, does it agree with the native one on its own rows and on odd ones, and how much faster is it? With
`--write FILE` the table goes into a page of the documentation.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils import all_estimators

from mlregistry.ml.compiling import compiler, convert_texts, converting
from mlregistry.ml.compiling.building import build
from mlregistry.ml.compiling.forms import Array, Refused, Run, Unsupported
from mlregistry.ml.compiling.parity import TOLERANCES

N_ROWS, N_COLUMNS, N_MANY = 240, 5, 1_000
ARGUMENTS: dict[str, dict[str, Any]] = {
    "VotingClassifier": {
        "estimators": [("a", LogisticRegression()), ("b", DecisionTreeClassifier())], "voting": "soft",
    },
    "VotingRegressor": {"estimators": [("a", Ridge()), ("b", DecisionTreeRegressor())]},
    "StackingClassifier": {"estimators": [("a", LogisticRegression()), ("b", DecisionTreeClassifier())]},
    "StackingRegressor": {"estimators": [("a", Ridge()), ("b", DecisionTreeRegressor())]},
    "ColumnTransformer": {"transformers": [("a", StandardScaler(), [0, 1]), ("b", "passthrough", [2])]},
    "FeatureUnion": {"transformer_list": [("a", StandardScaler()), ("b", StandardScaler(with_std=False))]},
    "SelectFromModel": {"estimator": LogisticRegression()}, "RFE": {"estimator": LogisticRegression()},
    "RFECV": {"estimator": LogisticRegression()}, "TransformedTargetRegressor": {"transformer": StandardScaler()},
    "SequentialFeatureSelector": {"estimator": LogisticRegression()}, "MultiOutputRegressor": {"estimator": Ridge()},
    "GridSearchCV": {"estimator": LogisticRegression(), "param_grid": {"C": [1.0]}},
    "RandomizedSearchCV": {"estimator": LogisticRegression(), "param_distributions": {"C": [1.0]}, "n_iter": 1},
    "HalvingGridSearchCV": {"estimator": LogisticRegression(), "param_grid": {"C": [1.0]}},
    "KBinsDiscretizer": {"encode": "onehot-dense", "quantile_method": "averaged_inverted_cdf"},
    "SparseCoder": {"dictionary": np.eye(N_COLUMNS)}, "SkewedChi2Sampler": {"n_components": 8},
    "SelectKBest": {"k": 2}, "LogisticRegressionCV": {"Cs": 2},
    "GaussianRandomProjection": {"n_components": 3}, "SparseRandomProjection": {"n_components": 3},
    "CCA": {"n_components": 1}, "PLSCanonical": {"n_components": 1}, "PLSSVD": {"n_components": 1},
    "IsotonicRegression": {"out_of_bounds": "clip"},
}  # fmt: skip
AROUND_A_CLASSIFIER = (
    "OneVsRestClassifier", "OneVsOneClassifier", "OutputCodeClassifier", "ClassifierChain", "MultiOutputClassifier",
    "SelfTrainingClassifier", "FixedThresholdClassifier", "TunedThresholdClassifierCV", "FrozenEstimator",
)  # fmt: skip
FEW = ("n_estimators", "max_iter")
SEVERAL_TARGETS = ("MultiOutput", "MultiTask", "RegressorChain", "ClassifierChain")
TEXTS = ("OneHotEncoder", "OrdinalEncoder", "TargetEncoder")


@dataclass(frozen=True)
class Line:
    """What came of one class; factors are native seconds over compiled seconds."""

    name: str
    kind: str
    reason: str = ""
    worst: float | None = None
    n_wrong: int = 0
    one: float = 0.0
    many: float = 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="the page to write")
    parser.add_argument("--only", help="one class")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    lines = [
        line_of(name, kind, made)
        for kind in ("classifier", "regressor", "transformer")
        for name, made in all_estimators(type_filter=kind)
        if options.only in (None, name)
    ]
    text = "\n".join(_table(lines))
    print(text)
    if options.write:
        options.write.write_text(_page(text, lines), encoding="utf-8")


def line_of(name: str, kind: str, made: type) -> Line:
    """Fitted, compiled, compared and timed; of a classifier with two classes and with three."""
    found: list[Line] = []
    for n_classes in (2, 3) if kind == "classifier" else (0,):
        try:
            found.append(_compared(name, kind, made, n_classes))
        except Unsupported as error:
            return Line(name, kind, reason=str(error))
        except Exception as error:
            if not found:  # what takes two classes only is fitted with them
                return Line(name, kind, reason=f"not fitted here: {str(error).splitlines()[0][:70]}")
    worst = max(line.worst or 0.0 for line in found)
    return Line(
        name, kind, "", worst, sum(line.n_wrong for line in found), min(line.one for line in found),
        min(line.many for line in found),
    )  # fmt: skip


def _compared(name: str, kind: str, made: type, n_classes: int) -> Line:
    rows, target = _data(name, kind, n_classes)
    estimator = _made(name, made)
    estimator.fit(rows, target)
    native, wish = _native(estimator, kind)
    if name in TEXTS:
        compiled = _on_texts(build(convert_texts.convert_texts(estimator)))
    else:
        compiled = build(compiler.form_of(estimator, wish))
    odd = rows[:40] if name in TEXTS else np.vstack([rows[:60], *_odd(rows)])
    worst, n_wrong = _apart(native, compiled, odd)
    many = np.tile(rows, (N_MANY // len(rows) + 1, 1))[:N_MANY]
    one, thousand = (_seconds(native, part) / _seconds(compiled, part) for part in (rows[:1], many))
    return Line(name, kind, "", worst, n_wrong, one, thousand)


def _on_texts(inner: Run) -> Run:
    def run(values: Array) -> Any:
        return inner([column.tolist() for column in np.asarray(values, dtype=object).T])

    return run


def _data(name: str, kind: str, n_classes: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(0)
    rows = np.abs(rng.normal(size=(N_ROWS, N_COLUMNS))) + 0.1
    score = rows[:, 0] + rows[:, 1] ** 2 - rows[:, 2] + 0.3 * rng.normal(size=N_ROWS)
    if name == "CategoricalNB":
        rows = rows.astype(int).clip(0, 1).astype(float)
    if name == "IsotonicRegression":
        rows = rows[:, :1]
    if name in TEXTS:
        rows = rng.choice(["a", "b", "ü"], size=(N_ROWS, 2)).astype(object)
    if kind == "regressor":
        found: Array = np.abs(score) + 0.1
    else:
        found = np.digitize(score, np.quantile(score, np.linspace(0, 1, max(n_classes, 2) + 1)[1:-1]))
    return rows, np.column_stack([found, found[::-1]]) if name.startswith(SEVERAL_TARGETS) else found


def _made(name: str, made: type) -> Any:
    given = dict(ARGUMENTS.get(name, {}))
    if name in AROUND_A_CLASSIFIER:
        given["estimator"] = LogisticRegression()
    if name == "RegressorChain":
        given["estimator"] = LinearRegression()
    estimator = made(**given)
    known = estimator.get_params(deep=False)
    return estimator.set_params(
        **{key: 30 for key in FEW if isinstance(known.get(key), int) and known[key] > 30}
    )


def _native(estimator: Any, kind: str) -> tuple[Callable[[Array], Array], str]:
    if kind == "transformer":
        return lambda rows: _dense(estimator.transform(rows)), converting.TRANSFORM
    if kind == "regressor":
        return lambda rows: np.asarray(estimator.predict(rows)).reshape(len(rows), -1), converting.VALUES
    if hasattr(estimator, "predict_proba"):
        return lambda rows: np.asarray(estimator.predict_proba(rows)), converting.PROBABILITIES
    return lambda rows: np.asarray(estimator.decision_function(rows)).reshape(
        len(rows), -1
    ), converting.DECISION


def _dense(made: Any) -> Array:
    return np.asarray(made.toarray() if hasattr(made, "toarray") else made, dtype=np.float64)


def _odd(rows: Array) -> Iterator[Array]:
    """Rows in which one column is missing, infinite, large, tiny, zero or negative."""
    for column in range(rows.shape[1]):
        for value in (np.nan, np.inf, -np.inf, 2.0**24 + 1, 1e30, 1e300, 5e-324, 0.0, -1.5):
            row = rows[column].copy()
            row[column] = value
            yield row[None, :]


def _apart(native: Callable[[Array], Array], compiled: Run, rows: Array) -> tuple[float, int]:
    """The largest difference, and how many rows differ by more than the tolerance or are answered though refused."""
    worst, n_wrong = 0.0, 0
    for place in range(len(rows)):
        row = rows[place : place + 1]
        try:
            with np.errstate(all="ignore"):
                found = compiled(row)
        except Refused:
            continue
        try:
            wanted = native(row)
        except Exception:
            n_wrong += 1
            continue
        with np.errstate(all="ignore"):
            apart = np.abs(found - wanted) / np.maximum(1.0, np.abs(wanted))
        apart[(found == wanted) | (np.isnan(found) & np.isnan(wanted))] = 0.0
        most = float(np.nan_to_num(apart, nan=np.inf).max(initial=0.0))
        worst, n_wrong = max(worst, most), n_wrong + (most > TOLERANCES["float64"])
    return worst, n_wrong


def _seconds(score: Callable[[Array], Any], rows: Array) -> float:
    score(rows)
    best = np.inf
    for _ in range(7):
        start = time.perf_counter()
        score(rows)
        best = min(best, time.perf_counter() - start)
    return float(best)


def _table(lines: list[Line]) -> Iterator[str]:
    yield "| class | kind | compiles | parity | one row | 1,000 rows |"
    yield "|---|---|---|---|---|---|"
    for line in lines:
        if line.reason:
            yield f"| {line.name} | {line.kind} | no: {line.reason} | – | – | – |"
        else:
            parity = (
                f"{line.n_wrong} wrong" if line.n_wrong else f"≤ {line.worst:.0e}" if line.worst else "equal"
            )
            yield f"| {line.name} | {line.kind} | yes | {parity} | {line.one:.1f} × | {line.many:.1f} × |"


def _page(table: str, lines: list[Line]) -> str:
    n_compiled = sum(not line.reason for line in lines)
    return (
        "# What compiles\n\n"
        f"Of {len(lines)} classifiers, regressors and transformers of scikit-learn {n_compiled} have a compiled form."
        " Parity is measured on rows of the training data and on rows with missing, infinite, large and tiny values,"
        " against `predict_proba`, `decision_function`, `predict` or `transform`; what the form refuses goes to the"
        " native model, and what is wrong here is blocked by the gate. The factors are native seconds over compiled"
        " seconds of that call alone, on five columns; a whole pipeline gains more."
        "\nThe table is made by `python -m benchmarks.conversions --write docs/compiling_table.md`.\n\n"
        f"{table}\n"
    )


if __name__ == "__main__":
    main()
