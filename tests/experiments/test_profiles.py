"""Profiles in the server: made by a job, kept once, shown escaped, compared; other teams see nothing of them."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from experiments.actions import datasets as dataset_actions
from experiments.actions import profiles as actions
from experiments.models import DatasetPart, DatasetProfile, DatasetVersion, Problem
from experiments.queries import profiles as queries
from experiments.web import profile_figures
from experiments.workers import profiles as worker
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, User
from mlregistry.artifacts import store
from mlregistry.artifacts.models import StoredFile
from mlregistry.errors import Conflict, Forbidden, Invalid
from mlregistry.jobs.actions import jobs as job_actions
from mlregistry.jobs.context import JobCancelled, JobContext
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from mlregistry.ml.profiling.document import Matrix, Profile

from .conftest import churn_csv, problem_json

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
Web = Callable[[User], Client]
NASTY = "</title><script>alert(1)</script>&\"'"


@pytest.fixture
def quick(version: DatasetVersion) -> DatasetProfile:
    return made(DatasetProfile.objects.get(version=version))


def made(row: DatasetProfile) -> DatasetProfile:
    assert row.job is not None
    done = run_here(row.job)
    assert done.state == State.SUCCEEDED, done.error
    return DatasetProfile.objects.select_related("job").get(pk=row.pk)


def add(version: DatasetVersion, body: bytes, by: Actor) -> DatasetVersion:
    return dataset_actions.add_version(version.dataset, io.BytesIO(body), filename="more.csv", by=by)


def address(version: DatasetVersion, rest: str = "profile") -> str:
    return f"/datasets/{version.dataset_id}/versions/{version.number}/{rest}"


def test_a_new_version_gets_a_quick_profile_by_itself(version: DatasetVersion) -> None:
    row = DatasetProfile.objects.get(version=version)
    assert (row.depth, row.target, row.state) == ("quick", "", "pending")
    done = made(row)
    assert done.state == "ready"
    found = queries.document(done)
    assert (found.n_rows, [column.name for column in found.columns]) == (
        120,
        ["age", "plan", "usage", "churned"],
    )
    assert done.n_alerts == {"low": len(found.alerts)} or sum(done.n_alerts.values()) == len(found.alerts)


def test_the_target_is_that_of_the_problem(problem: Problem, editor: Actor) -> None:
    dataset = dataset_actions.create_dataset("With a problem", problem=problem, by=editor)
    found = dataset_actions.add_version(dataset, io.BytesIO(churn_csv()), filename="c.csv", by=editor)
    assert DatasetProfile.objects.get(version=found).target == "churned"


def test_a_full_profile_is_made_on_request_and_only_once(version: DatasetVersion, editor: Actor) -> None:
    row = made(actions.start_profile(version, depth="full", target="churned", by=editor))
    assert queries.document(row).correlations is not None
    assert ("leakage", ("age",)) in {(alert.kind, alert.columns) for alert in queries.document(row).alerts}
    again = actions.start_profile(version, depth="full", target="churned", by=editor)
    assert (again.pk, again.state) == (row.pk, "ready")
    assert Job.objects.filter(kind="experiments.profile").count() == 2
    assert AuditEvent.objects.filter(action="dataset.profile").count() == 2


def test_a_failed_profile_is_made_anew(version: DatasetVersion, editor: Actor) -> None:
    row = DatasetProfile.objects.select_related("job").get(version=version)
    assert row.job is not None
    job_actions.cancel(row.job, by=editor)
    row = DatasetProfile.objects.select_related("job").get(version=version)
    assert (row.state, row.error) == ("failed", "It was cancelled.")
    again = actions.start_profile(version, by=editor)
    assert (again.pk, again.state) == (row.pk, "pending")
    assert made(again).state == "ready"


def test_a_large_profile_lies_in_a_file_that_goes_with_its_dataset(
    version: DatasetVersion, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "LARGEST_IN_ROW", 100)
    row = made(DatasetProfile.objects.get(version=version))
    assert row.data is None
    assert row.file is not None
    assert queries.document(row).n_rows == 120
    dataset_actions.delete_dataset(version.dataset, by=editor)
    assert not StoredFile.objects.exists()


def test_a_worker_taken_for_dead_writes_nothing(version: DatasetVersion) -> None:
    row = DatasetProfile.objects.get(version=version)
    context = JobContext(job_id=str(row.job_id), attempt=99, send=lambda _: None, stopped=lambda: False)
    with pytest.raises(JobCancelled):
        worker.build(context, profile_id=row.pk)
    row.refresh_from_db()
    assert (row.data, row.finished_at) == (None, None)


def test_a_cancelled_job_stops_in_the_middle(version: DatasetVersion) -> None:
    row = DatasetProfile.objects.get(version=version)
    context = JobContext(job_id=str(row.job_id), attempt=1, send=lambda _: None, stopped=lambda: True)
    with pytest.raises(JobCancelled):
        worker.build(context, profile_id=row.pk)


@pytest.mark.parametrize(
    ("wanted", "field"), [({"depth": "deep"}, "depth"), ({"target": "nothing"}, "target")]
)
def test_an_unknown_depth_or_target_is_refused(
    version: DatasetVersion, editor: Actor, wanted: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        actions.start_profile(version, by=editor, **wanted)
    assert caught.value.field == field


def test_a_viewer_asks_for_none(version: DatasetVersion, viewer: Actor) -> None:
    with pytest.raises(Forbidden):
        actions.start_profile(version, by=viewer)


def test_the_api_gives_the_document(
    quick: DatasetProfile, version: DatasetVersion, vera: User, api: Api
) -> None:
    answer = api(vera).get("/api/v1" + address(version))
    assert answer.status_code == 200
    body = answer.json()
    assert (body["state"], body["depth"], body["target"]) == ("ready", "quick", "")
    assert Profile.from_json(body["profile"]) == queries.document(quick)


def test_the_api_makes_one_and_tells_how_it_stands(version: DatasetVersion, bob: User, api: Api) -> None:
    client = api(bob)
    answer = client.post("/api/v1" + address(version), {"depth": "full", "target": "churned"}, format="json")
    assert (answer.status_code, answer.json()["state"]) == (202, "pending")
    query = "?depth=full&target=churned"
    assert client.get("/api/v1" + address(version) + query).json()["profile"] is None
    assert client.get("/api/v1" + address(version) + query + "&format=html").status_code == 409
    made(DatasetProfile.objects.get(pk=answer.json()["id"]))
    assert client.get("/api/v1" + address(version) + query).json()["profile"]["depth"] == "full"
    assert (
        client.post(
            "/api/v1" + address(version), {"depth": "full", "target": "churned"}, format="json"
        ).status_code
        == 200
    )


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?depth=deep", 400),
        ("?depth=full", 404),
        ("?target=none", 404),
        ("?depth=full&format=html", 404),
        ("?format=xml", 404),
    ],
)
def test_the_api_refuses_what_is_not_there(
    quick: DatasetProfile, version: DatasetVersion, vera: User, api: Api, query: str, status: int
) -> None:
    answer = api(vera).get("/api/v1" + address(version) + query)
    assert answer.status_code == status
    problem_json(answer)


def test_no_other_team_sees_a_profile(
    quick: DatasetProfile, version: DatasetVersion, charlie: User, api: Api, web: Web
) -> None:
    for rest in ("profile", "profile/columns", "profile/download"):
        assert web(charlie).get(address(version, rest)).status_code == 404
    for path in (address(version), f"/datasets/{version.dataset_id}/compare?from=1&to=2"):
        assert api(charlie).get("/api/v1" + path).status_code == 404


def nasty_csv() -> bytes:
    """Markup wherever a user's text can stand: names, categories, texts."""
    quoted = NASTY.replace('"', '""')
    lines = [f'"{quoted}",word,y']
    lines += [f'"{quoted}{i % 3}",{i % 7},{"yes" if i % 2 else "no"}' for i in range(200)]
    return "\n".join(lines).encode()


