"""The doors of comments, watches, the feed and write-ups: API and pages, by role, with and without the script."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from rest_framework.test import APIClient

from experiments.actions.datasets import create_dataset
from experiments.models import Problem, Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.discussions.actions import comments, writeups
from mlregistry.discussions.models import Comment, Watch
from mlregistry.discussions.nouns import Thing, nouns
from mlregistry.discussions.queries.comments import MOST_THREADS
from models_app.actions.models import create_model
from models_app.models import ModelVersion
from serving.models import Endpoint

Api = Callable[..., APIClient]
Web = Callable[[User], Client]
PART = {"X-Part": "1"}


def test_a_comment_from_the_api_s_first_answer_to_its_end(
    churn: Thing, vera: User, api: Api, alice: User
) -> None:
    client, about = api(vera), {"kind": "problem", "thing": churn.handle}
    made = client.post("/api/v1/comments/", {**about, "text": "why, @alice?"}, format="json")
    assert (made.status_code, made.json()["author"], made.json()["parent"]) == (201, "vera", None)
    address = f"/api/v1/comments/{made.json()['id']}"
    reply = client.post(
        "/api/v1/comments/", {**about, "text": "well", "parent": made.json()["id"]}, format="json"
    )
    assert reply.json()["parent"] == made.json()["id"]
    assert client.patch(address, {"text": "why not?"}, format="json").json()["text"] == "why not?"
    assert client.post(f"{address}/resolve").json()["resolved_by"] == "vera"
    assert client.post(f"{address}/reopen").json()["resolved_by"] is None
    assert client.delete(address).status_code == 204
    assert client.get(address).json()["text"] == ""
    assert client.post(f"{address}/restore").json()["text"] == "why not?"
    listed = client.get("/api/v1/comments/", about).json()["results"]
    assert [row["text"] for row in listed] == ["why not?", "well"]
    told = api(alice).get("/api/v1/inbox/").json()["results"]
    assert [row["kind"] for row in told] == ["comment.new", "comment.mention"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "kind"),
        ({"kind": "pigeon", "thing": "1", "text": "x"}, 404, "kind"),
        ({"kind": "problem", "thing": "0", "text": "x"}, 404, "key"),
        ({"kind": "problem", "thing": "{problem}", "text": " "}, 400, "text"),
        ({"kind": "problem", "thing": "{problem}", "text": "x", "parent": 99}, 404, "comment"),
        ({"kind": "problem", "thing": "{problem}", "text": "x", "parent": 10**30}, 404, "comment"),
    ],
)
def test_a_wrong_body_is_a_problem_that_names_its_field(
    churn: Thing, vera: User, api: Api, body: dict[str, object], status: int, field: str
) -> None:
    sent = {key: churn.handle if value == "{problem}" else value for key, value in body.items()}
    answer = api(vera).post("/api/v1/comments/", sent, format="json")
    assert (answer.status_code, answer.json().get("field")) == (status, field)


def test_watching_and_its_settings_by_the_api(churn: Thing, vera: User, api: Api) -> None:
    client, about = api(vera), {"kind": "problem", "thing": churn.handle}
    assert client.get("/api/v1/watches/of", about).json()["watching"] is False
    answer = client.post("/api/v1/watches/", {**about, "watching": True}, format="json").json()
    assert (answer["watching"], answer["n_watchers"]) == (True, 2)
    assert [row["name"] for row in client.get("/api/v1/watches/").json()["results"]] == ["Churn"]
    assert client.get("/api/v1/notice-settings").json() == {
        "mentions": "inbox",
        "watched": "inbox",
        "digest_at": None,
    }
    changed = client.patch("/api/v1/notice-settings", {"watched": "digest"}, format="json").json()
    assert changed["watched"] == "digest"
    assert changed["digest_at"] is not None
    assert client.patch("/api/v1/notice-settings", {"watched": "x"}, format="json").status_code == 400


def test_the_feed_by_the_api_goes_on_where_a_page_ended(churn: Thing, run: Run, vera: User, api: Api) -> None:
    client = api(vera)
    first = client.get("/api/v1/activity/", {"page_size": 1}).json()
    second = client.get("/api/v1/activity/", {"page_size": 1, "older": first["older"]}).json()
    assert [first["results"][0]["name"], second["results"][0]["name"], second["older"]] == [
        "sweep",
        "Churn",
        "",
    ]
    assert second["results"][0]["thing"] == churn.handle
    assert client.get("/api/v1/activity/", {"page_size": "0"}).json()["field"] == "page_size"


def test_a_write_up_by_the_api(bob: User, vera: User, api: Api) -> None:
    client = api(bob)
    made = client.post("/api/v1/writeups/", {"title": "Why", "text": " a\n"}, format="json").json()
    address = f"/api/v1/writeups/{made['id']}"
    assert made["text"] == " a\n"
    saved = client.patch(address, {"text": "b", "base": 1}, format="json").json()
    assert (saved["last_number"], saved["title"], saved["text"]) == (2, "Why", "b")
    late = client.patch(address, {"text": "c", "base": 1}, format="json")
    assert (late.status_code, late.json()["field"]) == (409, "text")
    lines = client.get(f"{address}/versions/2/diff").json()["lines"]
    assert [(line["sign"], line["text"]) for line in lines] == [("-", " a"), ("+", "b")]
    assert client.post(f"{address}/versions/1/restore").json()["number"] == 3
    assert [row["number"] for row in client.get(f"{address}/versions/").json()["results"]] == [3, 2, 1]
    assert api(vera).patch(address, {"text": "x"}, format="json").status_code == 403
    assert api(vera).get(address).json()["text"] == " a\n"
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404
    assert client.post(f"{address}/restore").status_code == 200


@pytest.fixture
def addresses(editor: Actor, churn: Thing, run: Run) -> dict[str, str]:
    """The page of one of each noun."""
    model = create_model("churn", by=editor)
    version = ModelVersion.objects.create(model=model, number=1)
    rows = {
        "problem": churn.row, "dataset": create_dataset("Customers", by=editor), "run": run,
        "experiment": run.experiment, "model": model, "version": version,
        "endpoint": Endpoint.objects.create(team=editor.team, name="live", salt="s"),
        "writeup": writeups.create_writeup("Why", "text", by=editor),
    }  # fmt: skip
    return {kind: noun.address(rows[kind]) for kind, noun in nouns().items()}


def test_each_noun_s_page_holds_its_discussion(addresses: dict[str, str], vera: User, web: Web) -> None:
    client = web(vera)
    for kind, address in addresses.items():
        page = client.get(address)
        text = page.content.decode()
        assert page.status_code == 200, kind
        assert text.count('id="discussion"') == 1, kind
        assert " style=" not in text, kind
        assert "Watch" in text
        answer = client.post(text.split('data-discussion="')[1].split('"')[0], {"text": f"on the {kind}"})
        assert answer["Location"].startswith(f"{address}#comment-"), kind
        assert f"on the {kind}" in client.get(address).content.decode()
    assert {row.kind for row in Comment.objects.all()} == set(nouns())


def test_a_poll_answers_not_modified_until_something_changed(
    churn: Thing, editor: Actor, vera: User, web: Web
) -> None:
    client, address = web(vera), f"/discussions/problem/{churn.handle}/"
    first = client.get(address, headers=PART)
    assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 304
    made = comments.write_comment(churn, "news", by=editor)
    second = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert (second.status_code, b"news" in second.content) == (200, True)
    comments.delete_comment(made, by=editor)
    assert client.get(address, headers={"If-None-Match": second["ETag"]}).status_code == 200


def test_every_button_of_a_comment_works_with_and_without_the_script(
    churn: Thing, vera: User, bob: User, web: Web
) -> None:
    client, page = web(vera), f"/problems/{churn.handle}/"
    client.post(f"/discussions/problem/{churn.handle}/", {"text": "mine"}, headers=PART)
    made = Comment.objects.get()
    for verb, data, seen in (
        ("edit", {"text": "my own"}, "my own"), ("resolve", {"to": "resolved"}, "resolved by vera"),
        ("resolve", {"to": "open"}, "Resolve"), ("delete", {}, "Undo"), ("restore", {}, "my own"),
    ):  # fmt: skip
        answer = client.post(f"/comments/{made.pk}/{verb}", data, headers=PART)
        assert (answer.status_code, seen in answer.content.decode()) == (200, True), verb
    assert (
        client.post(f"/comments/{made.pk}/resolve", {"to": "resolved"})["Location"]
        == f"{page}#comment-{made.pk}"
    )
    refused = web(bob).post(f"/comments/{made.pk}/edit", {"text": "his"})
    assert refused.status_code == 403
    assert (
        client.post(f"/discussions/problem/{churn.handle}/watch", {"to": "off"}, headers=PART).status_code
        == 200
    )
    assert Watch.objects.get(user=vera).is_on is False
    empty = client.post(
        f"/discussions/problem/{churn.handle}/",
        {"text": " "},
        headers={"Referer": f"http://testserver{page}"},
    )
    assert empty["Location"] == f"http://testserver{page}"
    assert "may not be empty" in client.get(page).content.decode()


@pytest.fixture
def talk(churn: Thing, editor: Actor) -> list[Comment]:
    """Two more threads than a page shows."""
    begun = datetime(2026, 3, 1, tzinfo=UTC)
    return [
        comments.write_comment(churn, f"thread {n}.", now=begun + timedelta(hours=n), by=editor)
        for n in range(MOST_THREADS + 2)
    ]


def test_older_threads_have_pages_of_their_own(
    churn: Thing, talk: list[Comment], vera: User, web: Web
) -> None:
    client, address = web(vera), f"/discussions/problem/{churn.handle}/threads"
    first = client.get(f"/problems/{churn.handle}/").content.decode()
    assert "2 older threads before these" in first
    assert ("thread 1." in first, "thread 2." in first) == (False, True)
    older = client.get(f"{address}?from={talk[1].pk}").content.decode()
    assert f'href="{address}?from={talk[1].pk}"' in first
    assert ("thread 1." in older, "thread 2." in older, "Your comment" in older) == (True, False, False)
    assert client.get(f"{address}?from=x").status_code == 400
    assert client.get(f"{address}?from=99999999").status_code == 404


def test_a_comment_on_something_else_begins_no_page(
    churn: Thing, run: Run, editor: Actor, vera: User, web: Web
) -> None:
    other = comments.write_comment(churn, "elsewhere", by=editor)
    assert web(vera).get(f"/discussions/run/{run.pk}/threads?from={other.pk}").status_code == 404


def test_what_is_done_on_a_page_of_older_threads_leads_back_to_it(
    churn: Thing, talk: list[Comment], bob: User, web: Web
) -> None:
    client, begin = web(bob), f"?from={talk[1].pk}"
    page = f"/discussions/problem/{churn.handle}/threads{begin}"
    assert client.get(page).content.decode().count(f'{begin}" data-state') == 1
    reply = {"text": "still true", "parent": talk[0].pk}
    answer = client.post(f"/discussions/problem/{churn.handle}/{begin}", reply)
    assert answer["Location"] == f"{page}#comment-{Comment.objects.latest('pk').pk}"
    part = client.post(f"/comments/{talk[0].pk}/resolve{begin}", {"to": "resolved"}, headers=PART)
    assert ("still true" in part.content.decode(), "thread 2." in part.content.decode()) == (True, False)
    assert client.post(f"/comments/{talk[0].pk}/delete{begin}")["Location"].startswith(page)


def test_a_team_s_address_keeps_its_prefix_and_notices_do_not(
    churn: Thing, alice: User, bob: User, vera: User, web: Web, api: Api
) -> None:
    answer = web(vera).post(f"/t/lab/discussions/problem/{churn.handle}/", {"text": "hello"})
    assert answer["Location"].startswith(f"/t/lab/problems/{churn.handle}/#comment-")
    assert (
        api(bob).get("/api/v1/inbox/").json()["results"][0]["link"].startswith(f"/problems/{churn.handle}/#")
    )


def test_names_are_completed_with_members_alone(
    vera: User, alice: User, bob: User, charlie: User, web: Web
) -> None:
    client = web(vera)
    assert client.get("/discussions/people?q=AL").json() == {"people": [{"username": "alice", "name": ""}]}
    assert [one["username"] for one in client.get("/discussions/people").json()["people"]] == [
        "alice",
        "bob",
        "vera",
    ]
    assert client.get("/discussions/people?q=char").json() == {"people": []}


def test_the_pages_of_the_feed_and_of_watching(churn: Thing, run: Run, vera: User, web: Web) -> None:
    client = web(vera)
    assert " framed " in client.get("/activity/").content.decode()
    of_one = client.get(f"/activity/?kind=problem&thing={churn.handle}").content.decode()
    assert "What happened to problem" in of_one
    assert "sweep" not in of_one
    assert client.get("/activity/?group=x").status_code == 400
    assert client.get("/activity/?older=x").status_code == 400
    client.post(f"/discussions/problem/{churn.handle}/watch", {"to": "on"})
    assert "Stop watching Churn" in client.get("/watching/").content.decode()
    assert client.post("/watching/", {"mentions": "email", "watched": "off"}).status_code == 302
    wrong = client.post("/watching/", {"mentions": "pigeon", "watched": "off"})
    assert (wrong.status_code, b"must be one of" in wrong.content) == (400, True)


def test_a_write_up_on_its_pages(run: Run, bob: User, vera: User, web: Web) -> None:
    client = web(bob)
    assert "No write-ups yet" in client.get("/writeups/").content.decode()
    text = f"# Found\n\n```mlregistry\nkind: runs-table\nexperiment: {run.experiment_id}\n```\n\nrun:{run.pk.hex}"
    made = client.post("/writeups/new", {"title": "Why", "text": text})
    page = client.get(made["Location"]).content.decode()
    assert "the newest runs" in page
    assert 'class="unfolded"' in page
    address = made["Location"]
    assert "Insert" in client.get(f"{address}edit").content.decode()
    client.post(f"{address}edit", {"title": "Why", "text": "short", "base": "1"})
    late = client.post(f"{address}edit", {"title": "Why", "text": "my words", "base": "1"})
    assert (late.status_code, b"my words" in late.content, b"was saved while" in late.content) == (
        409,
        True,
        True,
    )
    history = client.get(f"{address}history").content.decode()
    assert "<code># Found</code>" in history
    assert "This is version 1" in client.get(f"{address}versions/1/").content.decode()
    assert client.post(f"{address}versions/1/restore").status_code == 302
    assert b"<h1>x</h1>" in client.post("/writeups/preview", {"text": "# x"}).content
    assert web(vera).get(address).status_code == 200
    assert web(vera).get(f"{address}edit").status_code == 403
    assert b"Undo" in client.post(f"{address}delete").content
    assert client.get(address).status_code == 404
    assert client.post(f"{address}undelete")["Location"] == address


def test_a_note_of_a_run_unfolds(run: Run, problem: Problem, vera: User, web: Web) -> None:
    Run.objects.filter(pk=run.pk).update(note=f"see problem:{problem.pk}")
    assert 'class="unfolded"' in web(vera).get(f"/runs/{run.pk}/").content.decode()
