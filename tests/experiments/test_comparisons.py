"""Two versions side by side: one page, one query and the API, from the profiles that are stored."""

import io
import json
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from experiments.actions import contracts as contract_actions
from experiments.actions import datasets as dataset_actions
from experiments.actions import profiles as profile_actions
from experiments.models import DatasetProfile, DatasetVersion, VersionComparison
from experiments.queries import comparisons as queries
from experiments.queries import profiles as profile_queries
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.errors import Conflict
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from mlregistry.ml.profiling import building

from .conftest import churn_csv, problem_json
from .test_profiles import NASTY, made, nasty_csv

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
Web = Callable[[User], Client]


def add(version: DatasetVersion, body: bytes, by: Actor) -> DatasetVersion:
    return dataset_actions.add_version(version.dataset, io.BytesIO(body), filename="more.csv", by=by)


def profiled(version: DatasetVersion) -> DatasetProfile:
    return made(DatasetProfile.objects.get(version=version))


@pytest.fixture
def moved(version: DatasetVersion, editor: Actor) -> DatasetVersion:
    """Other names, other categories, twice the rows."""
    return add(version, churn_csv(240).replace(b"usage", b"spent").replace(b"basic", b"free"), editor)


@pytest.fixture
def both(version: DatasetVersion, moved: DatasetVersion) -> DatasetVersion:
    profiled(version)
    profiled(moved)
    return moved


def path(version: DatasetVersion, query: str = "?from=1&to=2") -> str:
    return f"/datasets/{version.dataset_id}/compare{query}"


def test_a_version_without_a_profile_is_named(
    version: DatasetVersion, moved: DatasetVersion, bob: User, api: Api, web: Web
) -> None:
    profiled(version)
    answer = api(bob).get("/api/v1" + path(moved))
    assert answer.status_code == 409
    assert "Version 2 has no finished profile" in problem_json(answer)["detail"]
    assert "no finished profile" in web(bob).get(path(moved)).content.decode()


def test_the_api_tells_what_changed(both: DatasetVersion, bob: User, api: Api) -> None:
    found = api(bob).get("/api/v1" + path(both)).json()
    assert (found["from"], found["to"], found["n_rows"]) == (1, 2, [120, 240])
    assert found["contract"] == ["no contract", "no contract"]
    columns = {column["name"]: column for column in found["columns"]}
    assert {name: column["status"] for name, column in columns.items()} == {
        "usage": "removed", "spent": "added", "plan": "shared", "age": "shared", "churned": "shared",
    }  # fmt: skip
    assert (columns["plan"]["new"], columns["plan"]["gone"]) == (["free"], ["basic"])
    assert columns["plan"]["new_share"] == pytest.approx(1 / 3)
    assert columns["age"]["bins"]["labels"]
    assert {"columns_gone", "columns_new", "new_categories"} <= {
        change["rule"] for change in found["changes"]
    }


def test_the_page_shows_both_sides(both: DatasetVersion, vera: User, web: Web) -> None:
    body = web(vera).get(path(both)).content.decode()
    assert body.index("<code>usage</code>") < body.index("<code>age</code>")
    for text in (
        "At a glance",
        "+120 (+100.0 %)",
        "1 added, 1 removed",
        "1 column is gone: usage.",
        "New alerts",
    ):
        assert text in body, text
    assert body.count("<article") == 5


def test_a_check_and_the_page_say_the_same(both: DatasetVersion, editor: Actor) -> None:
    (job,) = contract_actions.request_checks([both], by=editor)
    assert run_here(job).state == State.SUCCEEDED
    kept = VersionComparison.objects.get(version=both).report
    left = both.dataset.versions.get(number=1)
    found = queries.compared(left, both).difference.to_json(bins=False)
    assert kept == json.loads(json.dumps(found))


