"""Real pipelines, saved and signed as training does it, and a snapshot that routes to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from mlregistry.ml import packaging
from mlregistry.ml.signature import infer
from serving.hotpath.models import ModelCache
from serving.hotpath.snapshot import (
    Endpoint,
    Grant,
    LogPolicy,
    ModelHandle,
    Snapshot,
    Variant,
    snapshot_of,
    token_digest,
    with_models,
)
from serving.hotpath.split import reweigh

TOKEN = "mlr_predict"


def customers(n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    months = rng.integers(1, 72, n)
    charge = rng.normal(65, 20, n).round(2)
    charge[::17] = np.nan
    contract = rng.choice(["monthly", "yearly"], n)
    churn = np.where((months < 20) & (contract == "monthly"), "Yes", "No")
    return pd.DataFrame({"months": months, "charge": charge, "contract": contract, "churn": churn})


def _stored(
    pipeline: Any, frame: pd.DataFrame, folder: Path, *, version_id: int, **signed: Any
) -> ModelHandle:
    files = {file.format: file for file in packaging.save(pipeline, folder)}
    rows = [{"months": 5, "charge": 70.5, "contract": "monthly"}]
    return ModelHandle(
        version_id=version_id,
        name="churn",
        version=version_id - 100,
        kind="classification" if signed.get("classes") else "regression",
        folder=str(folder),
        file=files["joblib"].to_json(),
        signature=infer(frame, **signed).to_json(),
        example=tuple({name: row[name] for name in frame.columns} for row in rows),
        trusted=True,
    )


@pytest.fixture(scope="session")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> ModelHandle:
    """Imputer, scaler, one-hot and logistic regression on a frame with gaps and a category."""
    data = customers()
    frame = data[["months", "charge", "contract"]]
    prepare = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["months", "charge"]),
        (OneHotEncoder(handle_unknown="ignore"), ["contract"]),
    )
    pipeline = make_pipeline(prepare, LogisticRegression()).fit(frame, data["churn"])
    folder = tmp_path_factory.mktemp("classifier")
    classes = ("No", "Yes")
    return _stored(
        pipeline, frame, folder, version_id=101, target="churn", output_type="string", classes=classes
    )


@pytest.fixture(scope="session")
def regressor(tmp_path_factory: pytest.TempPathFactory) -> ModelHandle:
    """A forest: it converts to 32-bit floats and so refuses 1e300."""
    data = customers()
    frame = data[["months", "charge"]].fillna(0.0)
    pipeline = make_pipeline(RandomForestRegressor(5, random_state=0)).fit(frame, frame["months"] * 2.0)
    folder = tmp_path_factory.mktemp("regressor")
    return _stored(pipeline, frame, folder, version_id=102, target="value", output_type="float")


@pytest.fixture
def endpoint_of() -> Callable[..., Endpoint]:
    def build(weights: dict[str, float], models: dict[str, ModelHandle], **options: Any) -> Endpoint:
        variants = tuple(Variant(key, model) for key, model in models.items())
        plain: dict[str, Any] = {"id": 1, "team_id": 7, "team": "acme", "name": "churn", "salt": "s"}
        return Endpoint(variants=variants, layout=reweigh(weights), **{**plain, **options})

    return build


@pytest.fixture
def tokens() -> dict[str, Grant]:
    def grant(*scopes: str, teams: tuple[str, ...] = ("acme",), expires_at: float | None = None) -> Grant:
        return Grant(7, frozenset(teams), teams[0], frozenset(scopes), expires_at)

    return {
        token_digest(TOKEN): grant("predict"),
        token_digest("mlr_read"): grant("read"),
        token_digest("mlr_old"): grant("predict", expires_at=1_000.0),
        token_digest("mlr_charlie"): grant("predict", teams=("outside",)),
    }


@pytest.fixture
def routed(
    classifier: ModelHandle,
    regressor: ModelHandle,
    endpoint_of: Callable[..., Endpoint],
    tokens: dict[str, Grant],
) -> Snapshot:
    """`churn` splits 90/10, `spend` is a logged-durably forest, `off` is switched off."""
    ab = {"champion": classifier, "challenger": classifier}
    endpoints = [
        endpoint_of({"champion": 90, "challenger": 10}, ab),
        endpoint_of({"only": 100}, {"only": regressor}, id=2, name="spend", log=LogPolicy("durable")),
        endpoint_of({"only": 100}, {"only": regressor}, id=3, name="off", enabled=False),
        endpoint_of({"only": 100}, {"only": regressor}, id=4, team="outside", name="theirs"),
    ]
    snapshot = snapshot_of(endpoints, tokens, epoch=3)
    models, failures = ModelCache().load_all(snapshot.handles())
    assert not failures
    return with_models(snapshot, models)
