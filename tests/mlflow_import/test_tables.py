"""The import from the tables of MLflow's backend store, and what holds for every import."""

import uuid
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from experiments import access
from experiments.models import (
    Artifact,
    Experiment,
    LatestMetric,
    LoggedModel,
    MetricPoint,
    Run,
    RunInput,
    RunModel,
)
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, Team
from mlregistry.artifacts import store as files
from mlregistry.errors import Invalid, Unavailable
from mlregistry.lib.millis import to_millis
from mlregistry.mlflow_import.report import Report
from models_app.models import Alias, ModelVersion, RegisteredModel

from .conftest import BIG, CHILD, GONE, LIVE, MODEL, RUN, Store

Bring = Callable[..., Report]


def run_of(key: str) -> Run:
    return Run.objects.get(pk=uuid.UUID(key))


def test_both_sides_agree_after_an_import(store: Store, bring: Bring) -> None:
    report = bring(store.url)
    assert report.agrees, list(report.lines("there", "here"))
    assert report.there == {
        "experiments": 3, "runs": 4, "params": 2, "tags": 6, "latest metrics": 2, "points": 5,
        "dataset inputs": 1, "model links": 1, "artifacts": 3, "artifact bytes": 19, "logged models": 1,
        "model metrics": 1, "models": 1, "versions": 2, "aliases": 1,
    }  # fmt: skip


def test_a_run_keeps_its_id_times_author_and_texts(store: Store, bring: Bring) -> None:
    bring(store.url)
    run = run_of(RUN)
    assert (run.name, run.user_name, run.note, run.status) == ("run 1", "jane", "good", "FINISHED")
    assert run.ended_at is not None
    assert (to_millis(run.started_at), to_millis(run.ended_at)) == (1000, 5000)
    assert dict(run.params.values_list("key", "value")) == {"lr": "0.1", "empty": ""}
    assert run.experiment.name == "churn"


def test_the_newest_value_and_the_extremes_come_out_as_if_logged(store: Store, bring: Bring) -> None:
    bring(store.url)
    loss = LatestMetric.objects.get(run_id=uuid.UUID(RUN), key="loss")
    assert (loss.step, loss.value, loss.is_nan, loss.minimum, loss.maximum) == (2, 2.0, False, 1.0, 3.0)
    assert LatestMetric.objects.get(run_id=uuid.UUID(RUN), key="huge").value == BIG
    assert MetricPoint.objects.filter(run_id=uuid.UUID(RUN), is_nan=True).count() == 1


def test_a_child_finds_its_parent_though_that_came_later(store: Store, bring: Bring) -> None:
    bring(store.url)
    assert run_of(RUN).parent_id == uuid.UUID(CHILD)


def test_what_was_deleted_stays_deleted_and_comes_back_together(store: Store, bring: Bring) -> None:
    bring(store.url)
    old = Experiment.objects.get(name="old")
    assert (old.lifecycle, run_of(GONE).lifecycle) == ("deleted", "deleted")
    assert run_of(GONE).deleted_at == old.updated_at


def test_experiments_keep_tags_note_times_and_a_location_elsewhere(store: Store, bring: Bring) -> None:
    bring(store.url)
    churn = Experiment.objects.get(name="churn")
    assert (churn.description, churn.tags, churn.artifact_location) == (
        "about churn",
        {"owner": "growth"},
        "",
    )
    assert to_millis(churn.created_at) == 1000
    assert Experiment.objects.get(name="old").artifact_location == "s3://bucket/old"


def test_the_default_experiment_is_the_teams_default(store: Store, bring: Bring, team: Team) -> None:
    bring(store.url)
    assert Experiment.objects.get(team=team, name="Default").is_default


def test_files_of_runs_and_logged_models_come_along(store: Store, bring: Bring) -> None:
    bring(store.url)
    found = Artifact.objects.get(run_id=uuid.UUID(RUN), path="model/MLmodel")
    with files.open_file(found.file) as stream:
        assert stream.read() == b"flavors"
    assert Artifact.objects.filter(logged_model_id=uuid.UUID(MODEL[2:]), path="model.pkl").exists()


