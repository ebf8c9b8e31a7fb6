"""The leaderboard with child runs under their parents: order, indents, limits, queries; the children of a run."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from experiments.actions import logging
from experiments.actions import runs as actions
from experiments.actions.experiments import create_experiment
from experiments.actions.measurements import Metric
from experiments.actions.problems import create_problem
from experiments.models import Experiment, Run
from experiments.queries import families
from experiments.queries import run_relations as relations
from experiments.web import leaderboard
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User

Web = Callable[[User], Client]


@pytest.fixture
def by(bob: User, actor_of: Callable[..., Actor]) -> Actor:
    return actor_of(bob)


@pytest.fixture
def experiment(by: Actor) -> Experiment:
    return create_experiment("sweep", by=by)


@pytest.fixture
def logged(experiment: Experiment, by: Actor) -> Callable[..., Run]:
    """Makes a run as MLflow's client does: the parent in a tag."""

    def log(name: str, score: float | None = None, parent: Run | None = None, where: Any = None) -> Run:
        tags = {"mlflow.parentRunId": parent.pk.hex} if parent else {}
        run = actions.create_run(where or experiment, name=name, tags=tags, by=by)
        if score is not None:
            logging.log_batch(run.pk, metrics=[Metric("auc", score)], by=by)
        return run

    return log


def drawn(experiment: Experiment) -> list[str]:
    """The board as indented names."""
    return ["  " * member.depth + member.row.run.name for member in families.board(experiment, "auc")]


def test_children_stand_under_their_parent_which_stands_where_the_best_of_them_does(
    experiment: Experiment, logged: Callable[..., Run]
) -> None:
    low, first, second = logged("low", 0.1), logged("first"), logged("second", 0.5)
    logged("a", 0.6, first)
    deep = logged("b", 0.2, first)
    logged("fold", 0.9, deep)
    logged("c", 0.7, second)
    logged("none", None, second)
    assert drawn(experiment) == [
        "first", "  a", "  b", "    fold", "second", "  c", "  none", "low",
    ]  # fmt: skip
    assert low.parent_id is None


def test_a_run_without_a_score_comes_last_and_not_a_number_is_none(
    experiment: Experiment, logged: Callable[..., Run]
) -> None:
    logged("nan", float("nan"))
    logged("old")
    logged("good", 0.3)
    assert drawn(experiment) == ["good", "old", "nan"]


def test_where_less_is_better_the_least_comes_first(
    by: Actor, experiment: Experiment, logged: Callable[..., Run]
) -> None:
    problem = create_problem("P", kind="regression", target="y", primary_metric="rmse", by=by)
    errors = create_experiment("errors", problem=problem, by=by)
    parent = logged("parent", None, None, errors)
    logged("worse", 5.0, None, errors)
    logged("x", 3.0, parent, errors)
    logged("y", 2.0, parent, errors)
    assert drawn(Experiment.objects.select_related("problem").get(pk=errors.pk)) == [
        "parent", "  y", "  x", "worse",
    ]  # fmt: skip


def test_a_child_whose_parent_is_deleted_or_elsewhere_stands_alone(
    experiment: Experiment, by: Actor, logged: Callable[..., Run]
) -> None:
    gone, other = logged("gone"), create_experiment("other", by=by)
    foreign = logged("foreign", 0.9, None, other)
    logged("orphan", 0.4, gone)
    logged("guest", 0.3, foreign)
    logged("quiet guest", None, foreign)
    actions.delete_run(gone, by=by)
    assert drawn(experiment) == ["orphan", "guest", "quiet guest"]


def test_deleted_children_are_neither_shown_nor_counted(
    experiment: Experiment, by: Actor, logged: Callable[..., Run]
) -> None:
    parent = logged("parent")
    actions.delete_run(logged("gone", 0.9, parent), by=by)
    (member,) = families.board(experiment, "auc")
    assert (member.n_children, member.n_shown) == (0, 0)


def test_runs_that_name_each_other_as_parents_do_not_hang_the_board(
    experiment: Experiment, logged: Callable[..., Run]
) -> None:
    one, two = logged("one", 0.5), logged("two", 0.4)
    alone = logged("alone", 0.3)
    Run.objects.filter(pk=one.pk).update(parent=two)
    Run.objects.filter(pk=two.pk).update(parent=one)
    Run.objects.filter(pk=alone.pk).update(parent=alone)
    names = {name.strip() for name in drawn(experiment)}
    assert {"one", "two"} <= names


