"""What a run came from: kept by the training, told by clients, and the same training once more."""

import io
import platform
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from experiments.actions import artifacts, reruns, runs, studies
from experiments.actions import logging as log_actions
from experiments.actions import training as actions
from experiments.models import DatasetVersion, Experiment, LatestMetric, Problem, Provenance, Run, RunTag
from experiments.queries import provenance as queries
from experiments.queries import reruns as rerun_queries
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.errors import Conflict, Forbidden
from mlregistry.jobs.inline import run_here
from mlregistry.ml import environment

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
Web = Callable[[User], Client]


@pytest.fixture
def trained(problem: Problem, version: DatasetVersion, editor: Actor) -> Run:
    recipes = [{"estimator": "random_forest", "params": {"n_estimators": 20}, "seed": 7, "folds": 3}]
    _, made, job = actions.start_training(problem, version, recipes=recipes, by=editor)
    assert run_here(job).result == {"n_finished": 2, "n_failed": 0}
    return again_read(made[1])


def again_read(run: Run) -> Run:
    related = ("problem", "dataset_version__dataset", "experiment__team", "job")
    return Run.objects.select_related(*related).get(pk=run.pk)


def repeated(run: Run, by: Actor) -> Run:
    again = reruns.run_again(run, by=by)
    assert again.job is not None
    assert run_here(again.job).error == ""
    return again_read(again)


def test_a_training_keeps_seed_data_digests_libraries_threads_and_machine(
    trained: Run, version: DatasetVersion
) -> None:
    facts = Provenance.objects.get(run=trained).facts
    assert facts["seed"] == 7
    assert facts["dataset"] == {"name": "Customers", "version": 1, "digest": version.digest}
    assert all(len(facts[f"{name}_digest"]) == 64 for name in ("table", "split", "predictions"))
    around = facts["environment"]
    assert {"python", "numpy", "pandas", "scikit-learn", "scipy", "joblib", "duckdb"} <= set(
        around["libraries"]
    )
    assert around["threads"]["processors"] >= 1
    assert around["machine"]["memory_mb"] > 100
    assert around["mlregistry"]["version"]
    assert Provenance.objects.get(run=trained).spec["target"] == "churned"


def test_the_environment_names_no_host_person_or_folder() -> None:
    told = repr(environment.describe())
    for secret in (platform.node(), str(environment.ROOT), "/usr", "/home"):
        assert secret not in told


def test_a_repeated_run_is_the_same_to_the_last_bit(trained: Run, editor: Actor) -> None:
    again = repeated(trained, editor)
    found = rerun_queries.repetition(again)
    assert found is not None
    assert (found.verdict, found.metrics, found.facts) == ("same", (), ())
    assert found.predictions_compared
    assert found.n_compared > 30
    assert found.sentence.startswith("Same to the last bit")
    assert [one.run for one in rerun_queries.repetitions(trained)] == [again]
    assert rerun_queries.repetition(trained) is None


def test_the_winner_of_a_study_run_again_is_the_same_to_the_last_bit(
    problem: Problem, version: DatasetVersion, editor: Actor
) -> None:
    space = {"estimators": {"random_forest": {"n_estimators": 10, "min_samples_leaf": {"low": 1, "high": 5}}}}
    plan = {"max_trials": 2, "n_lanes": 1, "sampler": "random"}
    study = studies.create_study(
        problem, version, space=space, recipe={"folds": 2, "seed": 11}, plan=plan, by=editor
    )
    run_here(study.lanes.get().job)
    study.refresh_from_db()
    assert study.winner is not None
    assert study.winner.job is not None
    run_here(study.winner.job)
    winner = again_read(study.winner)
    again = repeated(winner, editor)
    found = rerun_queries.repetition(again)
    assert found is not None
    assert (found.verdict, found.metrics, found.facts) == ("same", (), ()), found.sentence
    assert found.predictions_compared
    assert again.recipe == winner.recipe
    trial = next(one for one in study.trials.select_related("run") if one.number != study.best_number)
    assert trial.run is not None
    with pytest.raises(Conflict, match="run the study's best run again"):
        reruns.run_again(again_read(trial.run), by=editor)


def test_a_repetition_asks_what_was_asked_even_when_the_problem_has_changed(
    trained: Run, problem: Problem, editor: Actor
) -> None:
    Problem.objects.filter(pk=problem.pk).update(features=["age"])
    again = repeated(trained, editor)
    found = rerun_queries.repetition(again)
    assert found is not None
    assert found.verdict == "same", found.sentence


def test_what_differs_is_told_by_metric_and_by_fact(trained: Run, editor: Actor) -> None:
    again = repeated(trained, editor)
    row = LatestMetric.objects.get(run=again, key="test_roc_auc")
    LatestMetric.objects.filter(run=again, key="test_roc_auc").update(value=row.value - 2**-53)
    mine = Provenance.objects.get(run=again)
    mine.facts["environment"]["libraries"]["numpy"] = "0.1"
    mine.facts["environment"]["threads"]["openmp"] = 64
    mine.facts["predictions_digest"] = "0" * 64
    mine.save()
    found = rerun_queries.repetition(again)
    assert found is not None
    assert found.verdict == "differs"
    assert [(one.key, one.difference) for one in found.metrics] == [("test_roc_auc", -(2**-53))]
    assert {one.what for one in found.facts} == {"libraries numpy", "threads openmp"}
    assert found.predictions_differ


