"""MLflow's artifact routes over its wire: the proxy, listings, ranges, safety, what viewers and strangers may."""

import hashlib
from collections.abc import Callable
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from experiments.actions import artifacts as actions
from experiments.actions.experiments import create_experiment
from experiments.models import Artifact, Experiment, Lifecycle, LoggedModel, Run
from mlregistry.accounts.models import User
from mlregistry.accounts.queries import actors
from models_app.models import ModelVersion, RegisteredModel

from .conftest import Mlflow

Make = Callable[..., Mlflow]
ROOT = "/api/2.0/mlflow-artifacts/artifacts"
BYTES = bytes(range(256)) * 40


@pytest.fixture
def experiment(bob: User) -> Experiment:
    return create_experiment("files", by=actors.for_user(bob))


@pytest.fixture
def run(experiment: Experiment) -> Run:
    return Run.objects.create(experiment=experiment, name="one")


@pytest.fixture
def model(experiment: Experiment) -> LoggedModel:
    return LoggedModel.objects.create(experiment=experiment, name="model")


def place(owner: Run | LoggedModel, path: str = "") -> str:
    key = owner.pk.hex if isinstance(owner, Run) else f"models/{owner.model_id}"
    return f"{owner.experiment_id}/{key}/artifacts/{path}".rstrip("/")


def put(api: Mlflow, path: str, body: bytes = b"text", **options: Any) -> int:
    return api.raw("PUT", f"{ROOT}/{path}", body, content_type="text/plain", **options)[0]