def test_of_many_children_the_best_are_shown_and_all_are_counted(
    experiment: Experiment, logged: Callable[..., Run]
) -> None:
    parent = logged("parent", 0.01)
    runs = Run.objects.bulk_create(
        [Run(experiment=experiment, name=f"trial {n}", parent=parent) for n in range(2000)]
    )
    logged("best", 0.9, parent)
    logged("also", 0.5)
    board = families.board(experiment, "auc")
    assert [member.row.run.name for member in board[:2]] == ["parent", "best"]
    assert board[-1].row.run.name == "also"
    assert (board[0].n_children, board[0].n_shown) == (len(runs) + 1, families.SIBLINGS)


def test_a_board_is_cut_to_what_a_page_can_show(
    experiment: Experiment, logged: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(families, "MOST_ROWS", 3)
    for number in range(3):
        logged("child", 0.5, logged(f"parent {number}"))
    board = families.board(experiment, "auc")
    assert len(board) == 3
    assert sum(member.n_shown for member in board) == 1


def test_a_board_takes_the_same_queries_whatever_its_length(
    web: Web, bob: User, experiment: Experiment, logged: Callable[..., Run]
) -> None:
    client, counts = web(bob), []
    for _ in range(2):
        for _ in range(3):
            parent = logged("parent")
            deep = logged("child", 0.5, parent)
            logged("fold", 0.4, deep)
        with CaptureQueriesContext(connection) as captured:
            families.board(experiment, "auc")
        with CaptureQueriesContext(connection) as page:
            assert client.get(f"/experiments/{experiment.pk}/").status_code == 200
        counts.append((len(captured), len(page)))
    assert counts[0] == counts[1]
    assert counts[0][0] == 5


def test_the_page_indents_children_and_leads_to_all_of_them(
    web: Web, bob: User, experiment: Experiment, logged: Callable[..., Run]
) -> None:
    parent = logged("parent")
    for number in range(12):
        logged(f"child {number}", number / 100, parent)
    text = web(bob).get(f"/experiments/{experiment.pk}/").content.decode()
    for shown in (f'data-fold="{parent.pk}"', f'data-above="{parent.pk}"', "depth-1", "best 10 of 12 child runs",
                  f"/runs/{parent.pk}/#children", "0.1100"):  # fmt: skip
        assert shown in text, shown
    assert "data-folded" not in text


def test_a_board_of_runs_without_children_has_nothing_to_fold(
    web: Web, bob: User, experiment: Experiment, logged: Callable[..., Run]
) -> None:
    logged("alone", 0.5)
    text = web(bob).get(f"/experiments/{experiment.pk}/").content.decode()
    assert "data-fold" not in text
    assert "depth-" not in text


def test_the_page_of_a_run_shows_its_first_children_and_a_way_to_all(
    web: Web, bob: User, experiment: Experiment, logged: Callable[..., Run]
) -> None:
    parent = logged("parent")
    child = logged("child 0", 0.5, parent)
    logged("fold", 0.5, child)
    for number in range(1, relations.MOST_SHOWN + 1):
        logged(f"child {number}", None, parent)
    text = web(bob).get(f"/runs/{parent.pk}/").content.decode()
    assert "Child runs (101)" in text
    assert "with 1 of its own" in text
    assert f"child {relations.MOST_SHOWN}<" not in text
    found = re.search(r'href="([^"]+filter=[^"]+)"', text)
    assert found is not None
    page = web(bob).get(found[1]).content.decode()
    assert page.count("data-run=") == 50
    assert "data-onward" in page


@pytest.mark.parametrize(
    ("metrics", "primary", "first"),
    [
        ({"loss": (0.9, 0.1)}, "loss", "second"),
        ({"train/loss": (0.9, 0.1), "val/accuracy": (0.8, 0.6)}, "val/accuracy", "first"),
        ({"system/cpu": (90.0, 10.0), "n_rows": (1.0, 2.0)}, "n_rows", "second"),
        ({"fit_seconds": (9.0, 1.0), "test_auc": (0.8, 0.6)}, "test_auc", "first"),
    ],
)
def test_without_a_problem_a_held_out_score_ranks_and_a_loss_is_best_where_it_is_low(
    experiment: Experiment,
    by: Actor,
    logged: Callable[..., Run],
    metrics: dict[str, tuple[float, float]],
    primary: str,
    first: str,
) -> None:
    for place, name in enumerate(("first", "second")):
        points = [Metric(key, values[place]) for key, values in metrics.items()]
        logging.log_batch(logged(name).pk, metrics=points, by=by)
    board = leaderboard.of_experiment(experiment)
    assert (board["primary"], board["lines"][0].row.run.name) == (primary, first)
    assert not [name for name in board["columns"] if name.startswith("system/")]
