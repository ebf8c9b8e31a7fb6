"""XGBoost's and LightGBM's own model files, read by their libraries in the jail, then answered like a model of ours.

Both hold trees and names, no classes: the signature names those, or they are 0, 1, 2 …
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, softmax

from mlregistry.errors import Invalid
from mlregistry.ml.boosting import packages
from mlregistry.ml.boosting.extreme import singles
from mlregistry.ml.compiling import convert_boosters, convert_extreme
from mlregistry.ml.intake.signatures import Wanted
from mlregistry.ml.signature import Field

Array = npt.NDArray[Any]
TYPES = {"int": "integer"}  # XGBoost's words; every other column is one of numbers


class BoosterFile:
    """Predicts as scikit-learn's estimators do; `classes_` is there for classes alone."""

    package = ""
    objective = ""
    types: Sequence[str] = ()
    booster_: Any
    classes_: Array
    feature_names_in_: Array

    def __init__(self, raw: bytes, classes: Sequence[Any] = ()) -> None:
        self.library = packages.load(self.package)
        self.notes: list[str] = []
        self.versions: dict[str, str] = {}
        try:
            self._read(raw)
        except Invalid:
            raise
        except Exception as error:  # the libraries raise errors of many kinds
            raise Invalid(
                f"The file is no model of {self.title}: {_first_line(error)}", field="file"
            ) from error
        n_classes = self._n_classes()
        if n_classes:
            self.classes_ = np.array(_named(classes, n_classes), dtype=object)

    @property
    def title(self) -> str:
        return packages.TITLES[self.package]

    @property
    def told_as(self) -> str:
        return f"{self.title} booster ({self.objective})"[:300]

    @property
    def n_features_in_(self) -> int:
        return len(self.types)

    def opened_with(self) -> dict[str, str]:
        return {self.package: str(self.library.__version__)}

    def said(self) -> Wanted | None:
        """Names and types, where the file has names."""
        names = [str(name) for name in getattr(self, "feature_names_in_", ())]
        fields = [
            Field(name, TYPES.get(type, "float"), required=False)
            for name, type in zip(names, self.types, strict=False)
        ]
        return Wanted(tuple(fields)) if fields else None

    def predict(self, values: Any) -> Array:
        if hasattr(self, "classes_"):
            return np.asarray(self.classes_[self.predict_proba(values).argmax(axis=1)])
        return self._answers(values)

    def predict_proba(self, values: Any) -> Array:
        return self._answers(values)

    def _read(self, raw: bytes) -> None:
        raise NotImplementedError

    def _n_classes(self) -> int:
        """0 for a model of numbers; Invalid for an objective that is neither."""
        raise NotImplementedError

    def _answers(self, values: Any) -> Array:
        """n numbers, or n × classes probabilities."""
        raise NotImplementedError

    def _refused(self) -> Invalid:
        return Invalid(
            f"The model's objective “{self.objective[:60]}” is none that is served here.", field="file"
        )


class XGBoostFile(BoosterFile):
    """JSON or UBJSON. One that was stopped early answers with the rounds up to its best, as XGBoost's estimators do."""

    package = packages.XGBOOST

    def _read(self, raw: bytes) -> None:
        booster = self.library.Booster({"nthread": 1, "verbosity": 0})
        booster.load_model(bytearray(raw))
        told = json.loads(bytes(booster.save_raw("json")))
        learner = told["learner"]
        self.versions = {"xgboost": ".".join(str(one) for one in told.get("version", ()))}
        self.objective = str(learner["objective"]["name"])
        kind = str(learner["gradient_booster"]["name"])
        if kind != "gbtree":
            raise Invalid(f"The booster is of the kind “{kind[:40]}”; gbtree is served.", field="file")
        best = learner.get("attributes", {}).get("best_iteration")
        if best is not None and 0 <= int(best) < booster.num_boosted_rounds() - 1:
            booster = booster[: int(best) + 1]
            self.notes.append(f"It was stopped early: its first {int(best) + 1:,} rounds answer.")
        self.booster_ = booster
        self.types = booster.feature_types or ["float"] * booster.num_features()
        if booster.feature_names:
            self.feature_names_in_ = np.array(booster.feature_names, dtype=object)

    def _n_classes(self) -> int:
        if self.objective in convert_extreme.CLASSES:
            return convert_extreme.n_outputs(self.booster_) if self.objective.startswith("multi") else 2
        if self.objective not in convert_extreme.SUMS | convert_extreme.EXPONENTS:
            raise self._refused()
        return 0

    def _answers(self, values: Any) -> Array:
        """The sums of leaves in 32 bits, as XGBoost adds them; the link in 64."""
        found = self.booster_.inplace_predict(singles(values), predict_type="margin", missing=np.nan)
        scores = np.asarray(found, dtype=np.float64)
        if not hasattr(self, "classes_"):
            return np.exp(scores) if self.objective in convert_extreme.EXPONENTS else scores
        if scores.ndim == 2:
            return np.asarray(softmax(scores, axis=1))
        second = expit(scores)
        return np.column_stack([1.0 - second, second])


class LightGBMFile(BoosterFile):
    """The text that `save_model` writes."""

    package = packages.LIGHTGBM

    def _read(self, raw: bytes) -> None:
        self.booster_ = self.library.Booster(model_str=raw.decode())
        told = self.booster_.dump_model(num_iteration=1)
        self.objective = str(told.get("objective", "")).split(" ")[0]
        self.versions = {"format": str(told.get("version", ""))}
        self.types = ["float"] * self.booster_.num_feature()
        names = [str(name) for name in self.booster_.feature_name()]
        if names != [f"Column_{place}" for place in range(len(names))]:
            self.feature_names_in_ = np.array(names, dtype=object)

    def _n_classes(self) -> int:
        if self.objective in convert_boosters.CLASSES:
            return max(2, int(self.booster_.num_model_per_iteration()))
        if self.objective not in convert_boosters.SUMS | convert_boosters.EXPONENTS:
            raise self._refused()
        return 0

    def _answers(self, values: Any) -> Array:
        matrix = np.ascontiguousarray(values, dtype=np.float64)
        found = np.asarray(self.booster_.predict(matrix, num_threads=1), dtype=np.float64)
        if hasattr(self, "classes_") and found.ndim == 1:
            return np.column_stack([1.0 - found, found])
        return found


FILES: dict[str, type[BoosterFile]] = {
    "xgboost_json": XGBoostFile, "xgboost_ubj": XGBoostFile, "lightgbm": LightGBMFile,
}  # fmt: skip


def load(path: Path, format: str, classes: Sequence[Any] = ()) -> BoosterFile:
    """Invalid for what is none, for an objective that is not served, and where the package's extra is not installed."""
    return FILES[format](path.read_bytes(), classes)


def _named(classes: Sequence[Any], n_classes: int) -> list[Any]:
    if classes and len(classes) != n_classes:
        raise Invalid(
            f"The model tells {n_classes:,} classes apart; the signature names {len(classes):,}.",
            field="signature",
        )
    return list(classes) or list(range(n_classes))


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
