"""Writes a trained model as files, reads them back by checksum, and predicts with it.

A pipeline becomes joblib and skops files, a recommender one of plain arrays. Called by training jobs, the registry
and serving. A joblib file runs code when read: own models only.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlregistry.errors import Invalid, NotFound
from mlregistry.lib.lazily import lazily
from mlregistry.ml.signature import CLUSTER, RANKING, Signature, plain

if TYPE_CHECKING:
    import joblib
    import numpy as np
    import pandas as pd
    import skops.io as skops_io
    from skops.io import exceptions as skops_errors

    from mlregistry.ml.recommendation import recommender
else:
    recommender = lazily("mlregistry.ml.recommendation.recommender")
    joblib, np = lazily("joblib"), lazily("numpy")
    skops_io, skops_errors = lazily("skops.io"), lazily("skops.io.exceptions")

NAMES = {"joblib": "model.joblib", "skops": "model.skops", "arrays": "model.npz"}
PICKLED_AND_SKOPS = ("joblib", "skops")
COMPRESSION = 3  # zlib
TRUSTED: tuple[str, ...] = (
    "mlregistry.ml.adjusting.Adjusted",
    "mlregistry.ml.adjusting.Sigmoid",
    "mlregistry.ml.balancing.Balanced",
    "mlregistry.ml.boosting.extreme.ExtremeClassifier",
    "mlregistry.ml.boosting.extreme.ExtremeRegressor",
    "mlregistry.ml.boosting.light.LightClassifier",
    "mlregistry.ml.boosting.light.LightRegressor",
    "mlregistry.ml.clustering.clusterers.Agglomerated",
    "mlregistry.ml.clustering.clusterers.DensityReach",
    "mlregistry.ml.clustering.clusterers.DensityTree",
    "mlregistry.ml.clustering.clusterers.Means",
    "mlregistry.ml.clustering.clusterers.Mixture",
    "mlregistry.ml.columns.CategoryColumns",
    "mlregistry.ml.columns.DateParts",
    "mlregistry.ml.columns.NumberColumns",
    "mlregistry.ml.ensembling.blends.ClassifierBlend",
    "mlregistry.ml.ensembling.blends.RegressorBlend",
    "mlregistry.ml.optimising.quantised.QuantisedClassifier",
    "mlregistry.ml.optimising.quantised.QuantisedRegressor",
    "mlregistry.ml.quantiles.Quantiles",
    "mlregistry.ml.selection.components.Components",
    "mlregistry.ml.selection.correlation.CorrelationSelector",
    "mlregistry.ml.selection.elimination.EliminationSelector",
    "mlregistry.ml.selection.forest.ForestSelector",
    "mlregistry.ml.selection.information.InformationSelector",
    "mlregistry.ml.selection.lasso.LassoSelector",
    "mlregistry.ml.selection.permutation.PermutationSelector",
    "mlregistry.ml.selection.variance.VarianceSelector",
    "mlregistry.ml.steps.applying.ApplyTo",
    "mlregistry.ml.steps.applying.ConvertColumns",
    "mlregistry.ml.steps.applying.DropColumns",
    "mlregistry.ml.steps.applying.DropUseless",
    "mlregistry.ml.steps.applying.KeepColumns",
    "mlregistry.ml.steps.categories.FrequencyEncoder",
    "mlregistry.ml.steps.categories.HashEncoder",
    "mlregistry.ml.steps.categories.OrderEncoder",
    "mlregistry.ml.steps.finishing.FinalMatrix",
    "mlregistry.ml.steps.formulas.FormulaColumn",
    "mlregistry.ml.steps.frames.ReadColumns",
    "mlregistry.ml.steps.groups.GroupAggregates",
    "mlregistry.ml.steps.history.LagColumns",
    "mlregistry.ml.steps.history.RollingColumns",
    "mlregistry.ml.steps.numbers.ClipOutliers",
    "mlregistry.ml.steps.numbers.FillGaps",
    "mlregistry.ml.steps.numbers.GivenEdges",
    "mlregistry.ml.steps.numbers.LearntBins",
    "mlregistry.ml.steps.texts.TextFeatures",
    "mlregistry.ml.steps.times.DateFeatures",
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.feature_selection._univariate_selection.f_classif",
    "sklearn.feature_selection._univariate_selection.f_regression",
    "sklearn.impute._iterative.IterativeImputer",
    "sklearn.impute._iterative._ImputerTriplet",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.metrics._dist_metrics.ManhattanDistance64",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
)


@dataclass(frozen=True)
class ModelFile:
    """One stored form of a model; size in bytes."""

    format: str
    name: str
    size: int
    sha256: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ModelFile:
        return cls(data["format"], data["name"], data["size"], data["sha256"])


def save(pipeline: Any, folder: Path, *, compress: Any = COMPRESSION) -> list[ModelFile]:
    """Write every form of the model into `folder`, each moved into place when complete.

    `compress` is joblib's, for its file alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for format in ("arrays",) if hasattr(pipeline, "recommend") else PICKLED_AND_SKOPS:
        name = NAMES[format]
        part = folder / f".{name}.part"
        if format == "arrays":
            pipeline.save(part)
        elif format == "joblib":
            joblib.dump(pipeline, part, compress=compress)
        else:
            skops_io.dump(pipeline, part, compression=zipfile.ZIP_DEFLATED)
        size, sha256 = part.stat().st_size, sha256_of(part)
        os.replace(part, folder / name)
        files.append(ModelFile(format, name, size, sha256))
    return files


