"""XGBoost's and LightGBM's own files as uploads: opened in the jail alone, served by their closed form alone."""

import functools
import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.artifacts import store
from mlregistry.errors import Invalid
from mlregistry.ml.compiling import storing
from mlregistry.ml.compiling.scoring import CompiledModel
from mlregistry.ml.intake import booster_files, formats, skops_files
from mlregistry.ml.signature import Signature
from models_app.actions.versions import check_servable
from models_app.models import Compilation, Intake, IntakeState, ModelVersion
from tests.models_app import foreign
from tests.models_app.test_intakes import checked, uploaded

CHANCE = np.random.default_rng(5)
ROWS = pd.DataFrame({name: CHANCE.normal(size=300) for name in ("age", "visits", "spend")})
ROWS.iloc[::9, 1] = np.nan
SCORE = ROWS["age"] + ROWS["spend"] ** 2
TARGETS = {
    "two": (SCORE > 0.8).astype(int),
    "three": np.digitize(SCORE, [0.2, 1.2]),
    "number": 5 + 3 * SCORE,
    "counts": CHANCE.poisson(np.exp(SCORE.clip(upper=2))),
}
OBJECTIVES = {
    "xgboost": {"two": "binary:logistic", "three": "multi:softprob", "number": "reg:squarederror",
                "counts": "count:poisson"},
    "lightgbm": {"two": "binary", "three": "multiclass", "number": "regression", "counts": "poisson"},
}  # fmt: skip


@pytest.fixture
def bob_as(bob: User, actor_of: Callable[..., Actor]) -> Actor:
    return actor_of(bob)


@functools.cache
def grown(library: str, target: str) -> Any:
    """The library's own booster; without it the test is skipped."""
    package = pytest.importorskip(library)
    params = {"objective": OBJECTIVES[library][target], "max_depth": 3, "seed": 1, "verbosity": 0}
    if target == "three":
        params["num_class"] = 3
    if library == "xgboost":
        return package.train(params, package.DMatrix(ROWS, TARGETS[target]), 12)
    return package.train({**params, "verbosity": -1}, package.Dataset(ROWS, TARGETS[target]), 12)


def file_of(library: str, target: str, suffix: str) -> bytes:
    path = foreign.HERE / f"{library}-{target}{suffix}"
    grown(library, target).save_model(str(path))
    return path.read_bytes()