@pytest.mark.parametrize("rest", ["profile", "profile/columns", "profile/download"])
def test_every_page_escapes_what_users_wrote(editor: Actor, bob: User, web: Web, rest: str) -> None:
    dataset = dataset_actions.create_dataset(NASTY, by=editor)
    found = dataset_actions.add_version(dataset, io.BytesIO(nasty_csv()), filename="n.csv", by=editor)
    made(actions.start_profile(found, depth="full", target=NASTY, by=editor))
    answer = web(bob).get(address(found, rest))
    assert answer.status_code == 200
    body = answer.content.decode()
    assert "<script>alert" not in body
    assert "&lt;script&gt;alert" in body


def test_the_download_needs_nothing_from_elsewhere(
    quick: DatasetProfile, version: DatasetVersion, vera: User, api: Api
) -> None:
    answer = api(vera).get("/api/v1" + address(version) + "?format=html")
    assert answer["Content-Type"].startswith("text/html")
    assert answer["Content-Disposition"] == f'attachment; filename="profile-{version.dataset_id}-v1.html"'
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    body = answer.content.decode()
    for sign in ("src=", "href=", "url(", "@import", "<script", "http:", "https:"):
        assert sign not in body, sign
    assert body.count("<article") == 4


def test_the_page_shows_alerts_before_columns(
    version: DatasetVersion, editor: Actor, bob: User, web: Web
) -> None:
    made(actions.start_profile(version, depth="full", target="churned", by=editor))
    body = web(bob).get(address(version)).content.decode()
    assert body.index("What looks wrong") < body.index('id="columns"')
    assert "alone predicts the target" in body
    assert "Spearman" in body
    assert "Download HTML" in body


