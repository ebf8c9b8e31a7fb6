"""Tables that stand against a training, sent through the doors to a real worker: in single trainings and in studies."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from experiments.actions import datasets, studies
from experiments.actions import training as actions
from experiments.models import DatasetVersion, Problem, Run, RunStatus, Study, StudyState, TrialState
from mlregistry.accounts.actor import Actor
from mlregistry.errors import Invalid
from mlregistry.jobs.models import Job, State

from .conftest import Fleet, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
Rows = list[dict[str, Any]]
SPACE = {"estimators": {"logistic_regression": {"C": {"choices": [0.1, 1.0]}}}}
PLAN = {"sampler": "grid", "max_trials": 2, "n_lanes": 1}
BY_TIME = {"split": {"method": "by_time", "order": "team"}}
BY_GROUP = {"split": {"group": "team"}}


def rows(n: int = 120) -> Rows:
    return [
        {
            "age": 20 + i % 50,
            "plan": ("basic", "plus", "pro")[i % 3],
            "usage": "" if i % 17 == 0 else (i * 7) % 23 + 0.5,
            "team": i // 10,
            "churned": "yes" if 20 + i % 50 > 44 else "no",
        }
        for i in range(n)
    ]


def changed(change: Callable[[int, dict[str, Any]], dict[str, Any]], n: int = 120) -> Rows:
    return [row | change(place, row) for place, row in enumerate(rows(n))]


REFUSED: dict[str, tuple[Rows, str]] = {
    "a class with one member": (
        changed(lambda i, row: {"churned": "maybe"} if i == 3 else {}),
        "The class 'maybe' of target 'churned' has one member",
    ),
    "a constant target": (changed(lambda i, row: {"churned": "no"}), "'churned' is constant"),
    "a missing target": (changed(lambda i, row: {"churned": ""}), "'churned' is empty"),
    "nothing but empty columns": (
        [{"empty": "", "void": "", "churned": row["churned"]} for row in rows()],
        "Every feature is constant or empty",
    ),
    "infinite values": (
        changed(lambda i, row: {"usage": "inf"} if i == 5 else {}),
        "holds 1 infinite values",
    ),
}
TRAINED: dict[str, tuple[Rows, dict[str, Any]]] = {
    "empty columns beside others": (changed(lambda i, row: {"empty": "", "void": ""}), {}),
    "a category that only the last rows have": (
        changed(lambda i, row: {"plan": "new"} if i >= 100 else {}), BY_TIME,
    ),
    "a group that would span folds": (rows(), BY_GROUP),
}  # fmt: skip
BROKEN: dict[str, tuple[Rows, dict[str, Any], str]] = {
    "one group": (changed(lambda i, row: {"team": 0}), BY_GROUP, "one group only"),
    "gaps where the group is told": (
        changed(lambda i, row: {"team": ""} if i < 9 else {}), BY_GROUP, "'team' has gaps",
    ),
}  # fmt: skip


def stored(name: str, table: Rows, by: Actor) -> DatasetVersion:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(table[0]))
    writer.writeheader()
    writer.writerows(table)
    dataset = datasets.create_dataset(name, by=by)
    return datasets.add_version(dataset, io.BytesIO(text.getvalue().encode()), filename="table.csv", by=by)


def train(problem: Problem, version: DatasetVersion, recipe: dict[str, Any], by: Actor) -> Job:
    wanted = {"estimator": "logistic_regression", "folds": 2, **recipe}
    return actions.start_training(problem, version, recipes=[wanted], by=by)[2]


def search(problem: Problem, version: DatasetVersion, recipe: dict[str, Any], by: Actor) -> Study:
    wanted = {"folds": 2, **recipe}
    return studies.create_study(problem, version, space=SPACE, recipe=wanted, plan=PLAN, by=by)


def ended(job: Job, study: Study) -> bool:
    job.refresh_from_db()
    study.refresh_from_db()
    return not job.is_live and not study.is_open


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_learned_from_is_refused_before_a_job_is_made(
    problem: Problem, editor: Actor, name: str
) -> None:
    table, reason = REFUSED[name]
    version = stored("Table", table, editor)
    for start in (train, search):
        with pytest.raises(Invalid, match=reason):
            start(problem, version, {}, editor)
    assert not Job.objects.filter(kind__in=("experiments.train", "experiments.search")).exists()


def test_an_empty_search_space_is_refused_with_the_field(
    problem: Problem, version: DatasetVersion, editor: Actor
) -> None:
    empty_choice: dict[str, Any] = {"estimators": {"logistic_regression": {"C": {"choices": []}}}}
    spaces: list[dict[str, Any]] = [{}, {"estimators": {}}, empty_choice]
    for space in spaces:
        with pytest.raises(Invalid) as caught:
            studies.create_study(problem, version, space=space, plan=PLAN, by=editor)
        assert (caught.value.field or "").startswith("space")
    assert not Study.objects.exists()


@pytest.mark.timeout(900)
def test_a_real_worker_trains_on_what_is_hard_and_says_what_is_wrong_with_the_rest(
    fleet: Fleet, problem: Problem, editor: Actor
) -> None:
    started = {
        name: (train(problem, version, recipe, editor), search(problem, version, recipe, editor))
        for name, (table, recipe) in [*TRAINED.items(), *((name, row[:2]) for name, row in BROKEN.items())]
        for version in [stored(name, table, editor)]
    }
    Job.objects.filter(kind="experiments.profile").delete()  # of the tables: not of interest here
    fleet.start(1)
    wait_for(lambda: all(ended(*pair) for pair in started.values()), seconds=800.0)
    for name in TRAINED:
        job, study = started[name]
        assert job.state == State.SUCCEEDED, job.error
        assert set(Run.objects.filter(job=job).values_list("status", flat=True)) == {RunStatus.FINISHED}
        assert study.state == StudyState.COMPLETE, study.reason
    for name, (_, _, reason) in BROKEN.items():
        job, study = started[name]
        assert job.state == State.FAILED
        assert reason in job.error
        assert {run.status for run in Run.objects.filter(job=job)} == {RunStatus.FAILED}
        assert study.state == StudyState.FAILED
        assert reason in study.reason
        assert set(study.trials.values_list("state", flat=True)) == {TrialState.FAILED}
