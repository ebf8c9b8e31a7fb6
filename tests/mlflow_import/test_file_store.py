"""The import from MLflow's file store, and the export that writes one."""

import io
import uuid
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml
from django.core.management import CommandError, call_command

from experiments.models import Artifact, Experiment, LatestMetric, LoggedModel, Run
from mlregistry.accounts.models import Team
from mlregistry.errors import Invalid
from mlregistry.mlflow_import.report import Report
from models_app.models import RegisteredModel

from .conftest import GONE, MODEL, RUN, Store

Bring = Callable[..., Report]


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A file store of one experiment and one run, moved from where it was written."""
    root = tmp_path / "mlruns"
    place = "file:///somewhere/else/0"
    meta = {"experiment_id": "0", "name": "Default", "lifecycle_stage": "active", "artifact_location": place}
    write(root / "0/meta.yaml", yaml.safe_dump(meta))
    run = {
        "run_id": RUN, "run_uuid": RUN, "experiment_id": "0", "status": 4, "start_time": 1000, "end_time": 2000,
        "lifecycle_stage": "active", "user_id": "jane", "run_name": "first", "artifact_uri": f"{place}/{RUN}/artifacts",
    }  # fmt: skip
    write(root / f"0/{RUN}/meta.yaml", yaml.safe_dump(run))
    write(root / f"0/{RUN}/params/opt/lr", "0.1\nand more")
    write(root / f"0/{RUN}/metrics/train/loss", "1 0.5 0\n1 0.5 0\n2 nan 1\n3 -inf 2\n")
    write(root / f"0/{RUN}/metrics/old", "7 1.5\n")
    write(root / f"0/{RUN}/tags/k", "v")
    write(root / f"0/{RUN}/artifacts/a/b.txt", "hello")
    return root


def test_a_file_store_is_read_where_it_lies(folder: Path, bring: Bring) -> None:
    report = bring(str(folder))
    assert report.agrees, list(report.lines("there", "here"))
    run = Run.objects.get(pk=uuid.UUID(RUN))
    assert (run.name, run.status, run.user_name, run.experiment.is_default) == (
        "first",
        "FAILED",
        "jane",
        True,
    )
    assert dict(run.params.values_list("key", "value")) == {"opt/lr": "0.1\nand more"}
    assert Artifact.objects.get().path == "a/b.txt"


def test_equal_lines_of_a_metric_are_one_point(folder: Path, bring: Bring) -> None:
    assert bring(folder.as_uri()).there["points"] == 4
    loss = LatestMetric.objects.get(key="train/loss")
    assert (loss.step, loss.maximum) == (2, 0.5)
    assert LatestMetric.objects.get(key="old").step == 0


def test_a_folder_that_is_no_file_store_is_refused(tmp_path: Path, bring: Bring) -> None:
    with pytest.raises(Invalid, match="no file store of MLflow"):
        bring(str(tmp_path))


def test_a_broken_meta_file_is_named(folder: Path, bring: Bring) -> None:
    (folder / f"0/{RUN}/meta.yaml").write_text("{")
    with pytest.raises(Invalid, match="is no YAML"):
        bring(str(folder))


def test_an_export_that_is_imported_again_is_the_same(
    store: Store, bring: Bring, other_team: Team, tmp_path: Path
) -> None:
    first = bring(store.url)
    out = io.StringIO()
    call_command("export_mlflow", str(tmp_path / "out"), team="lab", stdout=out)
    assert "MLFLOW_ALLOW_FILE_STORE" in out.getvalue()
    RegisteredModel.objects.all().delete()
    Experiment.objects.all().delete()
    again = bring(str(tmp_path / "out"), into=other_team)
    assert again.agrees, list(again.lines("there", "here"))
    assert again.there == first.there
    assert Run.objects.get(pk=uuid.UUID(GONE)).lifecycle == "deleted"
    model = LoggedModel.objects.get(pk=uuid.UUID(MODEL[2:]))
    assert (model.params, model.status) == ({"depth": "3"}, "READY")
    registered = RegisteredModel.objects.get()
    assert (registered.team, registered.description) == (other_team, "the model")
    assert [version.number for version in registered.versions.order_by("number")] == [1, 3]


def test_an_export_names_its_files_where_they_lie(store: Store, bring: Bring, tmp_path: Path) -> None:
    bring(store.url)
    call_command("export_mlflow", str(tmp_path / "out"), team="lab", stdout=io.StringIO())
    version = yaml.safe_load((tmp_path / "out/models/churner/version-3/meta.yaml").read_text())
    assert (Path(unquote(version["source"].removeprefix("file://"))) / "MLmodel").read_text() == "flavors"


def test_an_export_for_mlflow_2_leaves_out_links_to_logged_models(
    store: Store, bring: Bring, tmp_path: Path
) -> None:
    bring(store.url)
    out = io.StringIO()
    call_command("export_mlflow", str(tmp_path / "out"), "--for-mlflow-2", team="lab", stdout=out)
    assert "left out: 1 model links are unknown to MLflow 2" in out.getvalue()
    assert not list((tmp_path / "out").glob(f"*/{RUN}/outputs"))


def test_a_param_that_would_be_file_and_folder_at_once_is_left_out_and_counted(
    store: Store, bring: Bring, tmp_path: Path
) -> None:
    store.add("params", "lr/decay", "0.5", RUN)
    bring(store.url)
    out = io.StringIO()
    call_command("export_mlflow", str(tmp_path / "out"), team="lab", stdout=out)
    assert "left out: 1 params would be a file and a folder of one name" in out.getvalue()


def test_an_export_needs_a_folder_of_its_own(team: Team, tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(CommandError, match="not empty"):
        call_command("export_mlflow", str(tmp_path), team="lab", stdout=io.StringIO())