def read(api: Mlflow, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    return api.raw("GET", f"{ROOT}/{path}", headers={k.replace("_", "-"): v for k, v in headers.items()})


def listed(api: Mlflow, path: str) -> Any:
    return api.get(ROOT, path=path)


def test_a_file_of_a_run_comes_back_as_it_went(mlflow: Make, bob: User, vera: User, run: Run) -> None:
    api = mlflow(bob)
    answer = api.raw("PUT", f"{ROOT}/{place(run, 'data/bytes.bin')}", BYTES)
    assert (answer[0], answer[2]) == (200, b"{}")
    status, headers, body = read(mlflow(vera), place(run, "data/bytes.bin"))
    assert (status, body) == (200, BYTES)
    assert headers["Content-Length"] == str(len(BYTES))
    assert headers["ETag"] == f'"{hashlib.sha256(BYTES).hexdigest()}"'
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Disposition"] == "attachment; filename=bytes.bin"
    assert Artifact.objects.get().run == run


def test_the_experiment_in_the_path_only_informs(mlflow: Make, bob: User, run: Run) -> None:
    api = mlflow(bob)
    put(api, f"12345/{run.pk.hex}/artifacts/a.txt")
    assert read(api, place(run, "a.txt"))[2] == b"text"
    assert read(api, f"own/place/{run.pk.hex}/artifacts/a.txt")[2] == b"text"
    assert read(api, f"workspaces/{run.experiment.team.slug}/{place(run, 'a.txt')}")[2] == b"text"
    status, error = listed(api, f"workspaces/another/{place(run)}")
    assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_a_logged_model_has_files_of_its_own(mlflow: Make, bob: User, model: LoggedModel) -> None:
    api = mlflow(bob)
    assert put(api, place(model, "MLmodel"), b"flavors: {}") == 200
    assert put(api, place(model, "data/model.pkl"), b"12") == 200
    assert Artifact.objects.filter(logged_model=model).count() == 2
    status, told = api.get(f"logged-models/{model.model_id}/artifacts/directories")
    assert told == {
        "root_uri": f"mlflow-artifacts:/{place(model)}",
        "files": [
            {"path": "MLmodel", "is_dir": False, "file_size": 11},
            {"path": "data", "is_dir": True},
        ],
    }
    status, told = api.get(
        f"logged-models/{model.model_id}/artifacts/directories", artifact_directory_path="data"
    )
    assert told["files"] == [{"path": "data/model.pkl", "is_dir": False, "file_size": 2}]
    files = f"/ajax-api/2.0/mlflow/logged-models/{model.model_id}/artifacts/files"
    status, _, body = api.raw("GET", files, query="artifact_file_path=data/model.pkl")
    assert (status, body) == (200, b"12")
    assert api.raw("GET", files)[0] == 400
    assert api.raw("GET", files, query="artifact_file_path=../x")[0] == 400


def test_any_other_path_lies_in_the_teams_own_folder(mlflow: Make, bob: User, charlie: User) -> None:
    assert put(mlflow(bob), "some/where/a.txt") == 200
    assert read(mlflow(bob), "some/where/a.txt")[2] == b"text"
    assert read(mlflow(charlie), "some/where/a.txt")[0] == 404
    assert listed(mlflow(bob), "")[1] == {"files": [{"path": "some", "is_dir": True}]}
    assert listed(mlflow(charlie), "") == (200, {})


def test_a_listing_names_each_entry_alone_and_is_empty_for_files(mlflow: Make, bob: User, run: Run) -> None:
    api = mlflow(bob)
    for path in ("b.txt", "a/x.txt", "a/y/z.txt", "a.txt", "empty"):
        put(api, place(run, path), b"" if path == "empty" else b"text")
    assert listed(api, place(run))[1] == {
        "files": [
            {"path": "a", "is_dir": True},
            {"path": "a.txt", "is_dir": False, "file_size": 4},
            {"path": "b.txt", "is_dir": False, "file_size": 4},
            {"path": "empty", "is_dir": False},
        ]
    }
    assert [entry["path"] for entry in listed(api, place(run, "a"))[1]["files"]] == ["x.txt", "y"]
    assert listed(api, place(run, "a.txt")) == (200, {})
    assert listed(api, place(run, "missing")) == (200, {})
    assert listed(api, f"1/{'0' * 32}/artifacts")[0] == 404


def test_a_run_lists_paths_from_its_root(mlflow: Make, bob: User, run: Run) -> None:
    api = mlflow(bob)
    assert api.get("artifacts/list", run_id=run.pk.hex) == (
        200,
        {"root_uri": f"mlflow-artifacts:/{place(run)}"},
    )
    put(api, place(run, "data/a.txt"))
    told = api.get("artifacts/list", run_uuid=run.pk.hex, path="data")[1]
    assert told["files"] == [{"path": "data/a.txt", "is_dir": False, "file_size": 4}]
    for path in ("../x", "/etc", "%2e%2e/x", "a\\b"):
        status, error = api.get("artifacts/list", run_id=run.pk.hex, path=path)
        assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), path
    assert api.get("artifacts/list")[0] == 400
    assert api.get("artifacts/list", run_id="0" * 32)[0] == 404


def test_a_missing_file_is_404_and_a_folder_is_no_file(mlflow: Make, bob: User, run: Run) -> None:
    api = mlflow(bob)
    put(api, place(run, "data/a.txt"))
    status, _, body = read(api, place(run, "data/b.txt"))
    assert (status, b"RESOURCE_DOES_NOT_EXIST" in body) == (404, True)
    status, _, body = read(api, place(run, "data"))
    assert (status, b"INVALID_PARAMETER_VALUE" in body) == (400, True)


def test_a_file_and_a_folder_never_share_a_name(mlflow: Make, bob: User, run: Run) -> None:
    api = mlflow(bob)
    put(api, place(run, "a/b"))
    assert put(api, place(run, "a")) == 400
    assert put(api, place(run, "a/b/c")) == 400
    assert put(api, place(run)) == 400


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "path",
    [
        "../x", "a/../../x", "..", "%2e%2e/x", "%2e%2e%2fx", "..%2fx", "%252e%252e/x", "%25252e%25252e%25252fx",
        "/etc/passwd", "%2fetc%2fpasswd", "a\\..\\x", "a%5cx", "a\x00b", "a%00b", "a\nb", "C:/x", "a//b", "./a",
    ],
)  # fmt: skip
def test_no_path_leaves_its_run(mlflow: Make, bob: User, run: Run, method: str, path: str) -> None:
    api = mlflow(bob)
    for address in (place(run, path), path):
        status, _, body = api.raw(method, f"{ROOT}/{address}", b"x" if method == "PUT" else b"")
        assert (status, b"INVALID_PARAMETER_VALUE" in body) == (400, True), address
    assert not Artifact.objects.exists()


