"""Write-ups: versions, differences, two people at once, and blocks that say what is wrong with them."""

from datetime import UTC, datetime, timedelta

import pytest

from experiments.actions.experiments import create_experiment
from experiments.actions.runs import create_run
from experiments.models import Problem, Run
from mlregistry.accounts.actor import Actor
from mlregistry.discussions import access, blocks
from mlregistry.discussions.actions import retention
from mlregistry.discussions.actions import writeups as actions
from mlregistry.discussions.models import WriteUp
from mlregistry.discussions.queries.writeups import diff, newest
from mlregistry.errors import Conflict, Forbidden, Invalid, MlregistryError, NotFound
from serving.models import AnswerCount, Endpoint
from tests.discussions.conftest import log


@pytest.fixture
def writeup(editor: Actor) -> WriteUp:
    return actions.create_writeup("Why trees", "one\ntwo\nthree", by=editor)


def test_every_save_is_a_version_and_an_older_one_comes_back_as_the_newest(
    writeup: WriteUp, editor: Actor, owner: Actor
) -> None:
    actions.save_writeup(writeup, "Why trees won", "one\n2\nthree", base=1, by=owner)
    assert (
        actions.save_writeup(writeup, "Why trees won", "one\n2\nthree", by=editor).number == 2
    )  # nothing changed
    made = actions.restore_version(access.version(writeup, 1, editor), by=editor)
    assert (made.number, made.title, made.text, made.restored_from) == (3, "Why trees", "one\ntwo\nthree", 1)
    assert access.writeup(editor, writeup.pk).title == "Why trees"


def test_who_saves_after_somebody_else_is_told_and_loses_nothing(
    writeup: WriteUp, editor: Actor, owner: Actor
) -> None:
    actions.save_writeup(writeup, "Why trees", "by alice", base=1, by=owner)
    with pytest.raises(Conflict, match="Version 2 was saved while you wrote on version 1"):
        actions.save_writeup(writeup, "Why trees", "by bob", base=1, by=editor)


def test_viewers_read_and_do_not_write(writeup: WriteUp, viewer: Actor, stranger: Actor) -> None:
    assert newest(viewer, search="WHY tre") == [writeup]
    assert newest(viewer, search="nothing") == []
    for change in (
        lambda: actions.create_writeup("x", "", by=viewer),
        lambda: actions.save_writeup(writeup, "x", "", by=viewer),
        lambda: actions.delete_writeup(writeup, by=viewer),
    ):
        with pytest.raises(Forbidden):
            change()
    with pytest.raises(NotFound):
        access.writeup(stranger, writeup.pk)


def test_a_deleted_write_up_comes_back_for_thirty_days(writeup: WriteUp, editor: Actor) -> None:
    actions.delete_writeup(writeup, by=editor)
    with pytest.raises(NotFound):
        access.writeup(editor, writeup.pk)
    actions.restore_writeup(access.writeup(editor, writeup.pk, deleted=True), by=editor)
    actions.delete_writeup(access.writeup(editor, writeup.pk), by=editor)
    now = datetime.now(UTC)
    assert retention.tend(now + timedelta(days=29)) == 0
    assert retention.tend(now + timedelta(days=31)) == 1


