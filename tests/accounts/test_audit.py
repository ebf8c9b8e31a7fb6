"""The audit trail: sentences, filters, pages by key, CSV, and an index behind each filter."""

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mlregistry.accounts import audit
from mlregistry.accounts.actions import memberships, tokens
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, Membership, Role, Team, User
from mlregistry.accounts.queries import audit as audit_queries
from mlregistry.accounts.queries import audit_sentences as sentences
from mlregistry.errors import Invalid

Web = Callable[[User], Client]
ActorOf = Callable[..., Actor]
ROOT = Path(__file__).resolve().parents[2]


def _event(action: str, name: str = "churn", **details: Any) -> AuditEvent:
    team = Team(pk=1, slug="lab", name="The lab")
    user = User(username="alice")
    return AuditEvent(
        team=team,
        user=user,
        action=action,
        target_name=name,
        target_type="x.y",
        target_id="7",
        details=details,
    )


@pytest.mark.parametrize(
    ("action", "details", "text"),
    [
        ("membership.update", {"user": "bob", "before": "viewer", "role": "editor"},
         "alice changed the role of bob from viewer to editor"),
        ("endpoint.create", {}, "alice created the endpoint churn"),
        ("problem.update", {}, "alice updated the problem churn"),
        ("ab_test.stop", {}, "alice stopped the A/B test of churn"),
        ("endpoint.set_variants", {}, "alice changed what churn serves"),
        ("run.save_artifact", {}, "alice saved artifact of the run churn"),
        ("version.load_tested", {}, "alice test-loaded the model version churn"),
        ("membership.create", {}, "alice added somebody to The lab as another"),
        ("quality.comparison_alert", {}, "alice raised an alert: churn differs from the version before"),
        ("comment.create", {}, "alice commented on churn"),
    ],
)  # fmt: skip
def test_a_line_reads_as_a_sentence(action: str, details: dict[str, Any], text: str) -> None:
    assert sentences.sentence(_event(action, **details)) == text


def test_every_action_of_the_source_gives_a_sentence_without_its_code() -> None:
    found: set[str] = set()
    for folder in ("mlregistry", "experiments", "models_app", "serving"):
        for path in (ROOT / folder).rglob("actions/*.py"):
            found |= set(re.findall(r"\bby,\s+\"([a-z_]+\.[a-z_]+)\"", path.read_text()))
    assert len(found) > 60
    for action in found:
        text = sentences.predicate(_event(action))
        assert action not in text, action
        assert "_" not in text, (action, text)
        assert re.match(r"[a-zA-Z]+", text), action


def test_what_changed_stands_beside_what_was() -> None:
    changed = sentences.changes(
        _event("x.y", before={"name": "A", "n": 1}, after={"name": "B", "n": None}, why="Z")
    )
    assert [(one.name, one.before, one.after) for one in changed] == [
        ("name", "A", "B"), ("n", "1", "nothing"), ("why", None, "Z"),
    ]  # fmt: skip
    (role,) = sentences.changes(_event("membership.update", before="viewer", role="editor"))
    assert (role.name, role.before, role.after) == ("role", "viewer", "editor")
    (weight,) = sentences.changes(_event("x.y", weight={"from": 10, "to": 50}))
    assert (weight.before, weight.after) == ("10", "50")
    (long,) = sentences.changes(_event("x.y", note="a" * 1_000))
    assert len(long.after) == sentences.LONGEST_VALUE
    (flag,) = sentences.changes(_event("x.y", is_on=True))
    assert (flag.name, flag.after) == ("is on", "yes")


def test_a_line_keeps_the_address_of_the_client(alice: User, bob: User, web: Web) -> None:
    web(alice).post("/team/members/bob/role/", {"role": "viewer"}, REMOTE_ADDR="192.0.2.7")
    line = AuditEvent.objects.get(action="membership.update")
    assert line.address == "192.0.2.7"
    page = web(alice).get("/audit/?address=192.0.2.7").content.decode()
    assert "changed the role of bob from editor to viewer" in page
    assert "No line matches" in web(alice).get("/audit/?address=192.0.2.8").content.decode()
    assert web(alice).get("/audit/?address=nowhere").status_code == 400


def test_lines_of_the_server_itself_have_no_address(alice: User, actor_of: ActorOf) -> None:
    assert audit.record(actor_of(alice), "team.update", alice).address is None


@pytest.fixture
def many(alice: User, bob: User) -> list[AuditEvent]:
    """120 lines of one moment: only the number tells them apart."""
    now = timezone.now()
    made = AuditEvent.objects.bulk_create(
        AuditEvent(
            team=alice.default_team, user=bob if n % 2 else alice, action="run.finish", via="api",
            target_type="experiments.run", target_id=str(n), target_name=f"run {n}", details={"status": "FINISHED"},
        )
        for n in range(120)
    )  # fmt: skip
    AuditEvent.objects.update(at=now)
    return made