@pytest.mark.parametrize("path", ["../", "..", "/etc", "%2e%2e", "a/../../..", "%252e%252e"])
def test_no_listing_leaves_the_root(mlflow: Make, bob: User, path: str) -> None:
    assert listed(mlflow(bob), path)[0] == 400


def test_files_of_another_team_are_not_there(
    mlflow: Make, bob: User, charlie: User, run: Run, model: LoggedModel
) -> None:
    put(mlflow(bob), place(run, "a.txt"))
    stranger = mlflow(charlie)
    for owner in (run, model):
        assert put(stranger, place(owner, "a.txt"), b"evil") == 404
        assert read(stranger, place(owner, "a.txt"))[0] == 404
        assert listed(stranger, place(owner))[0] == 404
        assert stranger.raw("DELETE", f"{ROOT}/{place(owner)}")[0] == 404
    assert stranger.get("artifacts/list", run_id=run.pk.hex)[0] == 404
    assert stranger.get(f"logged-models/{model.model_id}/artifacts/directories")[0] == 404
    assert stranger.raw("GET", "/get-artifact", query=f"run_id={run.pk.hex}&path=a.txt")[0] == 404
    assert read(mlflow(bob), place(run, "a.txt"))[2] == b"text"


def test_viewers_read_only_and_nobody_without_login(mlflow: Make, bob: User, vera: User, run: Run) -> None:
    put(mlflow(bob), place(run, "a.txt"))
    assert put(mlflow(vera), place(run, "a.txt")) == 403
    assert mlflow(vera).raw("DELETE", f"{ROOT}/{place(run, 'a.txt')}")[0] == 403
    assert mlflow(bob, scopes=["read"]).raw("DELETE", f"{ROOT}/{place(run, 'a.txt')}")[0] == 403
    assert read(mlflow(vera), place(run, "a.txt"))[0] == 200
    assert read(mlflow(), place(run, "a.txt"))[0] == 401
    assert put(mlflow(), place(run, "a.txt")) == 401


def test_a_file_or_a_folder_is_deleted_and_a_missing_one_is_no_error(
    mlflow: Make, bob: User, run: Run
) -> None:
    api = mlflow(bob)
    for path in ("a/1", "a/b/2", "ab", "c"):
        put(api, place(run, path))
    for path in ("a", "c", "missing"):
        status, _, body = api.raw("DELETE", f"{ROOT}/{place(run, path)}")
        assert (status, body) == (200, b"{}")
    assert [row.path for row in Artifact.objects.all()] == ["ab"]
    assert api.raw("DELETE", f"{ROOT}/{place(run)}/")[0] == 200
    assert not Artifact.objects.exists()


def test_deleted_runs_and_models_are_read_but_not_written(
    mlflow: Make, bob: User, run: Run, model: LoggedModel
) -> None:
    api = mlflow(bob)
    for owner in (run, model):
        put(api, place(owner, "a.txt"))
        type(owner)._base_manager.filter(pk=owner.pk).update(lifecycle=Lifecycle.DELETED)
        assert read(api, place(owner, "a.txt"))[0] == 200
        assert put(api, place(owner, "b.txt")) == 400
        assert api.raw("DELETE", f"{ROOT}/{place(owner, 'a.txt')}")[0] == 400
    assert api.get(f"logged-models/{model.model_id}/artifacts/directories")[0] == 404


def test_an_upload_over_another_takes_its_place(mlflow: Make, bob: User, run: Run) -> None:
    api = mlflow(bob)
    for body in (b"one", b"two"):
        put(api, place(run, "a.txt"), body)
    assert read(api, place(run, "a.txt"))[2] == b"two"
    assert Artifact.objects.count() == 1


