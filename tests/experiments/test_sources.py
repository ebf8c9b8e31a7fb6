"""Sources: stored connections, refreshes that make versions or leave everything as it was, secrets that stay secret."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from experiments.actions import datasets as dataset_actions
from experiments.actions import sources as actions
from experiments.models import Dataset, DataSource, SourceState
from experiments.queries import datasets as queries
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, User
from mlregistry.errors import Conflict, Forbidden, Invalid, MlregistryError, TooLarge, Unavailable
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, JobLog, Schedule
from tests.receiver import Receiver, listening

pytestmark = pytest.mark.django_db
SECRET = "s3cr3t-of-the-source"
CSV = b"a,b\n1,x\n2,y\n"


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    settings.ALLOWED_NETWORKS = ["127.0.0.0/8"]
    settings.SOURCES_OVER_HTTP = True
    with listening() as server:
        yield server


@pytest.fixture
def dataset(editor: Actor) -> Dataset:
    return dataset_actions.create_dataset("Orders", by=editor)


def make(dataset: Dataset, by: Actor, kind: str = "url", *, secret: str = "", **config: str) -> DataSource:
    secrets = {"secret": secret} if secret else {}
    return actions.create_source(dataset, kind, config=config, secrets=secrets, by=by)


def refresh(source: DataSource, by: Actor) -> Any:
    source.refresh_from_db()
    return actions.refresh(source, lambda fraction, message: None, by=by)


def page(body: Any, **headers: str) -> tuple[int, dict[str, str], bytes]:
    return 200, headers, json.dumps(body).encode()


# ---------------------------------------------------------------- files by URL


def test_a_url_becomes_a_version_and_the_same_bytes_none(
    receiver: Receiver, dataset: Dataset, editor: Actor
) -> None:
    receiver.answer(200, CSV, ETag='"one"')
    source = make(dataset, editor, url=receiver.url("/data.csv"))
    version = refresh(source, editor)
    assert (version.number, version.n_rows, version.filename) == (1, 2, "data.csv")
    assert refresh(source, editor).number == 1
    assert receiver.received[-1].headers["if-none-match"] == '"one"'
    receiver.answer(304)
    assert refresh(source, editor) is None
    receiver.answer(200, CSV + b"3,z\n")
    assert refresh(source, editor).diff["rows_added"] == 1
    source.refresh_from_db()
    assert (source.state, source.version.number if source.version else 0) == (SourceState.READY, 2)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (500, b"", "status 500"),
        (404, b"", "status 404"),
        (200, b"a,b\n1\n", "Row 2"),
        (200, b"<html><p>Log in</p>", "a web page"),
        (200, b"", "is empty"),
    ],
)
def test_a_failed_refresh_leaves_the_last_version_and_says_why(
    receiver: Receiver, dataset: Dataset, editor: Actor, status: int, body: bytes, words: str
) -> None:
    receiver.answer(200, CSV)
    source = make(dataset, editor, url=receiver.url("/data.csv"))
    refresh(source, editor)
    receiver.answer(status, body)
    with pytest.raises(MlregistryError, match=words):
        refresh(source, editor)
    source.refresh_from_db()
    dataset.refresh_from_db()
    assert source.state == SourceState.FAILED
    assert words in source.error
    assert dataset.last_number == 1
    assert queries.preview(dataset.versions.get()) == [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]


def test_a_redirect_to_the_inner_network_is_refused(
    receiver: Receiver, dataset: Dataset, editor: Actor, settings: Settings
) -> None:
    receiver.answer(302, Location="http://169.254.169.254/latest/meta-data/")
    source = make(dataset, editor, url=receiver.url("/data.csv"))
    with pytest.raises(Invalid, match="not a public address"):
        refresh(source, editor)
    settings.ALLOWED_NETWORKS = []
    with pytest.raises(Invalid, match="not a public address"):
        refresh(source, editor)


def test_a_file_over_the_limit_is_refused(
    receiver: Receiver, dataset: Dataset, editor: Actor, settings: Settings
) -> None:
    settings.UPLOAD_LIMIT_BYTES = 1000
    receiver.answer(200, b"a\n" + b"1\n" * 1000)
    with pytest.raises(Unavailable, match="more than 1,000 bytes"):
        refresh(make(dataset, editor, url=receiver.url("/data.csv")), editor)
    assert dataset.versions.count() == 0


# ---------------------------------------------------------------- HTTP APIs


def test_pages_by_number_are_read_to_the_end(receiver: Receiver, dataset: Dataset, editor: Actor) -> None:
    receiver.answers = [
        page({"data": [{"id": 1, "who": {"name": "x"}}, {"id": 2, "who": {"name": "y"}}]}),
        page({"data": [{"id": 3, "tags": ["a"]}]}),
        page({"data": []}),
    ]
    source = make(
        dataset, editor, "api", url=receiver.url("/v1"), records="data", paging="page", page_parameter="p",
        size_parameter="n", page_size="2", auth="bearer", secret=SECRET,
    )  # fmt: skip
    version = refresh(source, editor)
    assert [row["id"] for row in queries.preview(version)] == [1, 2, 3]
    assert [column["name"] for column in version.columns] == ["id", "who.name", "tags"]
    assert [got.path for got in receiver.received] == ["/v1?p=1&n=2", "/v1?n=2&p=2", "/v1?n=2&p=3"]
    assert receiver.received[0].headers["authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize("paging", ["cursor", "next", "link", "offset"])
def test_the_other_ways_of_paging(receiver: Receiver, dataset: Dataset, editor: Actor, paging: str) -> None:
    link = f'<{receiver.url("/v1?c=2")}>; rel="next"'
    receiver.answers = [
        page({"rows": [{"id": 1}], "next": "2" if paging == "cursor" else "/v1?c=2"}, Link=link),
        page({"rows": [{"id": 2}], "next": None}),
        page({"rows": []}),
    ]
    source = make(
        dataset, editor, "api", url=receiver.url("/v1"), records="rows", paging=paging, page_parameter="c",
        next_path="next",
    )  # fmt: skip
    assert refresh(source, editor).n_rows == 2
    assert receiver.received[1].path == ("/v1?c=1" if paging == "offset" else "/v1?c=2")


@pytest.mark.parametrize(
    ("auth", "where"), [("basic", "authorization"), ("header", "x-key"), ("query", "path")]
)
def test_the_other_ways_of_authentication(
    receiver: Receiver, dataset: Dataset, editor: Actor, auth: str, where: str
) -> None:
    receiver.answers = [page([{"id": 1}])]
    name = {"basic": "bob", "header": "X-Key", "query": "key"}[auth]
    refresh(
        make(dataset, editor, "api", url=receiver.url("/v1"), auth=auth, auth_name=name, secret=SECRET),
        editor,
    )
    got = receiver.received[0]
    assert (got.path if where == "path" else got.headers[where]) in (
        "Basic Ym9iOnMzY3IzdC1vZi10aGUtc291cmNl", SECRET, f"/v1?key={SECRET}",
    )  # fmt: skip


def test_an_api_that_pages_for_ever_is_given_up(receiver: Receiver, dataset: Dataset, editor: Actor) -> None:
    receiver.answers = [page([{"id": 1}])]
    source = make(dataset, editor, "api", url=receiver.url("/v1"), paging="page", page_parameter="p")
    with pytest.raises(Unavailable, match="page 2 with the same as before"):
        refresh(source, editor)
    receiver.answers = [page([{"id": n}]) for n in range(10)]
    actions.update_source(source, config={**source.config, "max_pages": "5"}, by=editor)
    with pytest.raises(TooLarge, match="more than 5 pages"):
        refresh(source, editor)
    assert dataset.versions.count() == 0


def test_a_next_page_on_another_host_gets_no_secret(
    receiver: Receiver, dataset: Dataset, editor: Actor
) -> None:
    receiver.answers = [page({"rows": [{"id": 1}], "next": "http://elsewhere.test/v1"})]
    source = make(
        dataset, editor, "api", url=receiver.url("/v1"), records="rows", paging="next", next_path="next",
        auth="bearer", secret=SECRET,
    )  # fmt: skip
    with pytest.raises(Unavailable, match="another host"):
        refresh(source, editor)


def test_only_what_is_new_is_asked_and_appended(receiver: Receiver, dataset: Dataset, editor: Actor) -> None:
    receiver.answers = [page([{"id": 1, "at": "2024-01-01"}, {"id": 2, "at": "2024-01-02"}])]
    source = make(
        dataset, editor, "api", url=receiver.url("/v1"), cursor_column="id", since_parameter="after"
    )
    assert refresh(source, editor).number == 1
    receiver.answers = [page([{"id": 3, "at": "2024-01-03"}])]
    version = refresh(source, editor)
    assert receiver.received[-1].path == "/v1?after=2"
    assert (version.n_rows, version.diff["rows_added"], version.parts.count()) == (3, 1, 2)
    receiver.answers = [page([])]
    assert refresh(source, editor) is None


@pytest.mark.parametrize("body", [b"<html>", b"{" * 100_000, b""])
def test_an_answer_that_is_no_json_is_said_so(
    receiver: Receiver, dataset: Dataset, editor: Actor, body: bytes
) -> None:
    receiver.answer(200, body)
    with pytest.raises(Unavailable, match="no JSON"):
        refresh(make(dataset, editor, "api", url=receiver.url("/v1")), editor)


# ---------------------------------------------------------------- web pages

HTML = b"""<html><h2>Cities</h2><table><tr><th>City<th>People</tr><tr><td>Oslo<td>700,000</tr>
<tr><td rowspan=2>Bergen</td><td>280000</td></tr><tr><td>1</td></tr></table>
<table id=two><caption>Rivers</caption><tr><th>Name</th><th>km</th><th></th></tr>
<tr><td>Glomma</td><td>621</td></tr></table>"""
NO_ROBOTS: tuple[int, dict[str, str], bytes] = (404, {}, b"")


@pytest.mark.parametrize("wanted", ["2", "rivers", "two"])
def test_the_table_of_a_page_is_chosen(
    receiver: Receiver, dataset: Dataset, editor: Actor, wanted: str
) -> None:
    receiver.answers = [NO_ROBOTS, (200, {"Content-Type": "text/html"}, HTML)]
    version = refresh(make(dataset, editor, "page", url=receiver.url("/p"), table=wanted), editor)
    assert queries.preview(version) == [{"Name": "Glomma", "km": 621, "column 3": None}]


def test_cells_that_reach_over_rows_are_filled(receiver: Receiver, dataset: Dataset, editor: Actor) -> None:
    receiver.answers = [NO_ROBOTS, (200, {"Content-Type": "text/html"}, HTML)]
    version = refresh(make(dataset, editor, "page", url=receiver.url("/p"), table="Cities"), editor)
    assert [row["City"] for row in queries.preview(version)] == ["Oslo", "Bergen", "Bergen"]


@pytest.mark.parametrize(
    ("robots", "body", "words"),
    [
        (NO_ROBOTS, b"<p>Nothing", "holds no table"),
        (NO_ROBOTS, HTML, "no table of the page is titled"),
        ((200, {}, b"User-agent: *\nDisallow: /"), HTML, "does not allow"),
        ((503, {}, b""), HTML, "robots.txt"),
    ],
)
def test_a_page_that_cannot_be_read_says_why(
    receiver: Receiver, dataset: Dataset, editor: Actor, robots: Any, body: bytes, words: str
) -> None:
    receiver.answers = [robots, (200, {"Content-Type": "text/html"}, body)]
    with pytest.raises(MlregistryError, match=f"(?i){words}"):
        refresh(make(dataset, editor, "page", url=receiver.url("/p"), table="lakes"), editor)


# ---------------------------------------------------------------- stored connections


def test_a_secret_is_in_no_answer_no_log_no_audit_and_no_error(
    receiver: Receiver,
    dataset: Dataset,
    editor: Actor,
    bob: User,
    api: Any,
    web: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    client = api(bob)
    address = f"/api/v1/datasets/{dataset.pk}/sources/"
    receiver.answer(200, b"\x89PNG" + SECRET.encode(), ETag=SECRET)
    sent = {
        "kind": "api", "config": {"url": receiver.url("/v1"), "auth": "query", "auth_name": "key"},
        "secrets": {"secret": SECRET},
    }  # fmt: skip
    answers = [client.post(address, sent, format="json")]
    source = DataSource.objects.get()
    one = f"{address}{source.pk}"
    answers += [
        client.get(address),
        client.get(one),
        client.post(f"{one}/preview"),
        client.post(f"{one}/refresh"),
    ]
    run_here(Job.objects.get())
    answers += [
        client.get(one),
        client.get("/api/v1/jobs/"),
        web(bob).get(f"/datasets/{dataset.pk}/sources/{source.pk}/"),
    ]
    answers += [web(bob).get(f"/datasets/{dataset.pk}/"), client.patch(one, {"cron": "bad"}, format="json")]
    told = [answer.content.decode() for answer in answers]
    told += [
        str(vars(row))
        for model in (AuditEvent, Job, JobLog, Schedule, DataSource)
        for row in model.objects.all()
    ]
    told += [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith(("mlregistry", "experiments"))
    ]
    assert SECRET not in "\n".join(told)
    assert Job.objects.get().state == "FAILED"
    assert receiver.received[-1].path == f"/v1?key={SECRET}"


def test_a_kept_secret_goes_to_no_other_place(receiver: Receiver, dataset: Dataset, editor: Actor) -> None:
    source = make(dataset, editor, "api", url=receiver.url("/v1"), auth="bearer", secret=SECRET)
    with pytest.raises(Invalid, match="enter its secret again") as caught:
        actions.update_source(source, config={**source.config, "url": "https://evil.test/"}, by=editor)
    assert caught.value.field == "secret"
    source.refresh_from_db()
    assert source.config["url"] == receiver.url("/v1")
    actions.update_source(source, config={**source.config, "records": "data"}, by=editor)
    assert actions.opened(source) == {"secret": SECRET}


@pytest.mark.parametrize(
    ("kind", "config", "field"),
    [
        ("url", {}, "url"),
        ("url", {"url": "file:///etc/passwd"}, "url"),
        ("url", {"url": "https://x.test/", "more": "1"}, "more"),
        ("url", {"url": "https://x.test/", "decimal": "x"}, "decimal"),
        ("url", {"url": "https://x.test/", "auth": "basic"}, "auth_name"),
        ("api", {"url": "https://x.test/", "paging": "cursor"}, "page_parameter"),
        ("api", {"url": "https://x.test/", "max_pages": "0"}, "max_pages"),
        ("sql", {"host": "x", "database": "d", "query": "DELETE FROM t"}, "query"),
        ("sql", {"database": "d", "query": "SELECT 1"}, "host"),
        ("sql", {"host": "x", "database": "d", "query": "SELECT 1", "cursor_column": 'a"b'}, "cursor_column"),
        ("ftp", {}, "kind"),
    ],
)
def test_settings_that_cannot_be_used_are_named(
    dataset: Dataset, editor: Actor, kind: str, config: Any, field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        actions.create_source(dataset, kind, config=config, by=editor)
    assert caught.value.field == field


def test_a_secret_needs_tls(dataset: Dataset, editor: Actor) -> None:
    with pytest.raises(Invalid, match="https://"):
        make(dataset, editor, url="http://x.test/", auth="bearer", secret=SECRET)


def test_a_schedule_comes_and_goes_with_its_source(dataset: Dataset, editor: Actor) -> None:
    source = actions.create_source(
        dataset, "url", config={"url": "https://x.test/a.csv"}, cron="0 6 * * *", by=editor
    )
    assert Schedule.objects.get().args == {"source_id": source.pk}
    actions.update_source(source, cron="", by=editor)
    assert not Schedule.objects.exists()
    actions.update_source(source, cron="5 * * * *", by=editor)
    dataset_actions.delete_dataset(dataset, by=editor)
    assert not Schedule.objects.exists()
    assert not DataSource.objects.exists()


def test_one_refresh_at_a_time_and_none_for_viewers(dataset: Dataset, editor: Actor, viewer: Actor) -> None:
    source = make(dataset, editor, url="https://x.test/a.csv")
    with pytest.raises(Forbidden):
        actions.start_refresh(source, by=viewer)
    actions.start_refresh(source, by=editor)
    with pytest.raises(Conflict, match="already"):
        actions.start_refresh(source, by=editor)


def test_the_job_tells_what_came(receiver: Receiver, dataset: Dataset, editor: Actor) -> None:
    receiver.answer(200, CSV)
    source = make(dataset, editor, url=receiver.url("/data.csv"))
    job = run_here(actions.start_refresh(source, by=editor))
    assert (job.state, job.result) == ("SUCCEEDED", {"version": 1, "n_rows": 2, "diff": None})
    assert run_here(actions.start_refresh(source, by=editor)).result == {"version": None}


def test_the_pages_preview_save_and_refresh(
    receiver: Receiver, dataset: Dataset, bob: User, web: Any
) -> None:
    receiver.answer(200, CSV)
    client = web(bob)
    address = f"/datasets/{dataset.pk}/sources/new/url"
    assert client.get(f"/datasets/{dataset.pk}/sources/new").status_code == 200
    form = {"url": receiver.url("/data.csv"), "source_name": "Mine", "cron": "0 6 * * *"}
    tried = client.post(address, {**form, "preview": "1"})
    assert (tried.status_code, b"<td>x</td>" in tried.content, DataSource.objects.count()) == (200, True, 0)
    assert client.post(address, {**form, "url": "ftp://x", "save": "1"}).status_code == 400
    assert client.post(address, {**form, "save": "1"}).status_code == 302
    source = DataSource.objects.get()
    run_here(Job.objects.get())
    shown = client.get(f"/datasets/{dataset.pk}/sources/{source.pk}/")
    assert b"v1" in shown.content
    assert b"Mine" in client.get(f"/datasets/{dataset.pk}/").content
    assert client.get(f"/datasets/{dataset.pk}/versions/1/download?as=csv").getvalue() == CSV
    assert client.post(f"/datasets/{dataset.pk}/sources/{source.pk}/delete").status_code == 302
