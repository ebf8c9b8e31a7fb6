"""The quality of a window's answers before their truth is known. For queries.quality and alerts."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlregistry.errors import MlregistryError
from mlregistry.lib.lazily import lazily
from mlregistry.ml.metrics import class_numbers
from mlregistry.ml.monitoring import calibrations, estimated, loss_models
from mlregistry.ml.signature import kind_of
from mlregistry.sql_rows import fetched
from models_app.models import ModelVersion
from serving.models import DriftBaseline, Endpoint
from serving.queries.drift import Window

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazily("numpy")

MOST = 20_000  # of the newest predictions of the window
MOST_ERRORS = 4_000  # of them, those whose errors are estimated
OUTPUTS = """
    SELECT output::text FROM serving_prediction
    WHERE endpoint_id = %(endpoint)s AND version_id = %(version)s AND at >= %(since)s AND at < %(until)s
    ORDER BY at DESC LIMIT %(most)s
"""
ROWS = OUTPUTS.replace("output::text", "output::text, input::text")
NOTHING = "Only classifiers with probabilities, and regressions, that were trained here are estimated."
Found = tuple[dict[str, float], str]


def expected(
    endpoint: Endpoint, version: ModelVersion, window: Window, outputs: Sequence[dict[str, Any]] | None = None
) -> Found:
    """Estimates by metric, or none and why; `outputs` are those of the window, where they are known already."""
    row = DriftBaseline.objects.filter(version=version).only("calibration", "notes").first()
    if row is None or not row.calibration:
        return {}, " ".join(row.notes) if row is not None and row.notes else NOTHING
    try:
        if kind_of(version.served_signature) == "regression":
            return _errors(row.calibration, endpoint, version, window)
        if outputs is None:
            values = which(endpoint, version, window, MOST)
            outputs = [json.loads(output) for (output,) in fetched(OUTPUTS, values)]
        return _by_confidence(row.calibration, version, outputs)
    except (MlregistryError, ValueError) as error:
        return {}, str(error)


def which(endpoint: Endpoint, version: ModelVersion, window: Window, most: int) -> dict[str, Any]:
    """Values for statements about the newest rows of a window."""
    return {
        "endpoint": endpoint.pk, "version": version.pk, "since": window.since, "until": window.until, "most": most,
    }  # fmt: skip


def is_one(value: Any, classes: Sequence[Any]) -> bool:
    return isinstance(value, str | int | float | bool) and value in classes


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _by_confidence(calibration: Any, version: ModelVersion, outputs: Sequence[dict[str, Any]]) -> Found:
    classes = list(version.served_signature["classes"])
    good = [o for o in outputs if o.get("probabilities") and is_one(o.get("prediction"), classes)]
    if not good:
        return {}, "There are no answers with probabilities in this window."
    found = estimated.classification(
        calibrations.from_json(calibration),
        np.array([output["probabilities"] for output in good], dtype=float),
        class_numbers(np.array([output["prediction"] for output in good]), classes),
    )
    figures = {"accuracy": found.accuracy, "f1": found.f1, "roc_auc": found.roc_auc}
    return {name: value for name, value in figures.items() if value is not None}, ""


def _errors(calibration: Any, endpoint: Endpoint, version: ModelVersion, window: Window) -> Found:
    """From what was asked, which is not there where inputs are not logged."""
    rows = fetched(ROWS, which(endpoint, version, window, MOST_ERRORS))
    read = [(json.loads(output).get("prediction"), json.loads(given)) for output, given in rows]
    good = [(answer, given) for answer, given in read if given and is_number(answer)]
    if not good:
        return {}, "There are no answers with their inputs in this window."
    predicted = np.array([answer for answer, _ in good], dtype=float)
    found = loss_models.from_json(calibration).estimate([given for _, given in good], predicted)
    return {"mae": found.mae, "rmse": found.rmse}, ""