def test_a_repetition_that_waits_or_failed_is_not_compared(trained: Run, editor: Actor) -> None:
    again = again_read(reruns.run_again(trained, by=editor))
    assert rerun_queries.compare(trained, again).verdict == "waiting"
    runs.finish_run(again, "FAILED", error="It broke.", by=editor)
    assert rerun_queries.compare(trained, again).verdict == "failed"


def test_what_cannot_be_repeated_says_why(
    trained: Run, experiment: Experiment, version: DatasetVersion, editor: Actor, viewer: Actor
) -> None:
    with pytest.raises(Forbidden):
        reruns.run_again(trained, by=viewer)
    logged = runs.create_run(experiment, by=editor)
    with pytest.raises(Conflict, match="logged from code"):
        reruns.run_again(again_read(logged), by=editor)
    Run.objects.filter(pk=trained.pk).update(dataset_version=None)
    with pytest.raises(Conflict, match="data that the run was trained on"):
        reruns.run_again(again_read(trained), by=editor)
    Provenance.objects.filter(run=trained).delete()
    with pytest.raises(Conflict, match="kept what it came from"):
        reruns.run_again(again_read(trained), by=editor)


def test_the_api_tells_repeats_and_compares(
    trained: Run, api: Api, bob: User, vera: User, charlie: User
) -> None:
    address = f"/api/v1/runs/{trained.pk}"
    found = api(vera).get(f"{address}/provenance").json()
    assert found["trained_here"]["seed"] == 7
    assert found["recipe"]["estimator"] == "random_forest"
    assert api(vera).post(f"{address}/again").status_code == 403
    assert api(charlie).get(f"{address}/provenance").status_code == 404
    assert api(vera).get(f"{address}/repetition").status_code == 404
    answer = api(bob).post(f"{address}/again")
    assert answer.status_code == 202
    again = again_read(Run.objects.get(pk=answer.json()["run"]))
    assert again.job is not None
    run_here(again.job)
    told = api(vera).get(f"/api/v1/runs/{again.pk}/repetition").json()
    assert (told["verdict"], told["metrics"], told["original"]) == ("same", [], str(trained.pk))


def test_the_page_shows_the_panel_the_button_and_the_verdict(
    trained: Run, editor: Actor, web: Web, bob: User, vera: User
) -> None:
    page = web(vera).get(f"/runs/{trained.pk}/").content.decode()
    assert "What it came from" in page
    assert "Run again" not in page
    assert web(vera).post(f"/runs/{trained.pk}/again").status_code == 403
    assert "Run again" in web(bob).get(f"/runs/{trained.pk}/").content.decode()
    address = web(bob).post(f"/runs/{trained.pk}/again")["Location"]
    again = Run.objects.get(provenance__again_of=trained)
    assert address == f"/runs/{again.pk}/"
    assert "has not finished yet" in web(bob).get(address).content.decode()
    assert again.job is not None
    run_here(again.job)
    assert "Same to the last bit" in web(bob).get(address).content.decode()
    assert "same to the last bit" in web(bob).get(f"/runs/{trained.pk}/").content.decode()


def client_run(experiment: Experiment, by: Actor, **more: str) -> Run:
    tags: dict[str, Any] = {
        "mlflow.source.name": "train.py",
        "mlflow.source.git.commit": "a" * 40,
        "mlflow.source.git.branch": "better-features",
        "mlflow.source.git.repoURL": "https://bob:s3cret@git.example.org/lab/churn.git",
        **more,
    }
    return runs.create_run(experiment, tags=tags, by=by)


def test_a_run_from_code_shows_commit_branch_and_repository_without_its_password(
    experiment: Experiment, editor: Actor, web: Web, bob: User
) -> None:
    run = client_run(experiment, editor)
    found = queries.code_of(run)
    assert (found.commit, found.branch) == ("a" * 40, "better-features")
    assert found.repository == "https://git.example.org/lab/churn.git"
    assert not RunTag.objects.filter(run=run, value__contains="s3cret").exists()
    log_actions.log_batch(run, tags={"mlflow.gitRepoURL": "ssh://git:pw@git.example.org/x"}, by=editor)
    assert not RunTag.objects.filter(run=run, value__contains="pw@").exists()
    page = web(bob).get(f"/runs/{run.pk}/").content.decode()
    assert "better-features" in page
    assert "Run again" not in page


def test_the_diff_of_a_run_from_code_comes_as_a_tag_or_as_a_file(
    experiment: Experiment, editor: Actor, web: Web, bob: User
) -> None:
    diff = "--- a/train.py\n+++ b/train.py\n-<b>1\n+2\n"
    tagged = client_run(experiment, editor, **{"mlflow.source.git.diff": diff})
    assert (queries.code_of(tagged).diff, queries.code_of(tagged).dirty) == (diff, True)
    page = web(bob).get(f"/runs/{tagged.pk}/").content.decode()
    assert "-&lt;b&gt;1" in page
    filed = client_run(experiment, editor)
    artifacts.save_artifact(filed, "git/changes.diff", io.BytesIO(diff.encode() * 9000), by=editor)
    found = queries.code_of(filed)
    assert (found.diff_file, len(found.diff), found.diff_is_cut) == ("git/changes.diff", 200_000, True)
    assert queries.document(filed)["code"]["diff_file"] == "git/changes.diff"