def test_logged_models_datasets_and_links_come_along(store: Store, bring: Bring) -> None:
    bring(store.url)
    model = LoggedModel.objects.get(pk=uuid.UUID(MODEL[2:]))
    assert (model.name, model.status, model.params, model.tags) == (
        "forest",
        "READY",
        {"depth": "3"},
        {"kind": "tree"},
    )
    assert (model.source_run_id, to_millis(model.created_at)) == (uuid.UUID(RUN), 1500)
    assert [(m.key, m.value, m.dataset_name) for m in model.metrics.all()] == [("acc", 0.9, "frame")]
    assert [(link.role, link.step) for link in RunModel.objects.all()] == [("output", 3)]
    assert RunInput.objects.get().tags == {"mlflow.data.context": "training"}


def test_versions_keep_their_numbers_and_lead_to_the_files_here(store: Store, bring: Bring) -> None:
    bring(store.url)
    first, third = ModelVersion.objects.order_by("number")
    assert (first.number, first.stage, third.number, third.tags) == (1, "Production", 3, {"checked": "yes"})
    churn = Experiment.objects.get(name="churn")
    assert third.storage_location == f"mlflow-artifacts:/{churn.pk}/{RUN}/artifacts/model"
    assert (third.run_id, third.user_name, to_millis(third.created_at)) == (uuid.UUID(RUN), "jane", 2003)
    assert RegisteredModel.objects.get().last_number == 3
    assert Alias.objects.get().version == third


def test_a_second_import_changes_nothing(store: Store, bring: Bring) -> None:
    bring(store.url)
    before = (run_of(LIVE).changes, run_of(LIVE).active_at, AuditEvent.objects.count())
    again = bring(store.url)
    assert again.agrees
    assert not +again.written
    assert (run_of(LIVE).changes, run_of(LIVE).active_at, AuditEvent.objects.count()) == before


def test_an_import_leaves_one_line_in_the_audit_trail(store: Store, bring: Bring, team: Team) -> None:
    bring(store.url)
    event = AuditEvent.objects.get(action="import.mlflow")
    assert (event.team, event.details["written"]["runs"]) == (team, 4)


def test_a_run_that_was_still_running_is_completed_by_the_next_import(store: Store, bring: Bring) -> None:
    bring(store.url)
    store.point(LIVE, "loss", 7.0)
    store.line.execute("UPDATE runs SET status = 'FAILED', end_time = 9000 WHERE run_uuid = ?", (LIVE,))
    store.line.commit()
    report = bring(store.url)
    assert report.agrees
    assert report.written["points"] == 1
    assert run_of(LIVE).status == "FAILED"


def test_an_import_that_was_stopped_goes_on_where_it_stopped(store: Store, bring: Bring) -> None:
    first = bring(store.url, stop=lambda: True)
    assert first.stopped
    assert Run.objects.count() == 1
    second = bring(store.url)
    assert second.agrees
    assert second.written["runs"] == 3


def test_a_run_of_another_team_is_named_and_left_alone(store: Store, bring: Bring, other_team: Team) -> None:
    bring(store.url)
    report = bring(store.url, into=other_team)
    assert not report.agrees
    assert any(RUN in text and "another team" in text for text in report.refused)
    assert not Run.objects.filter(experiment__team=other_team).exists()


def test_a_version_that_is_another_one_here_is_left_alone(store: Store, bring: Bring, team: Team) -> None:
    model = RegisteredModel.objects.create(team=team, name="churner", last_number=1)
    ModelVersion.objects.create(model=model, number=1, source="mine")
    report = bring(store.url)
    assert report.refused == ["version 1 of “churner” is another one here"]
    assert ModelVersion.objects.get(number=1).source == "mine"