def test_a_pending_profile_shows_its_job_and_refreshes_once_done(
    version: DatasetVersion, bob: User, web: Web
) -> None:
    client = web(bob)
    assert "every 2s" in client.get(address(version)).content.decode()
    assert "HX-Refresh" not in client.get(address(version), headers={"HX-Request": "true"})
    made(DatasetProfile.objects.get(version=version))
    assert client.get(address(version), headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_a_person_starts_one_by_the_form(version: DatasetVersion, bob: User, vera: User, web: Web) -> None:
    form = {"depth": "full", "target": "churned"}
    assert web(vera).post(address(version, "profile/start"), form).status_code == 403
    answer = web(bob).post(address(version, "profile/start"), form)
    assert answer["Location"] == address(version) + "?depth=full&target=churned"
    assert DatasetProfile.objects.filter(version=version, depth="full", target="churned").exists()


def widened(version: DatasetVersion, n_columns: int, folder: Path, by: Actor) -> DatasetVersion:
    """A version of many columns, as if it had been read before, with its profile."""
    names = [f"column_{n}" for n in range(n_columns)]
    chosen = ", ".join(f"(range * {n + 3}) % 97 AS {name}" for n, name in enumerate(names))
    duckdb.execute(f"COPY (SELECT {chosen} FROM range(120)) TO '{folder}/wide.parquet' (FORMAT parquet)")  # noqa: S608  # no text of anybody else's
    stored = store.save(by.team, folder / "wide.parquet")
    found = DatasetVersion.objects.create(
        dataset=version.dataset, number=2, digest="w", filename="wide.parquet", format="parquet", n_rows=120,
        n_columns=len(names), columns=[{"name": name} for name in names], original=stored,
    )  # fmt: skip
    DatasetPart.objects.create(version=found, place=0, file=stored, n_rows=120)
    row = made(actions.start_profile(found, by=by))
    assert row.file is not None
    return found


def test_many_columns_come_page_by_page(
    version: DatasetVersion, editor: Actor, bob: User, web: Web, tmp_path: Path
) -> None:
    wide = widened(version, 200, tmp_path, editor)
    client = web(bob)
    first = client.get(address(wide))
    assert first.content.count(b"<article") == 12
    assert len(first.content) < 300_000  # however many there are: a dozen are drawn with the page
    second = client.get(address(wide, "profile/columns") + "?page=1&q=column_1&order=name")
    assert second.content.count(b"<article") == 12
    assert b"page=2" in second.content
    last = client.get(address(wide, "profile/columns") + "?page=16")
    assert last.content.count(b"<article") == 8
    assert b"revealed" not in last.content
    assert client.get(address(wide, "profile/columns") + "?q=none").content.count(b"<article") == 0


def test_the_page_reads_with_a_fixed_number_of_queries(
    quick: DatasetProfile, version: DatasetVersion, editor: Actor, bob: User, web: Web, tmp_path: Path
) -> None:
    wide = widened(version, 100, tmp_path, editor)
    client = web(bob)
    counts = []
    for one in (version, wide):
        client.get(address(one))
        with CaptureQueriesContext(
            connection,
        ) as captured:
            client.get(address(one))
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 14, counts


@pytest.mark.parametrize("query", ["?order=wild", "?kind=odd", "?page=x"])
def test_a_wrong_filter_is_refused(
    quick: DatasetProfile, version: DatasetVersion, bob: User, web: Web, query: str
) -> None:
    assert web(bob).get(address(version, "profile/columns") + query).status_code == 400


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?kind=numeric", {"age", "usage"}),
        ("?q=us", {"usage"}),
        ("?order=missing&q=age", {"usage", "age"}),
        ("?alert=missing", set()),
    ],
)
def test_cards_are_filtered(
    quick: DatasetProfile, version: DatasetVersion, bob: User, web: Web, query: str, names: set[str]
) -> None:
    body = web(bob).get(address(version, "profile/columns") + query).content.decode()
    assert {name for name in ("age", "plan", "usage", "churned") if f"<code>{name}</code>" in body} == names


def test_a_profile_that_is_not_ready_has_no_document(version: DatasetVersion) -> None:
    with pytest.raises(Conflict):
        queries.document(DatasetProfile.objects.get(version=version))


def test_the_schema_names_the_routes() -> None:
    written = io.StringIO()
    call_command("spectacular", "--format", "openapi-json", stdout=written)
    paths = json.loads(written.getvalue())["paths"]
    found: dict[str, Any] = {
        path: entry
        for path, entry in paths.items()
        if "/datasets/" in path and path.endswith(("/profile", "/compare"))
    }
    assert len(found) == 2


def test_a_heat_map_draws_each_pair_once() -> None:
    matrix = Matrix(("a", "b", "c"), ((1.0, 0.5, -0.2), (0.5, 1.0, 0.001), (-0.2, 0.001, 1.0)))
    cells = profile_figures.heat_map("Pearson", matrix)["cells"]
    assert [cell["title"] for cell in cells] == [
        "a and a: 1.000", "b and a: 0.500", "b and b: 1.000", "c and a: -0.200", "c and c: 1.000",
    ]  # fmt: skip
