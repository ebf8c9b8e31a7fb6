"""Comments: who may do what, what is undone, how much one may write, who is told and how."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from experiments.actions.problems import delete_problem
from experiments.models import Problem, Run
from mlregistry.accounts.actions.memberships import remove
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, Membership, Role, User
from mlregistry.discussions import access
from mlregistry.discussions.actions import comments as actions
from mlregistry.discussions.actions import digests, limits, retention, tellings, watchers
from mlregistry.discussions.actions.watches import set_watching
from mlregistry.discussions.models import Comment, Telling
from mlregistry.discussions.nouns import Thing, of_row
from mlregistry.discussions.queries.comments import MOST_THREADS, threads
from mlregistry.discussions.queries.watches import watchers as watchers_of
from mlregistry.discussions.queries.watches import watching
from mlregistry.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job
from mlregistry.notices.models import InboxEntry
from tests.mailbox import Mailbox, open_mailbox

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def told(user: User) -> list[str]:
    return list(InboxEntry.objects.filter(user=user).order_by("pk").values_list("notice__title", flat=True))


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    with open_mailbox() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


def test_a_viewer_comments_and_whoever_made_the_thing_is_told(churn: Thing, viewer: Actor, bob: User) -> None:
    made = actions.write_comment(churn, "Is **left** filled for all?\r\n", by=viewer)
    assert (made.text, made.parent) == ("Is **left** filled for all?", None)
    assert told(bob) == ["vera commented on problem Churn"]
    notice = InboxEntry.objects.get().notice
    assert notice.link == f"/problems/{churn.key}/#comment-{made.pk}"
    line = AuditEvent.objects.get(action="comment.create")
    assert (line.target_type, line.target_id, line.details) == (
        "experiments.problem", churn.key, {"comment": made.pk},
    )  # fmt: skip


def test_a_reply_to_a_reply_hangs_on_the_first_comment(churn: Thing, viewer: Actor, editor: Actor) -> None:
    first = actions.write_comment(churn, "one", by=viewer)
    reply = actions.write_comment(churn, "two", parent=first, by=editor)
    deeper = actions.write_comment(churn, "three", parent=reply, by=viewer)
    assert [reply.parent, deeper.parent] == [first, first]
    (thread,) = threads(churn, viewer).threads
    assert [one.comment.text for one in thread.replies] == ["two", "three"]


def test_a_mention_tells_a_member_once_whatever_is_edited(
    churn: Thing, editor: Actor, vera: User, alice: User
) -> None:
    made = actions.write_comment(churn, "@vera. look, and `@alice` is code; @nobody is nobody", by=editor)
    assert (told(vera), told(alice)) == (["bob mentioned you on problem Churn"], [])
    actions.edit_comment(made, "@vera look again; @alice too", by=editor)
    assert (len(told(vera)), told(alice)) == (1, ["bob mentioned you on problem Churn"])
    assert {user.username for user in watchers_of(churn, editor)} == {"alice", "bob", "vera"}


def test_nobody_outside_of_the_team_is_mentioned_or_told(churn: Thing, editor: Actor, charlie: User) -> None:
    actions.write_comment(churn, "@charlie knows", by=editor)
    assert told(charlie) == []
    assert charlie not in watchers_of(churn, editor)


def test_who_left_the_team_is_told_no_more(churn: Thing, editor: Actor, owner: Actor, vera: User) -> None:
    actions.write_comment(churn, "@vera hello", by=editor)
    remove(Membership.objects.get(user=vera), by=owner)
    actions.write_comment(churn, "@vera again", by=editor)
    assert len(told(vera)) == 1


def test_only_its_author_edits_and_only_an_owner_beside_deletes(
    churn: Thing, viewer: Actor, editor: Actor, owner: Actor
) -> None:
    made = actions.write_comment(churn, "mine", by=viewer)
    with pytest.raises(Forbidden, match="author edits"):
        actions.edit_comment(made, "yours", by=owner)
    with pytest.raises(Forbidden, match="author or an owner"):
        actions.delete_comment(made, by=editor)
    actions.delete_comment(made, by=owner)
    with pytest.raises(Forbidden, match="Only who deleted"):
        actions.restore_comment(made, by=viewer)
    with pytest.raises(Conflict, match="was deleted"):
        actions.edit_comment(made, "gone", by=viewer)
    actions.restore_comment(made, by=owner)
    assert made.deleted_at is None


def test_a_deleted_comment_comes_back_for_a_day_and_is_forgotten_then(
    churn: Thing, viewer: Actor, editor: Actor
) -> None:
    made = actions.write_comment(churn, "a secret slipped in", by=viewer)
    actions.delete_comment(made, now=NOW, by=viewer)
    assert retention.tend(NOW + timedelta(hours=23)) == 0
    with pytest.raises(Conflict, match="for a day"):
        actions.restore_comment(made, now=NOW + timedelta(hours=25), by=viewer)
    assert retention.tend(NOW + timedelta(hours=25)) == 1
    assert Comment.objects.get().text == ""
    assert InboxEntry.objects.get().notice.text == ""
    assert threads(churn, editor).threads == []


def test_a_deleted_comment_stays_a_line_while_replies_hang_on_it(
    churn: Thing, viewer: Actor, editor: Actor
) -> None:
    first = actions.write_comment(churn, "secret", by=viewer)
    actions.write_comment(churn, "an answer", parent=first, by=editor)
    actions.delete_comment(first, by=viewer)
    found = threads(churn, editor)
    assert (found.n, len(found.threads), found.threads[0].first.comment.deleted_at is None) == (1, 1, False)


def test_a_thread_is_resolved_by_its_author_or_an_editor_and_a_reply_reopens_it(
    churn: Thing, viewer: Actor, editor: Actor, owner: Actor
) -> None:
    first = actions.write_comment(churn, "why?", by=editor)
    with pytest.raises(Forbidden, match="or an editor"):
        actions.resolve_thread(first, by=viewer)
    assert actions.resolve_thread(first, by=owner).resolved_by == owner.user
    actions.write_comment(churn, "because", parent=first, by=viewer)
    first.refresh_from_db()
    assert first.resolved_at is None


@pytest.mark.parametrize(
    ("text", "words"),
    [("  \n", "may not be empty"), ("x" * 20_001, "maximum length of 20000"), ("a\x00b", "NUL")],
)
def test_a_text_that_cannot_be_kept_is_refused_by_its_field(
    churn: Thing, viewer: Actor, text: str, words: str
) -> None:
    with pytest.raises(Invalid, match=words) as caught:
        actions.write_comment(churn, text, by=viewer)
    assert caught.value.field == "text"


def test_too_many_comments_in_a_while_are_refused(churn: Thing, viewer: Actor) -> None:
    Comment.objects.bulk_create(
        Comment(team=viewer.team, kind="problem", key=churn.key, text="x", author=viewer.user, created_at=NOW)
        for _ in range(limits.MOST_IN_BURST)
    )
    with pytest.raises(TooMany, match="30 comments within five minutes"):
        actions.write_comment(churn, "one more", now=NOW + timedelta(minutes=1), by=viewer)
    assert actions.write_comment(churn, "later", now=NOW + timedelta(minutes=6), by=viewer).pk


def test_mentions_are_limited_by_comment_and_by_hour(
    churn: Thing, viewer: Actor, monkeypatch: pytest.MonkeyPatch, alice: User, bob: User
) -> None:
    monkeypatch.setattr(limits, "MOST_MENTIONED", 1)
    with pytest.raises(Invalid, match="at most 1 people"):
        actions.write_comment(churn, "@alice @bob", by=viewer)
    monkeypatch.setattr(limits, "MOST_TOLD_IN_HOUR", 1)
    made = actions.write_comment(churn, "@alice", now=NOW, by=viewer)
    with pytest.raises(TooMany, match="mention fewer"):
        actions.edit_comment(made, "@bob", now=NOW + timedelta(minutes=2), by=viewer)
    with pytest.raises(TooMany, match="mention fewer"):
        actions.write_comment(churn, "@bob", now=NOW + timedelta(minutes=2), by=viewer)


def test_a_comment_of_another_team_is_not_there(churn: Thing, viewer: Actor, stranger: Actor) -> None:
    made = actions.write_comment(churn, "ours", by=viewer)
    with pytest.raises(NotFound):
        access.comment(stranger, made.pk)
    with pytest.raises(NotFound):
        access.comment(stranger, 2**70)


def test_comments_go_with_what_they_are_about(
    churn: Thing, problem: Problem, viewer: Actor, editor: Actor
) -> None:
    made = actions.write_comment(churn, "on it", by=viewer)
    delete_problem(problem, by=editor)
    with pytest.raises(NotFound, match="not there any more"):
        access.comment(viewer, made.pk)


def test_stopping_to_watch_holds_against_what_is_done_by_itself(
    churn: Thing, editor: Actor, viewer: Actor, bob: User
) -> None:
    assert watching(churn, editor).mine
    set_watching(churn, False, by=editor)
    actions.write_comment(churn, "mine", by=editor)
    actions.write_comment(churn, "hers", by=viewer)
    assert (told(bob), watching(churn, editor).n) == ([], 1)
    set_watching(churn, True, by=editor)
    actions.write_comment(churn, "hers again", by=viewer)
    assert told(bob) == ["vera commented on problem Churn"]


def test_who_wants_nothing_is_told_nothing_and_who_wants_mail_gets_it(
    churn: Thing, editor: Actor, viewer: Actor, bob: User, vera: User, mailbox: Mailbox,
) -> None:  # fmt: skip
    tellings.choose(watched="off", by=editor)
    tellings.choose(mentions="email", by=viewer)
    actions.write_comment(churn, "of no interest", by=viewer)
    actions.write_comment(churn, "@vera <b>look</b>", by=editor)
    assert (told(bob), told(vera)) == ([], ["bob mentioned you on problem Churn"])
    assert run_here(Job.objects.get(kind="notices.mail")).result == {"state": "sent"}
    (message,) = mailbox.messages
    assert (mailbox.recipients, message["Subject"]) == (
        ["vera@example.org"], "[The lab] bob mentioned you on problem Churn",
    )  # fmt: skip
    assert f"/t/lab/problems/{churn.key}/#comment-" in str(message.get_payload(decode=True))


def test_mail_waits_for_a_mail_server_that_is_away_and_ends_with_a_refusal(
    churn: Thing, editor: Actor, viewer: Actor, mailbox: Mailbox, settings: Settings
) -> None:
    tellings.choose(mentions="email", by=viewer)
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 9
    actions.write_comment(churn, "@vera look", by=editor)
    assert run_here(Job.objects.get(kind="notices.mail")).result == {"state": "again"}
    again = Job.objects.get(args__n_tried=1)
    assert again.args["n_tried"] == 1
    settings.EMAIL_PORT, mailbox.refuses = port, True
    Job.objects.filter(pk=again.pk).update(scheduled_at=None)
    again.refresh_from_db()
    assert run_here(again).result == {"state": "refused"}


def test_a_digest_tells_once_a_day_what_is_unread(
    churn: Thing, editor: Actor, viewer: Actor, mailbox: Mailbox
) -> None:
    tellings.choose(watched="digest", by=editor)
    began = Telling.objects.get().digested_until
    assert began is not None
    actions.write_comment(churn, "first\nthing", by=viewer)
    assert digests.tend(began + timedelta(hours=23)) == 0
    assert digests.tend(began + timedelta(hours=25)) == 1
    assert digests.tend(began + timedelta(hours=26)) == 0
    (message,) = mailbox.messages
    payload = message.get_payload(decode=True)
    assert isinstance(payload, bytes)
    text = payload.decode()
    assert message["Subject"] == "1 thing that you watch"
    assert "vera commented on problem Churn" in text
    assert "“first thing”" in text
    tellings.choose(watched="inbox", by=editor)
    assert Telling.objects.get().digest_at is None


def test_a_digest_waits_for_the_mail_server(
    churn: Thing, editor: Actor, viewer: Actor, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    tellings.choose(watched="digest", by=editor)
    due = Telling.objects.get().digest_at
    assert due is not None
    actions.write_comment(churn, "first", by=viewer)
    assert digests.tend(due) == 0
    assert Telling.objects.get().digest_at == due


def test_a_wrong_manner_is_refused_by_its_field(editor: Actor) -> None:
    with pytest.raises(Invalid, match="inbox, email, digest, off") as caught:
        tellings.choose(watched="pigeon", by=editor)
    assert caught.value.field == "watched"


def test_watchers_are_told_what_the_trail_says_but_not_of_their_own_deeds(
    run: Run, editor: Actor, viewer: Actor, bob: User, vera: User
) -> None:
    assert watchers.tend() == 0  # the first time begins at the end of the trail
    set_watching(of_row(run), True, by=viewer)
    set_watching(of_row(run), True, by=editor)
    from_now = datetime.now(UTC)
    AuditEvent.objects.create(
        team=editor.team, user=bob, action="run.update", target_type="experiments.run", target_id=str(run.pk),
        target_name=run.name, details={"status": "FAILED"}, via="mlflow",
    )  # fmt: skip
    assert watchers.tend(from_now) == 0  # it may be in an open transaction still
    assert watchers.tend(from_now + timedelta(minutes=1)) == 1
    assert watchers.tend(from_now + timedelta(minutes=2)) == 0
    assert (told(vera), told(bob)) == (["run first failed"], [])
    assert InboxEntry.objects.get().notice.severity == "warning"


def test_the_number_of_queries_does_not_grow_with_the_comments(
    churn: Thing, viewer: Actor, editor: Actor
) -> None:
    first = actions.write_comment(churn, "@bob see run:aa", by=viewer)
    with_few = _n_queries(churn, viewer)
    for n in range(8):
        actions.write_comment(churn, f"@alice number {n}", parent=first if n % 2 else None, by=editor)
    assert _n_queries(churn, viewer) == with_few == 4


def test_older_threads_are_read_page_by_page_each_once(churn: Thing, viewer: Actor) -> None:
    made = [
        actions.write_comment(churn, f"{n}", now=NOW + timedelta(hours=n), by=viewer)
        for n in range(2 * MOST_THREADS + 3)
    ]
    reply = actions.write_comment(churn, "late", parent=made[1], by=viewer)
    pages = [threads(churn, viewer)]
    while pages[-1].next:
        pages.append(threads(churn, viewer, begin=Comment.objects.get(pk=pages[-1].next)))
    assert [page.n_more for page in pages] == [MOST_THREADS + 3, 3, 0]
    assert {page.n for page in pages} == {2 * MOST_THREADS + 4}
    shown = [[thread.first.comment for thread in page.threads] for page in pages]
    assert [one for page in reversed(shown) for one in page] == made
    assert threads(churn, viewer, begin=reply).threads[-1].replies[0].comment == reply


def _n_queries(churn: Thing, by: Actor) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert threads(churn, by).n
    return len(queries)


def test_a_service_account_is_not_mentioned(churn: Thing, editor: Actor, vera: User) -> None:
    User.objects.filter(pk=vera.pk).update(is_service=True)
    actions.write_comment(churn, "@vera", by=editor)
    assert told(vera) == []
    assert Membership.objects.get(user=vera).role == Role.VIEWER