def load(folder: Path, file: ModelFile) -> Any:
    """The pipeline; Invalid when the checksum is wrong or a skops file holds a type that is not trusted."""
    path = folder / file.name
    if file.name not in NAMES.values() or NAMES.get(file.format) != file.name:
        raise Invalid(f"'{file.name}' is no model file of format '{file.format}'.", field="name")
    if not path.is_file():
        raise NotFound(f"The model file '{file.name}' is not there.")
    if sha256_of(path) != file.sha256:
        raise Invalid(
            f"The model file '{file.name}' was changed: its SHA-256 is not the recorded one.", field="sha256"
        )
    if file.format == "arrays":
        return recommender.load(path)
    if file.format == "joblib":
        return joblib.load(path)
    try:
        return skops_io.load(path, trusted=list(TRUSTED))
    except skops_errors.UntrustedTypesFoundException as error:
        raise Invalid(f"The model file holds types that are not trusted: {error}", field="name") from error


def predict(
    pipeline: Any, signature: Signature, frame: pd.DataFrame, wish: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """`predictions`, and for a classification `classes` and their `probabilities`, as JSON values.

    `wish` is what a request asks of a recommendation: n, exclude, exclude_seen, items.
    """
    if signature.output.type == RANKING:
        return _recommend(pipeline, signature, frame, wish or {})
    if wish:
        raise Invalid(
            f"The parameter '{next(iter(wish))}' is for recommendations; this model makes none.",
            field=f"params.{next(iter(wish))}",
        )
    names = [field.name for field in signature.inputs]
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise Invalid(f"The column '{missing[0]}' is missing.", field=missing[0])
    if signature.output.type == CLUSTER:
        return {"predictions": [int(value) for value in pipeline.predict(frame[names])]}
    last = pipeline.steps[-1][1] if hasattr(pipeline, "steps") else pipeline
    if hasattr(last, "predict_quantiles"):
        return _quantiles(pipeline, last, frame[names])
    if not signature.classes:
        return {"predictions": [float(value) for value in pipeline.predict(frame[names])]}
    probabilities = np.asarray(pipeline.predict_proba(frame[names]), dtype=np.float64)
    classes = [plain(value) for value in pipeline.classes_]
    return {
        "predictions": [classes[place] for place in _decided(probabilities, last)],
        "classes": classes,
        "probabilities": probabilities.tolist(),
    }


def _recommend(
    model: Any, signature: Signature, frame: pd.DataFrame, wish: Mapping[str, Any]
) -> dict[str, Any]:
    """A list of items with scores per row, and notes on what the model does not know."""
    name = signature.inputs[0].name
    if name not in frame.columns:
        raise Invalid(f"The column '{name}' is missing.", field=name)
    users = [plain(value) for value in frame[name].tolist()]
    lists, notes = model.recommend(users, recommender.Wish(**wish))
    return {"predictions": lists, **({"notes": notes} if notes else {})}


def _decided(probabilities: Any, estimator: Any) -> Any:
    """The likeliest class, or of two the second from the model's own threshold on."""
    threshold = getattr(estimator, "threshold_", None)
    if threshold is None or probabilities.shape[1] != 2:
        return probabilities.argmax(axis=1)
    return (probabilities[:, 1] >= threshold).astype(int)


def _quantiles(pipeline: Any, estimator: Any, frame: pd.DataFrame) -> dict[str, Any]:
    """The medians, and the quantiles of each row by their level."""
    found = estimator.predict_quantiles(pipeline[:-1].transform(frame))
    names = [f"{level:.4g}" for level in estimator.levels_]
    return {
        "predictions": found[:, found.shape[1] // 2].tolist(),
        "quantiles": [dict(zip(names, row, strict=True)) for row in found.tolist()],
    }


def sha256_of(path: Path) -> str:
    """Of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