def test_a_check_reads_the_stored_profiles_and_no_table(
    both: DatasetVersion, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise AssertionError

    monkeypatch.setattr(building, "profile", refuse)
    (job,) = contract_actions.request_checks([both], by=editor)
    assert run_here(job).state == State.SUCCEEDED


def test_a_check_makes_the_profiles_that_are_not_there_and_keeps_them(
    version: DatasetVersion, moved: DatasetVersion
) -> None:
    job = Job.objects.get(kind="experiments.check_version")
    assert run_here(job).state == State.SUCCEEDED
    rows = DatasetProfile.objects.order_by("version__number")
    assert [row.state for row in rows] == ["ready", "ready"]
    document = profile_queries.document(rows[1])
    assert made(rows[1]).finished_at == rows[1].finished_at  # the job finds it there
    assert profile_queries.document(rows[1]) is document


def test_a_check_waits_for_a_profile_that_is_being_made(
    version: DatasetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    Job.objects.filter(kind="experiments.profile").update(state=State.RUNNING)
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        Job.objects.filter(kind="experiments.profile").update(state=State.FAILED)  # its worker died

    monkeypatch.setattr("experiments.actions.profiles.time.sleep", sleep)
    assert profile_actions.profile_at_hand(version).n_rows == 120
    assert len(waits) == 1


def test_no_contract_is_suggested_while_the_profile_is_being_made(
    version: DatasetVersion, editor: Actor
) -> None:
    Job.objects.filter(kind="experiments.profile").update(state=State.RUNNING)
    with pytest.raises(Conflict, match="is being made"):
        contract_actions.propose(version, by=editor)


def test_profiles_that_looked_for_the_same_are_compared(both: DatasetVersion, editor: Actor) -> None:
    left = both.dataset.versions.get(number=1)
    deep = profile_actions.start_profile(left, depth="full", target="churned", by=editor)
    made(deep)
    found = queries.compared(left, both)
    assert (found.left.row.depth, found.right.row.depth, found.looked_alike) == ("quick", "quick", True)
    DatasetProfile.objects.filter(version=left, depth="quick").delete()
    assert not queries.compared(left, both).looked_alike
    other = profile_actions.start_profile(both, depth="full", target="churned", by=editor)
    made(other)
    assert queries.compared(left, both).right.row.pk == other.pk


def test_what_users_wrote_is_escaped(editor: Actor, bob: User, web: Web) -> None:
    dataset = dataset_actions.create_dataset(NASTY, by=editor)
    for file in (nasty_csv(), nasty_csv().replace(b"yes", b"<b>yes</b>")):
        added = dataset_actions.add_version(dataset, io.BytesIO(file), filename="<i>.csv", by=editor)
        profiled(added)
    body = web(bob).get(path(added)).content.decode()
    assert "<script>alert" not in body
    assert "<b>yes" not in body
    assert "&lt;script&gt;alert" in body


def test_the_page_reads_with_few_queries(both: DatasetVersion, bob: User, web: Web) -> None:
    client = web(bob)
    client.get(path(both))
    with CaptureQueriesContext(connection) as captured:
        client.get(path(both))
    assert len(captured) <= 16


def test_the_old_address_of_changes_leads_to_the_page(both: DatasetVersion, bob: User, web: Web) -> None:
    client = web(bob)
    address = f"/datasets/{both.dataset_id}/versions"
    assert client.get(f"{address}/2/changes")["Location"] == path(both)
    assert client.get(f"{address}/1/changes").status_code == 404


def test_one_version_is_not_compared(version: DatasetVersion, bob: User, api: Api, web: Web) -> None:
    assert web(bob).get(path(version, "")).status_code == 409
    for query, status in (("?from=1&to=1", 400), ("?from=1", 400), ("?from=1&to=9", 404)):
        assert api(bob).get("/api/v1" + path(version, query)).status_code == status


def test_the_newest_version_and_the_one_before_are_chosen(both: DatasetVersion, bob: User, web: Web) -> None:
    client = web(bob)
    assert "v1 → v2" in client.get(path(both, "")).content.decode()
    assert "Choose two different versions" in client.get(path(both, "?from=2&to=2")).content.decode()
    assert client.get(path(both, "?from=x")).status_code == 400


def test_no_other_team_compares(both: DatasetVersion, charlie: User, api: Api, web: Web) -> None:
    assert web(charlie).get(path(both)).status_code == 404
    assert api(charlie).get("/api/v1" + path(both)).status_code == 404