def test_names_that_are_not_allowed_here_are_left_out_and_counted(store: Store, bring: Bring) -> None:
    store.add("params", "../x", "1", RUN)
    store.point(RUN, 'a"b', 1.0)
    report = bring(store.url)
    assert report.agrees
    assert report.left_out["params", "have a name that is not allowed here"] == 1
    assert report.left_out["points", "have a name that is not allowed here"] == 1


def test_only_named_experiments_are_brought(store: Store, bring: Bring) -> None:
    assert bring(store.url, names=["old"]).there["runs"] == 1
    assert not RegisteredModel.objects.exists()
    with pytest.raises(Invalid, match="no experiment named nowhere"):
        bring(store.url, names=["nowhere"])


def test_a_dry_run_counts_and_writes_nothing(store: Store, bring: Bring) -> None:
    report = bring(store.url, dry=True)
    assert (report.there["runs"], report.there["points"]) == (4, 5)
    assert not Run.objects.exists()
    assert not RegisteredModel.objects.exists()


def test_a_run_without_a_place_for_files_has_none(store: Store, bring: Bring) -> None:
    store.line.execute("UPDATE runs SET artifact_uri = ''")
    store.line.commit()
    assert bring(store.url).there["artifacts"] == 1  # the logged model's


def test_a_link_out_of_a_runs_folder_is_not_followed(store: Store, bring: Bring, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("no")
    (store.folder / f"art/1/{RUN}/artifacts/way").symlink_to(tmp_path / "secret")
    bring(store.url)
    assert not Artifact.objects.filter(path="way").exists()


def test_files_behind_the_proxy_need_the_folder_it_stands_for(store: Store, bring: Bring) -> None:
    store.line.execute("UPDATE runs SET artifact_uri = 'mlflow-artifacts:/1/' || run_uuid || '/artifacts'")
    store.line.commit()
    assert any("--artifacts-root" in note for note in bring(store.url).notes)
    assert bring(store.url, artifacts_root=store.folder / "art").written["artifacts"] == 2


def test_the_tables_of_mlflow_2_do(tmp_path: Path, bring: Bring) -> None:
    old = Store(tmp_path, newer=False)
    old.add("experiments", 1, "early", "", "active", None, None)
    old.run(RUN)
    assert bring(old.url).agrees
    assert run_of(RUN).name == "run 1"


def test_another_database_is_refused(tmp_path: Path, bring: Bring) -> None:
    (tmp_path / "empty.db").touch()
    with pytest.raises(Invalid, match="no backend store of MLflow"):
        bring(f"sqlite:///{tmp_path}/empty.db")
    with pytest.raises(Unavailable, match="There is no file"):
        bring(f"sqlite:///{tmp_path}/none.db")
    with pytest.raises(Invalid, match="no kind of source"):
        bring("mysql://host/db")


def test_the_command_reports_and_says_when_counts_differ(
    store: Store, team: Team, other_team: Team, capsys: pytest.CaptureFixture[str]
) -> None:
    out = StringIO()
    call_command("import_mlflow", store.url, team="lab", stdout=out)
    assert "Both sides agree." in out.getvalue()
    with pytest.raises(CommandError, match="counts differ") as failure:
        call_command("import_mlflow", store.url, team="rivals", stdout=out)
    assert failure.value.returncode == 1
    with pytest.raises(CommandError, match="--team"):
        call_command("import_mlflow", store.url, stdout=out)


def test_an_audit_line_names_the_source(store: Store, bring: Bring) -> None:
    bring(store.url)
    event = AuditEvent.objects.get(action="import.mlflow")
    assert event.details["source"] == f"sqlite://{store.folder}/mlflow.db".replace("sqlite://", "sqlite:///")


def test_members_see_what_came(store: Store, bring: Bring, team: Team) -> None:
    bring(store.url)
    assert access.run(Actor.system(team), RUN).name == "run 1"