def test_the_pages_download_and_upload_small_files(mlflow: Make, bob: User, vera: User, run: Run) -> None:
    api, address = mlflow(bob), "/ajax-api/2.0/mlflow/upload-artifact"
    query = urlencode({"run_uuid": run.pk.hex, "path": "by/page.txt"})
    assert api.raw("POST", address, b"text", query=query, content_type="text/plain")[0] == 200
    status, headers, body = api.raw("GET", "/get-artifact", query=query)
    assert (status, body) == (200, b"text")
    assert headers["Content-Type"] == "text/plain"
    assert mlflow(vera).raw("POST", address, b"text", query=query)[0] == 403
    for wrong in ("path=a", f"run_uuid={run.pk.hex}", f"run_uuid={run.pk.hex}&path=../a"):
        assert api.raw("POST", address, b"text", query=wrong)[0] == 400
    assert api.raw("POST", address, b"", query=query)[0] == 400
    assert api.raw("POST", address, b"x" * (10 * 1024 * 1024 + 1), query=query)[0] == 400
    for wrong in (f"run_id={run.pk.hex}", f"run_id={run.pk.hex}&path=%252e%252e/x"):
        assert api.raw("GET", "/get-artifact", query=wrong)[0] == 400


@pytest.mark.parametrize("source", ["location", "model", "run"])
def test_a_versions_files_are_found_where_it_came_from(
    mlflow: Make, bob: User, run: Run, model: LoggedModel, source: str
) -> None:
    api = mlflow(bob)
    put(api, place(model, "MLmodel"), b"of the model")
    put(api, place(run, "model/MLmodel"), b"of the run")
    registered = RegisteredModel.objects.create(team=run.experiment.team, name="m")
    given = {
        "location": {"source": f"mlflow-artifacts:/{place(model)}"},
        "model": {"source": f"models:/{model.model_id}"},
        "run": {"source": f"runs:/{run.pk.hex}/model"},
    }[source]
    ModelVersion.objects.create(model=registered, number=1, **given)
    query = {"name": "m", "version": "1", "path": "MLmodel"}
    status, _, body = api.raw("GET", "/model-versions/get-artifact", query=urlencode(query))
    assert (status, body) == (200, b"of the run" if source == "run" else b"of the model")
    for wrong, expected in (({"path": "../x"}, 400), ({"version": "7"}, 404), ({"version": "x"}, 400)):
        found = api.raw("GET", "/model-versions/get-artifact", query=urlencode({**query, **wrong}))
        assert found[0] == expected, wrong


def test_what_needs_an_object_store_is_501_so_that_clients_go_without(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    for status, error in (
        api.get("/api/2.0/mlflow-artifacts/presigned/a/b"),
        api.post("artifacts/presigned-upload-url", {}),
        api.post("artifacts/presigned-download-url", {}),
    ):
        assert (status, error["error_code"]) == (501, "NOT_IMPLEMENTED")
        assert "is not supported for the current artifact repository" in error["message"]


def test_few_queries_do_for_each_request(mlflow: Make, bob: User, run: Run) -> None:
    api = mlflow(bob)
    put(api, place(run, "warm/up.txt"), b"warm")
    for act, most in (
        (lambda: put(api, place(run, "a.txt"), b"new"), 8),
        (lambda: read(api, place(run, "a.txt")), 1),
        (lambda: listed(api, place(run)), 1),
        (lambda: api.get("artifacts/list", run_id=run.pk.hex), 2),
    ):
        with CaptureQueriesContext(connection) as asked:
            act()
        own = [query["sql"] for query in asked if "SAVEPOINT" not in query["sql"]]
        assert len(own) <= most, own


def test_the_native_api_and_the_door_share_their_files(mlflow: Make, bob: User, run: Run) -> None:
    by = actors.for_user(bob)
    actions.save_artifact(run, "native/a.txt", BytesIO(b"native"), by=by)
    assert read(mlflow(bob), place(run, "native/a.txt"))[2] == b"native"
    assert actions.delete_path(run, "native", by=by) == 1
