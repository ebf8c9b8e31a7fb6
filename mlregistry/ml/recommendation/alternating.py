"""ALS and BPR by the package `implicit`, an extra of this server. The catalogue names them.

One thread each, so that the same seed gives the same factors.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from mlregistry.errors import Invalid
from mlregistry.ml.recommendation.fitting import Recommending
from mlregistry.ml.recommendation.scoring import Factors, Matrix, Scoring


class Alternating(Recommending):
    """Weighted factors of implicit feedback by alternating least squares (Hu, Koren and Volinsky 2008)."""

    def learn(self, matrix: Matrix, **params: Any) -> Scoring:
        made = _model("als", "AlternatingLeastSquares")(
            factors=params["factors"], regularization=params["regularization"], alpha=params["alpha"],
            iterations=params["iterations"], random_state=params["random_state"], num_threads=1,
        )  # fmt: skip
        made.fit(matrix.astype(np.float32), show_progress=False)
        return Factors(
            np.asarray(made.user_factors), np.asarray(made.item_factors), float(params["regularization"]),
            float(params["alpha"]), False,
        )  # fmt: skip


class Pairwise(Recommending):
    """Factors that rank what a user had before what they had not (BPR: Rendle et al. 2009)."""

    def learn(self, matrix: Matrix, **params: Any) -> Scoring:
        made = _model("bpr", "BayesianPersonalizedRanking")(
            factors=params["factors"], regularization=params["regularization"],
            learning_rate=params["learning_rate"], iterations=params["iterations"],
            random_state=params["random_state"], num_threads=1,
        )  # fmt: skip
        made.fit(matrix.astype(np.float32), show_progress=False)
        return Factors(np.asarray(made.user_factors), np.asarray(made.item_factors), 1.0, 1.0, False)


def _model(module: str, name: str) -> Any:
    try:
        return getattr(import_module(f"implicit.cpu.{module}"), name)
    except ImportError as error:
        raise Invalid(
            "ALS and BPR need the package 'implicit', which is not installed on this server:"
            " pip install 'mlregistry[recommendation]'.",
            field="estimator",
        ) from error
