"""A closed form that stands alone, with the face of an estimator: what tests ask of a model from outside.

Its own file is opened in the jail alone; what serves, and so what is tested, is the form. Called by the model tests.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mlregistry.errors import Invalid
from mlregistry.ml.compiling import probes
from mlregistry.ml.compiling.forms import Array, Refused
from mlregistry.ml.compiling.names import UNANSWERED
from mlregistry.ml.compiling.scoring import CompiledModel


class FormAlone:
    """`predict` gives n labels or numbers, `predict_proba` n × classes; Invalid for rows that the form refuses."""

    def __init__(self, compiled: CompiledModel) -> None:
        self._compiled = compiled
        self.classes_ = np.array(compiled.signature.classes)

    def predict(self, frame: pd.DataFrame) -> Array:
        return np.array(self.answer(frame)["predictions"])

    def predict_proba(self, frame: pd.DataFrame) -> Array:
        return np.array(self.answer(frame)["probabilities"], dtype=np.float64)

    def answer(self, frame: pd.DataFrame) -> dict[str, Any]:
        """What a request with these rows is answered."""
        rows = probes.plain_rows(frame, self._compiled.signature, len(frame))
        try:
            return self._compiled.score(rows)
        except Refused as error:
            raise Invalid(UNANSWERED) from error
