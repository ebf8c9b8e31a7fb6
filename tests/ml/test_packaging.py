"""Model files: both forms of every estimator predict alike, and a changed or foreign file is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skops.io
from sklearn.preprocessing import FunctionTransformer

from mlregistry.errors import Invalid, NotFound
from mlregistry.ml import packaging, recipes, training
from mlregistry.ml.estimators import CATALOGUE
from mlregistry.ml.packaging import ModelFile
from mlregistry.ml.supervised.table import SUPERVISED
from mlregistry.ml.training_result import TrainingResult
from tests.ml.frames import CHURN, PRICE, mixed, silent

CASES = [(kind, name) for kind in SUPERVISED for name in CATALOGUE[kind]]
OTHER_PARAMS = {"k_nearest_neighbors": {"p": 1}}


def trained(kind: str, name: str, **recipe: object) -> TrainingResult:
    spec, drop = (CHURN, "price") if kind == "classification" else (PRICE, "churn")
    return training.train(
        spec, recipes.parse({"estimator": name, **recipe}), mixed(120).drop(columns=drop), silent
    )


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_both_files_of_every_estimator_predict_alike(kind: str, name: str, tmp_path: Path) -> None:
    for params in ({}, OTHER_PARAMS.get(name)):
        if params is None:
            continue
        result = trained(kind, name, params=params)
        frame = result.signature.frame(result.input_example)
        expected = packaging.predict(result.pipeline, result.signature, frame)
        files = packaging.save(result.pipeline, tmp_path)
        assert [file.format for file in files] == ["joblib", "skops"]
        for file in files:
            assert packaging.predict(packaging.load(tmp_path, file), result.signature, frame) == expected


@pytest.mark.parametrize("scaling", ["min_max", "robust", "none"])
@pytest.mark.parametrize("encoding", ["one_hot", "ordinal"])
def test_every_preparation_is_trusted_in_a_skops_file(scaling: str, encoding: str, tmp_path: Path) -> None:
    preparation = {"scaling": scaling, "encoding": encoding, "missing_indicator": True}
    result = trained("classification", "logistic_regression", preparation=preparation)
    packaging.load(tmp_path, packaging.save(result.pipeline, tmp_path)[1])


def test_a_near_neighbour_tree_with_few_columns_is_trusted(tmp_path: Path) -> None:
    frame = mixed(120)[["age", "income", "churn"]]
    for p in (1, 2):
        recipe = recipes.parse({"estimator": "k_nearest_neighbors", "params": {"p": p}})
        result = training.train(CHURN, recipe, frame, silent)
        packaging.load(tmp_path, packaging.save(result.pipeline, tmp_path)[1])


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    files = packaging.save(trained("regression", "ridge").pipeline, tmp_path)
    for file in files:
        path = tmp_path / file.name
        path.write_bytes(path.read_bytes() + b" ")
        with pytest.raises(Invalid, match="SHA-256"):
            packaging.load(tmp_path, file)


def test_a_missing_file_or_a_name_with_a_path_is_refused(tmp_path: Path) -> None:
    file = ModelFile("joblib", "model.joblib", 1, "0")
    with pytest.raises(NotFound):
        packaging.load(tmp_path, file)
    with pytest.raises(Invalid, match="no model file"):
        packaging.load(tmp_path, replace(file, name="../model.joblib"))


def test_a_skops_file_with_a_foreign_type_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    skops.io.dump(FunctionTransformer(np.save), path)
    digest = packaging.sha256_of(path)
    with pytest.raises(Invalid, match="not trusted"):
        packaging.load(tmp_path, ModelFile("skops", path.name, path.stat().st_size, digest))


def test_a_frame_without_a_column_is_refused() -> None:
    result = trained("regression", "ridge")
    frame = result.signature.frame(result.input_example).drop(columns="age")
    with pytest.raises(Invalid, match="'age'"):
        packaging.predict(result.pipeline, result.signature, frame)