def served(version: ModelVersion, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What the closed form answers."""
    version.refresh_from_db()
    file = Compilation.objects.select_related("file").get(version=version).file
    assert file is not None
    with store.local_path(file) as path:
        form = storing.load(path)
    return CompiledModel(form, Signature.from_json(version.served_signature)).score(rows)


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return json.loads(frame.to_json(orient="records", double_precision=15))  # type: ignore[no-any-return]  # a list


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("library", "target", "suffix"),
    [("xgboost", "two", ".json"), ("xgboost", "counts", ".ubj"), ("lightgbm", "three", ".txt")],
)
def test_a_file_of_the_library_is_opened_in_the_jail_and_answers_as_the_library_does(
    library: str, target: str, suffix: str, bob_as: Actor
) -> None:
    version = uploaded(file_of(library, target, suffix), f"a{suffix}", bob_as)
    intake = checked(version)
    assert (intake.state, intake.problem) == (IntakeState.ACCEPTED, "")
    check_servable(version)
    frame = ROWS.head(40)
    found = served(version, rows_of(frame))
    booster = grown(library, target)
    if library == "xgboost":
        known = booster.predict(sys.modules["xgboost"].DMatrix(frame))
    else:
        known = booster.predict(frame)
    numbers = np.asarray(found.get("probabilities", found["predictions"]), dtype=np.float64)
    answers = numbers[:, 1] if target == "two" else numbers
    np.testing.assert_allclose(answers, known, rtol=1e-6, atol=1e-7)
    assert [field["name"] for field in version.served_signature["inputs"]] == ["age", "visits", "spend"]
    assert intake.findings is not None
    assert intake.findings["opened_with"][library]
    assert OBJECTIVES[library][target] in intake.findings["estimator"]


@pytest.mark.django_db
def test_classes_and_types_are_given_with_the_upload(bob_as: Actor) -> None:
    inputs = [{"name": name, "type": "double", "required": False} for name in ROWS]
    body = file_of("lightgbm", "two", ".txt")
    said = {"inputs": inputs, "classes": ["stays", "leaves"]}
    version = uploaded(body, "a.txt", bob_as, signature=said)
    assert checked(version).state == IntakeState.ACCEPTED
    found = served(version, [{"age": 3, "visits": None, "spend": 0.1}])
    assert (found["classes"], found["predictions"]) == (["stays", "leaves"], ["leaves"])
    wrong = uploaded(body, "a.txt", bob_as, signature={**said, "classes": ["a", "b", "c"]})
    assert "tells 2 classes apart; the signature names 3" in checked(wrong).problem


@pytest.mark.django_db
def test_an_upload_over_the_api_serves_and_downloads_the_same_bytes(
    bob: User, api: Callable[..., APIClient]
) -> None:
    body = file_of("xgboost", "number", ".json")
    client = api(bob)
    sent = {"file": SimpleUploadedFile("house.json", body)}
    assert client.post("/api/v1/models/prices/uploads", sent, format="multipart").status_code == 201
    intake = Intake.objects.get(version__model__name="prices")
    assert checked(intake.version).state == IntakeState.ACCEPTED
    one = "/api/v1/models/prices/versions/1"
    forms = {form["format"]: form for form in client.get(one).json()["files"]}
    assert "XGBoost" in forms["xgboost_json"]["who_may_load"]
    answer = client.get(f"{one}/files/xgboost_json")
    assert b"".join(answer.streaming_content) == body  # type: ignore[attr-defined]  # a download streams
    assert answer["Content-Disposition"].endswith('.json"')


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("library", "name", "shaken"),
    [
        ("xgboost", "cut.json", lambda body: body[: len(body) // 2]),
        (
            "xgboost",
            "astray.json",
            lambda body: body.replace(b'"left_children":[', b'"left_children":[999999,'),
        ),
        ("lightgbm", "astray.txt", lambda body: body.replace(b"left_child=", b"left_child=77 ")),
    ],
)
def test_a_broken_or_hostile_file_ends_in_the_jail_with_a_reason(
    library: str, name: str, shaken: Callable[[bytes], bytes], bob_as: Actor
) -> None:
    body = shaken(file_of(library, "two", ".json" if library == "xgboost" else ".txt"))
    version = uploaded(body, name, bob_as)
    intake = checked(version)
    assert intake.state == IntakeState.REFUSED
    assert intake.problem
    assert not Compilation.objects.filter(version=version).exclude(file=None).exists()


@pytest.mark.parametrize(
    ("body", "name", "told"),
    [(b"binf\x00", "a.json", "no XGBoost model"), (b"PK\x03\x04", "a.ubj", "no XGBoost model"),
     (b"numpy==2.0", "requirements.txt", "no LightGBM model")],
)  # fmt: skip
def test_what_does_not_begin_as_one_is_refused_at_the_door(body: bytes, name: str, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        formats.checked_format(name, body[:16])


def test_a_folder_s_other_files_are_taken_for_no_model() -> None:
    there = ["requirements.txt", "serving_input_example.json", "MLmodel", "python_env.yaml"]
    assert formats.chosen(there) is None
    assert formats.chosen([*there, "model.xgb"]) == "model.xgb"
    assert formats.chosen([*there, "model.txt", "model.pkl"]) == "model.txt"


def test_the_extra_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for library in ("xgboost", "lightgbm"):
        monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(Invalid, match=r"XGBoost is an extra .* pip install 'mlregistry\[xgboost\]'"):
        booster_files.XGBoostFile(b"{}")
    with pytest.raises(Invalid, match=r"LightGBM is an extra .* pip install 'mlregistry\[lightgbm\]'"):
        booster_files.LightGBMFile(b"tree")


def test_a_model_that_was_stopped_early_answers_with_its_best_rounds() -> None:
    booster = grown("xgboost", "number").copy()
    booster.set_attr(best_iteration="4")
    found = booster_files.XGBoostFile(bytes(booster.save_raw("json")))
    assert found.notes == ["It was stopped early: its first 5 rounds answer."]
    frame = ROWS.head(20)
    matrix = sys.modules["xgboost"].DMatrix(frame)
    np.testing.assert_allclose(
        found.predict(frame), booster.predict(matrix, iteration_range=(0, 5)), rtol=1e-6
    )


def test_an_objective_without_a_known_link_is_refused() -> None:
    raw = bytes(grown("xgboost", "two").save_raw("json")).replace(b"binary:logistic", b"binary:hinge")
    with pytest.raises(Invalid, match="“binary:hinge” is none that is served"):
        booster_files.XGBoostFile(raw)


def test_a_dart_booster_is_refused() -> None:
    xgboost = pytest.importorskip("xgboost")
    params = {"booster": "dart", "verbosity": 0}
    raw = bytes(xgboost.train(params, xgboost.DMatrix(ROWS, TARGETS["number"]), 2).save_raw("json"))
    with pytest.raises(Invalid, match="of the kind “dart”"):
        booster_files.XGBoostFile(raw)


def test_skops_files_from_elsewhere_may_hold_no_booster_s_own_bytes() -> None:
    assert not [name for name in skops_files.FOREIGN if name.startswith("mlregistry.ml.boosting")]
    assert "mlregistry.ml.columns.NumberColumns" in skops_files.FOREIGN
