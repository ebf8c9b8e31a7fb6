"""Artifacts through the client: files and folders up, listed, down, overwritten and deleted; odd names."""

from pathlib import Path

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.tracking import MlflowClient

from tests.mlflow_client.scenarios.ground import a_run

client = MlflowClient()
ODD_NAMES = [
    "with blank.txt",
    "ünïcödé-模型.txt",
    "a+b=c&d.txt",
    "100% sure.txt",
    "(brackets) [and] {more}.txt",
    "quote'.txt",
    ".hidden",
    "no_ending",
    "semi;colon,comma@at.txt",
    "UPPER.TXT",
    "two..dots.txt",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tree with two levels, an empty file and bytes that are no text."""
    root = tmp_path / "tree"
    (root / "deep" / "deeper").mkdir(parents=True)
    (root / "top.txt").write_text("top")
    (root / "empty.bin").write_bytes(b"")
    (root / "deep" / "middle.bin").write_bytes(bytes(range(256)) * 100)
    (root / "deep" / "deeper" / "bottom.json").write_text('{"a": 1}')
    return root


def _contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def _listed(run_id: str, path: str | None = None) -> list[tuple[str, bool, int]]:
    """Path, is it a folder, size; a folder has no size, and MLflow leaves out that of an empty file."""
    return [(entry.path, entry.is_dir, entry.file_size or 0) for entry in client.list_artifacts(run_id, path)]


def test_a_folder_goes_up_and_comes_down_byte_for_byte(folder: Path, tmp_path: Path) -> None:
    run_id = a_run().info.run_id
    client.log_artifacts(run_id, str(folder))
    client.log_artifacts(run_id, str(folder), "below/this")
    whole = Path(
        mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="", dst_path=str(tmp_path / "a"))
    )
    below = Path(client.download_artifacts(run_id, "below/this", str(_made(tmp_path / "b"))))
    expected = _contents(folder)
    assert _contents(below) == expected
    assert _contents(whole) == {**expected, **{f"below/this/{name}": data for name, data in expected.items()}}


def _made(path: Path) -> Path:
    path.mkdir()
    return path


def test_listings_show_folders_files_and_sizes_one_level_at_a_time(folder: Path) -> None:
    run_id = a_run().info.run_id
    assert _listed(run_id) == []
    client.log_artifacts(run_id, str(folder))
    assert _listed(run_id) == [("deep", True, 0), ("empty.bin", False, 0), ("top.txt", False, 3)]
    assert _listed(run_id, "deep") == [("deep/deeper", True, 0), ("deep/middle.bin", False, 25_600)]
    assert _listed(run_id, "deep/deeper") == [("deep/deeper/bottom.json", False, 8)]
    assert _listed(run_id, "top.txt") == []
    assert _listed(run_id, "missing") == []


def test_a_file_is_overwritten_by_the_next_of_its_name(tmp_path: Path) -> None:
    run_id = a_run().info.run_id
    file = tmp_path / "notes.txt"
    for text in ("a first and longer text", "second"):
        file.write_text(text)
        client.log_artifact(run_id, str(file), "docs")
    uri = f"runs:/{run_id}/docs/notes.txt"
    assert mlflow.artifacts.load_text(uri) == "second"
    assert _listed(run_id, "docs") == [("docs/notes.txt", False, 6)]


def test_an_empty_file_stays_empty(tmp_path: Path) -> None:
    run_id = a_run().info.run_id
    (tmp_path / "empty.txt").touch()
    client.log_artifact(run_id, str(tmp_path / "empty.txt"))
    assert Path(client.download_artifacts(run_id, "empty.txt")).read_bytes() == b""
    assert _listed(run_id) == [("empty.txt", False, 0)]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_an_odd_name_survives_the_way_there_and_back(name: str, tmp_path: Path) -> None:
    run_id = a_run().info.run_id
    (tmp_path / name).write_text(name)
    client.log_artifact(run_id, str(tmp_path / name))
    client.log_artifact(run_id, str(tmp_path / name), "in folder")
    assert [entry.path for entry in client.list_artifacts(run_id)] == sorted([name, "in folder"])
    assert [entry.path for entry in client.list_artifacts(run_id, "in folder")] == [f"in folder/{name}"]
    for path in (name, f"in folder/{name}"):
        assert Path(client.download_artifacts(run_id, path)).read_text() == name


def test_artifacts_are_deleted_one_file_or_folder_at_a_time(folder: Path) -> None:
    run = a_run()
    client.log_artifacts(run.info.run_id, str(folder))
    repository = get_artifact_repository(run.info.artifact_uri)
    repository.delete_artifacts("top.txt")
    assert [path for path, *_ in _listed(run.info.run_id)] == ["deep", "empty.bin"]
    repository.delete_artifacts("deep")
    assert [path for path, *_ in _listed(run.info.run_id)] == ["empty.bin"]
    with pytest.raises(MlflowException):
        client.download_artifacts(run.info.run_id, "deep/middle.bin")


def test_a_deleted_file_can_be_logged_again(tmp_path: Path) -> None:
    run = a_run()
    (tmp_path / "again.txt").write_text("again")
    for _ in range(2):
        client.log_artifact(run.info.run_id, str(tmp_path / "again.txt"))
        assert Path(client.download_artifacts(run.info.run_id, "again.txt")).read_text() == "again"
        get_artifact_repository(run.info.artifact_uri).delete_artifacts("again.txt")
        assert _listed(run.info.run_id) == []


def test_a_missing_artifact_is_an_error() -> None:
    with pytest.raises(MlflowException):
        client.download_artifacts(a_run().info.run_id, "missing.txt")


@pytest.mark.parametrize("path", ["../other", "a/../../b", "/absolute"])
def test_the_client_and_the_server_refuse_a_path_that_leaves_the_run(path: str, tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("x")
    run_id = a_run().info.run_id
    with pytest.raises(MlflowException):
        client.log_artifact(run_id, str(tmp_path / "file.txt"), path)
    with pytest.raises((MlflowException, OSError), match=r"400|Invalid"):
        client.list_artifacts(run_id, path)


def test_artifacts_of_one_run_are_not_those_of_another(tmp_path: Path) -> None:
    one, two = a_run(), a_run()
    (tmp_path / "file.txt").write_text("one")
    client.log_artifact(one.info.run_id, str(tmp_path / "file.txt"))
    assert _listed(two.info.run_id) == []


def test_an_artifact_is_read_by_run_uri_and_by_proxy_uri(tmp_path: Path) -> None:
    run = a_run()
    client.log_dict(run.info.run_id, {"a": [1, 2]}, "data/values.json")
    client.log_text(run.info.run_id, "grüße", "text.txt")
    assert mlflow.artifacts.load_dict(f"runs:/{run.info.run_id}/data/values.json") == {"a": [1, 2]}
    assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/text.txt") == "grüße"
    names = [entry.path for entry in mlflow.artifacts.list_artifacts(run_id=run.info.run_id)]
    assert names == ["data", "text.txt"]


def test_hundreds_of_small_files_arrive_complete(tmp_path: Path) -> None:
    run_id = a_run().info.run_id
    root = _made(tmp_path / "many")
    for number in range(200):
        (root / f"{number:03}.txt").write_text(str(number) * number)
    client.log_artifacts(run_id, str(root), "many")
    assert len(client.list_artifacts(run_id, "many")) == 200
    below = Path(client.download_artifacts(run_id, "many", str(_made(tmp_path / "down"))))
    assert _contents(below) == _contents(root)