@pytest.mark.parametrize(
    ("title", "text", "field"),
    [("", "x", "title"), ("a\nb", "x", "title"), ("x", "y\x00", "text"), ("x", "y" * 200_001, "text")],
)
def test_what_cannot_be_kept_is_refused_by_its_field(
    editor: Actor, title: str, text: str, field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        actions.create_writeup(title, text, by=editor)
    assert caught.value.field == field


def test_a_difference_shows_lines_and_what_it_leaves_out(writeup: WriteUp, editor: Actor) -> None:
    text = "\n".join(f"line {n}" for n in range(20))
    a = actions.save_writeup(writeup, "t", text, by=editor)
    b = actions.save_writeup(writeup, "t", text.replace("line 10\n", "another\n"), by=editor)
    lines = [(line.sign, line.text, line.older, line.newer) for line in diff(a, b)]
    assert lines[0] == ("…", "", None, None)
    assert ("-", "line 10", 11, None) in lines
    assert ("+", "another", None, 11) in lines
    assert lines[-1] == ("…", "", None, None)
    assert len(lines) == 2 + 3 + 2 + 3
    assert diff(a, a) == []


@pytest.fixture
def runs(editor: Actor) -> list[Run]:
    experiment = create_experiment("sweep", by=editor)
    made = [create_run(experiment, name=f"r{n}", by=editor) for n in range(3)]
    for n, run in enumerate(made):
        log(run, loss=1.0 / (n + 1), same=1.0, by=editor)
    return made


def test_a_table_of_runs_is_ordered_and_links(runs: list[Run], editor: Actor) -> None:
    found = blocks.drawn(
        f"kind: runs-table\nexperiment: {runs[0].experiment_id}\nmetric: loss\nshow: same\nlimit: 2", editor
    )
    assert [title for title, _ in found.columns] == ["Run", "State", "loss", "same"]
    assert [[cell.text for cell in row] for row in found.rows] == [
        ["r0", "running", "1", "1"], ["r1", "running", "0.5000", "1"],
    ]  # fmt: skip
    assert found.rows[0][0].address == f"/runs/{runs[0].pk}/"


def test_curves_metrics_and_comparisons_are_read_from_the_runs(runs: list[Run], editor: Actor) -> None:
    ids = " ".join(run.pk.hex for run in runs[:2])
    curve = blocks.drawn(f"kind: curve\nruns: {ids}\nmetric: loss", editor)
    assert curve.chart is not None
    assert [series["name"] for series in curve.chart["series"]] == ["r0", "r1"]
    assert blocks.drawn(f"kind: metric\nrun: {runs[0].pk}", editor).figures == [("main metric", "loss 1")]
    side = blocks.drawn(f"kind: comparison\nruns: {ids}", editor)
    assert [[cell.text for cell in row] for row in side.rows] == [["loss", "1", "0.5000"]]


def test_figures_of_an_endpoint_are_those_of_its_answers(editor: Actor) -> None:
    endpoint = Endpoint.objects.create(team=editor.team, name="live", salt="s")
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    AnswerCount.objects.create(
        endpoint=endpoint, variant="a", version_id=1, status=200, hour=hour, n_requests=40, n_rows=40, seconds=1.0,
        histogram=[0, 0, 0, 40, *[0] * 11],
    )  # fmt: skip
    found = blocks.drawn("kind: endpoint\nendpoint: live\ndays: 2", editor)
    assert found.figures[0] == ("requests", "40")
    assert found.chart is not None
    assert sum(found.chart["series"][0]["values"]) == 40


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind: pie", "The kind of a block is one of runs-table"),
        ("", "The kind of a block is one of"),
        ("kind: metric\nno colon", "Line 2 of the block"),
        ("kind: metric\nrun: a\nrun: b", "twice"),
        ("kind: metric\ncolour: red\nrun: x", "no field “colour”"),
        ("kind: metric", "needs the field “run”"),
        ("kind: metric\nrun: nothing", "no run nothing"),
        ("kind: runs-table\nexperiment: x", "whole number"),
        ("kind: runs-table\nexperiment: 999999999999999999", "no experiment"),
        ("kind: curve\nruns: " + " ".join("abcdefghijk") + "\nmetric: x", "at most 10"),
        ("kind: endpoint\nendpoint: nothing", "no endpoint “nothing”"),
        ("kind: metric\n" + "x" * 4001, "at most 4,000"),
    ],
)
def test_a_block_says_what_is_wrong_with_it(editor: Actor, text: str, words: str) -> None:
    with pytest.raises(MlregistryError, match=words):
        blocks.drawn(text, editor)
    assert "cannot be drawn" in blocks.drawer(editor)(text, 0)


def test_a_block_shows_nothing_of_another_team(runs: list[Run], stranger: Actor, problem: Problem) -> None:
    shown = blocks.drawer(stranger)(f"kind: metric\nrun: {runs[0].pk}", 0)
    assert "There is no run" in shown
    assert "loss" not in shown


def test_a_write_up_draws_twenty_blocks_at_most(editor: Actor) -> None:
    assert "at most 20 blocks" in blocks.drawer(editor)("kind: metric\nrun: x", 20)
