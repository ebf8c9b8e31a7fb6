"""Outer folds: the whole search again in each, an honest score with its interval, and what stands against them."""

from typing import Any

import pytest

from experiments.actions import outer_folds as fold_actions
from experiments.actions import studies as actions
from experiments.actions.outer_folds import Found
from experiments.models import DatasetVersion, OuterFold, Problem, Study, Trial, TrialState
from experiments.queries import outer_folds as queries
from experiments.workers import outer_folds as worker
from mlregistry.accounts.actor import Actor
from mlregistry.errors import Invalid
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import State
from mlregistry.ml.search import measuring

from .test_studies import lane

pytestmark = pytest.mark.django_db
SPACE = {"estimators": {"decision_tree": {"max_depth": {"low": 1, "high": 4}}}}
PLAN: dict[str, Any] = {"max_trials": 2, "n_lanes": 1, "sampler": "grid", "outer_folds": 2}


@pytest.fixture
def study(problem: Problem, version: DatasetVersion, editor: Actor) -> Study:
    return actions.create_study(problem, version, space=SPACE, recipe={"folds": 2}, plan=PLAN, by=editor)


def scores(study: Study, *values: float) -> queries.Honest:
    for number, value in enumerate(values):
        OuterFold.objects.create(study=study, number=number)
        fold_actions.keep(study.pk, number, Found(2, 1.0, {}, value + 0.1, value, 0.5))
    found = queries.of_study(study)
    assert found is not None
    return found


def test_each_fold_repeats_the_search_and_scores_its_winner_on_rows_it_never_saw(study: Study) -> None:
    assert lane(study).state == State.SUCCEEDED
    folds = list(study.outer.order_by("number"))
    assert [fold.number for fold in folds] == [0, 1]
    found = queries.of_study(study)
    assert found is not None
    assert (found.n_scored, found.is_live, found.estimate) == (0, True, None)
    for fold in folds:
        assert fold.job is not None
        job = run_here(fold.job)
        assert job.state == State.SUCCEEDED, job.error
    found = queries.of_study(study)
    assert found is not None
    assert found.estimate is not None
    assert found.estimate["low"] <= found.estimate["mean"] <= found.estimate["high"]
    for fold in found.folds:
        assert (fold.n_trials, fold.error) == (2, "")
        assert fold.score is not None
        assert 0.9 < fold.score <= 1.0  # the target follows from one column
        assert fold.held_share == pytest.approx(1.0, abs=0.1)
        assert fold.params is not None
        assert set(fold.params) == {"decision_tree.max_depth"}
    assert (
        not study.winner.latest_metrics.exists() if study.winner else False
    )  # the test rows wait for the winner


def test_a_trial_that_fails_in_a_fold_leaves_the_others(
    problem: Problem, version: DatasetVersion, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = PLAN | {"sampler": "tpe", "max_trials": 3}
    study = actions.create_study(problem, version, space=SPACE, recipe={"folds": 2}, plan=plan, by=editor)
    lane(study)
    measure, tried, fails = measuring.measure, worker.Fold._try, False

    def sometimes(*args: Any, **named: Any) -> Any:
        if fails:
            raise RuntimeError("no luck")
        return measure(*args, **named)

    def counted(self: worker.Fold, number: int) -> None:
        nonlocal fails
        fails = number == 0
        tried(self, number)

    monkeypatch.setattr(measuring, "measure", sometimes)
    monkeypatch.setattr(worker.Fold, "_try", counted)
    fold = study.outer.select_related("job").get(number=0)
    assert fold.job is not None
    job = run_here(fold.job)
    assert job.state == State.SUCCEEDED, job.error
    fold.refresh_from_db()
    assert (fold.n_trials, fold.score is not None) == (3, True)


def test_a_fold_that_has_its_score_is_not_searched_again(study: Study) -> None:
    lane(study)
    first = study.outer.select_related("job").get(number=0)
    fold_actions.keep(study.pk, 0, Found(9, 1.0, {}, 0.8, 0.7, 0.5))
    assert first.job is not None
    assert run_here(first.job).result == {}
    fold_actions.keep(study.pk, 0, Found(9, 1.0, {}, 0.8, 0.1, 0.5))
    assert study.outer.get(number=0).score == 0.7


def test_the_interval_is_wider_than_of_independent_scores(study: Study) -> None:
    study.outer_folds = 3
    found = scores(study, 0.7, 0.8, 0.9)
    assert found.estimate is not None
    assert found.estimate["mean"] == pytest.approx(0.8)
    assert found.estimate["error"] == pytest.approx(((1 / 3 + 0.5) * 0.01) ** 0.5)  # Nadeau and Bengio
    assert found.inner == pytest.approx(0.9)


def test_the_price_is_said_beforehand_by_the_trials_so_far(study: Study) -> None:
    for number in range(2):
        Trial.objects.create(study=study, number=number, state=TrialState.COMPLETE, seconds=3.0)
    found = queries.of_study(study)
    assert found is not None
    assert found.expected_seconds == pytest.approx(3.0 * 2 * 2 * (1 / 2))


def test_a_fold_whose_data_is_gone_says_so(study: Study) -> None:
    lane(study)
    Study.objects.filter(pk=study.pk).update(dataset_version=None)
    fold = study.outer.select_related("job").get(number=1)
    assert fold.job is not None
    job = run_here(fold.job)
    assert (job.state, "was deleted" in job.error) == (State.FAILED, True)
    fold.refresh_from_db()
    assert "was deleted" in fold.error


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ({"outer_folds": 1}, "2 or more"),
        ({"outer_folds": 11}, "from 0 to 10"),
        ({"outer_folds": 2, "max_cost": 1.0}, "in money"),
        ({"outer_folds": 2, "objectives": [{"metric": "f1"}, {"metric": "accuracy"}]}, "one objective"),
        ({"outer_folds": 2, "objectives": [{"metric": "cpu_seconds"}]}, "processor time"),
    ],
)
def test_outer_folds_are_checked(
    problem: Problem, version: DatasetVersion, editor: Actor, plan: dict[str, Any], words: str
) -> None:
    with pytest.raises(Invalid, match=words) as caught:
        actions.create_study(problem, version, plan=plan, by=editor)
    assert caught.value.field == "outer_folds"