def test_pages_go_on_by_key_and_lose_no_line(
    alice: User, many: list[AuditEvent], actor_of: ActorOf, web: Web
) -> None:
    seen: list[int] = []
    token = ""
    while True:
        found = audit_queries.one_page(actor_of(alice), {}, size=50, token=token)
        seen += [line.pk for line in found.lines]
        if found.older is None:
            break
        token = found.older
    assert seen == sorted((one.pk for one in many), reverse=True)
    page = web(alice).get("/audit/").content.decode()
    older = re.search(r'href="\?(older=[^"]+)" rel="next"', page)
    assert older is not None
    assert "run 69 " in web(alice).get(f"/audit/?{older[1]}").content.decode()
    with pytest.raises(Invalid):
        audit_queries.one_page(actor_of(alice), {"via": "web"}, size=50, token=token)


def test_a_page_asks_the_same_number_of_queries_whatever_it_shows(
    alice: User, many: list[AuditEvent], web: Web
) -> None:
    client = web(alice)
    counts = []
    for address in ("/audit/?target=none", "/audit/?target=run", "/audit/"):
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        counts.append(len(asked))
    assert len(set(counts)) == 1, counts
    assert counts[0] <= 12


def test_the_csv_holds_every_line_that_matches_and_no_formula(
    alice: User, vera: User, many: list[AuditEvent], web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_queries, "CSV_BATCH", 25)
    AuditEvent.objects.filter(pk=many[0].pk).update(target_name="=cmd()")
    answer = web(alice).get("/audit/lines.csv?user=alice")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]  # the stubs know no streamed answers
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 60
    assert {row["person"] for row in rows} == {"alice"}
    assert rows[-1]["name"] == "'=cmd()"
    assert rows[0]["sentence"] == "alice ended the run run 118 as FINISHED"
    assert web(alice).get("/audit/lines.csv?since=soon").status_code == 400
    assert web(vera).get("/audit/lines.csv").status_code == 403


def test_the_csv_ends_at_its_limit(alice: User, many: list[AuditEvent], actor_of: ActorOf) -> None:
    sizes = [len(batch) for batch in audit_queries.batches(actor_of(alice), {}, most=70)]
    assert sum(sizes) == 70


def test_days_begin_where_the_person_lives(alice: User, actor_of: ActorOf) -> None:
    tokens.create_token("laptop", scopes=["read"], by=actor_of(alice))
    AuditEvent.objects.update(at=datetime(2026, 3, 1, 20, tzinfo=UTC))
    alice.time_zone = "Asia/Tokyo"
    assert audit_queries.filtered(actor_of(alice), {"since": "2026-03-02"}).count() == 1
    alice.time_zone = ""
    assert audit_queries.filtered(actor_of(alice), {"since": "2026-03-02"}).count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({"user": "bob"}, "audit_by_user"),
        ({"action": "team."}, "audit_by_action"),
        ({"target": "rare"}, "audit_by_name"),
        ({"address": "192.0.2.9"}, "audit_by_address"),
        ({"target_type": "accounts.team", "target_id": "3"}, "audit_by_target"),
        ({"since": "2026-01-01", "until": "2026-01-02"}, "audit_by_team"),
    ],
)
def test_each_filter_has_its_index(
    alice: User, bob: User, actor_of: ActorOf, wanted: dict[str, str], index: str
) -> None:
    rows = audit_queries.filtered(actor_of(alice), wanted).order_by(*audit_queries.NEWEST_FIRST)[:51]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        _pretend_a_million(cursor)
        assert index in rows.explain()


def _pretend_a_million(cursor: object) -> None:
    """Plans are chosen by what is known of the table; a few thousand unlike lines suffice."""
    cursor.execute(  # type: ignore[attr-defined]  # the fixture has no type
        """
        INSERT INTO accounts_auditevent
            (team_id, user_id, action, target_type, target_id, target_name, details, via, at, address)
        SELECT team.id, person.id, 'run.finish', 'experiments.run', n::text, 'run ' || n, '{}', 'api',
               timestamptz '2025-01-01' + n * interval '3 hours', NULL
        FROM generate_series(1, 4000) AS n, accounts_team AS team, accounts_user AS person
        WHERE team.slug = 'lab' AND person.username = 'alice'
        """
    )
    cursor.execute("ANALYZE accounts_auditevent")  # type: ignore[attr-defined]  # the fixture has no type


def test_leaving_is_told_apart_from_being_taken_out(alice: User, bob: User, actor_of: ActorOf) -> None:
    memberships.remove(Membership.objects.get(user=bob), by=actor_of(bob))
    assert AuditEvent.objects.get(action="membership.leave").user == bob
    assert Role(Membership.objects.get(user=alice).role) == Role.OWNER


def test_actions_on_offer_are_those_of_the_team(alice: User, charlie: User, actor_of: ActorOf) -> None:
    for name, by in (("b.c", alice), ("a.b", alice), ("b.c", alice), ("z.z", charlie)):
        audit.record(actor_of(by), name, by)
    assert audit_queries.actions_of(actor_of(alice)) == ["a.b", "b.c"]
    assert audit_queries.kinds() == ["accounts.user"]
