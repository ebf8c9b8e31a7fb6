"""The activity feed: what is news, filters, keyset pages, nothing of other teams and nothing of accounts."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from experiments.actions import runs
from experiments.models import Problem, Run
from mlregistry.accounts.actions import tokens
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.discussions.actions import comments
from mlregistry.discussions.activity_words import ACTIONS, GROUPS, actions_of, verb
from mlregistry.discussions.nouns import Thing
from mlregistry.discussions.queries import activity
from mlregistry.errors import Invalid, NotFound


def said(by: Actor, **wanted: str) -> list[str]:
    found = activity.feed(by, wanted).lines
    return [
        f"{one.kind} {one.name} {one.verb}" if one.by_itself else f"{one.who} {one.verb} {one.name}"
        for one in found
    ]


def test_the_feed_tells_the_work_of_the_team_to_every_member(
    churn: Thing, run: Run, editor: Actor, viewer: Actor, owner: Actor
) -> None:
    runs.update_run(run, status="FINISHED", by=editor)
    comments.write_comment(churn, "well done", by=viewer)
    tokens.create_token("secret", scopes=["read"], by=owner)
    assert set(said(viewer)) == {
        "vera commented on Churn", "run first finished", "bob made sweep",
        "bob framed Churn",
    }  # fmt: skip
    line = activity.feed(viewer, {}).lines[0]
    assert (line.quote, line.address) == ("well done", f"/problems/{churn.key}/#comment-{line.comment_id}")


def test_neighbours_that_say_the_same_are_one_line_and_a_failure_stands_alone(
    churn: Thing, run: Run, editor: Actor, viewer: Actor
) -> None:
    ends = ["FINISHED", "FINISHED", "FAILED", "FINISHED"]
    for number, status in enumerate(ends):
        made = runs.create_run(run.experiment, name=f"run {number}", by=editor)
        runs.update_run(made, status=status, by=editor)
    comments.write_comment(churn, "well done", by=viewer)
    comments.write_comment(churn, "once more", by=viewer)
    found = activity.folded(activity.feed(viewer, {}).lines)
    ended = [line for line in found if line.kind == "run"]
    assert [(line.name, line.is_bad, [one.name for one in line.more]) for line in ended] == [
        ("run 3", False, []),
        ("run 2", True, []),
        ("run 1", False, ["run 0"]),
    ]
    assert [line.quote for line in found if line.quote] == ["once more", "well done"]


def test_a_deleted_comment_is_not_quoted(churn: Thing, viewer: Actor) -> None:
    comments.delete_comment(comments.write_comment(churn, "a secret", by=viewer), by=viewer)
    assert [line.quote for line in activity.feed(viewer, {}).lines] == ["", ""]


def test_nothing_of_another_team_is_told(churn: Thing, stranger: Actor) -> None:
    assert said(stranger) == []
    with pytest.raises(NotFound):
        said(stranger, kind="problem", thing=churn.handle)


def test_lines_are_filtered_by_person_group_kind_and_thing(churn: Thing, run: Run, viewer: Actor) -> None:
    comments.write_comment(churn, "hm", by=viewer)
    assert said(viewer, person="vera") == ["vera commented on Churn"]
    assert said(viewer, group="runs") == ["bob made sweep"]
    assert said(viewer, kind="problem", thing=churn.handle) == [
        "vera commented on Churn",
        "bob framed Churn",
    ]
    assert said(viewer, kind="problem", group="comments") == ["vera commented on Churn"]
    assert said(viewer, kind="endpoint") == []


@pytest.mark.parametrize(
    ("wanted", "field"),
    [({"group": "x"}, "group"), ({"thing": "1"}, "kind"), ({"person": "a\x00"}, "person")],
)
def test_a_wrong_filter_is_refused_by_its_field(viewer: Actor, wanted: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        activity.feed(viewer, wanted)
    assert caught.value.field == field


def test_pages_follow_each_other_without_gaps_and_cost_the_same(problem: Problem, editor: Actor) -> None:
    for n in range(12):
        record(editor, "problem.update", problem, n=n)
    seen, older = [], ""
    counts = set()
    while True:
        with CaptureQueriesContext(connection) as queries:
            page = activity.feed(editor, {}, older=older, limit=5)
        counts.add(len(queries))
        seen += [line.event.pk for line in page.lines]
        older = page.older
        if not older:
            break
    assert (len(seen), seen) == (13, sorted(seen, reverse=True))
    assert counts == {2}


@pytest.mark.parametrize("older", ["x", "1-", "-1", "1-2-3", "9" * 30 + "-1"])
def test_a_place_that_no_page_gave_is_refused(editor: Actor, older: str) -> None:
    with pytest.raises(Invalid) as caught:
        activity.feed(editor, {}, older=older)
    assert caught.value.field == "older"


def test_a_place_beyond_all_time_is_the_beginning(churn: Thing, editor: Actor) -> None:
    assert len(activity.feed(editor, {}, older="99999999999999999-1").lines) == 1


def test_every_group_of_the_filter_has_actions() -> None:
    assert [group for group in GROUPS if not actions_of(group)] == []


def test_the_card_of_the_start_page_shows_the_newest(churn: Thing, viewer: Actor) -> None:
    assert [line.name for line in activity.feed(viewer, {}, limit=8).lines] == ["Churn"]


def test_every_action_of_the_feed_reads_as_words() -> None:
    details = {"status": "FAILED", "alias": "champion", "version": 3, "rule": "errors"}
    assert [action for action in ACTIONS if not verb(action, details).strip()] == []
    assert verb("promotion.request", details) == "asked to move the alias “champion” to"
    assert verb("alias.set", details) == "moved the alias champion to version 3 of"
    assert verb("alert.fire", {"rule": "errors"}) == "fires the alert “errors”"
